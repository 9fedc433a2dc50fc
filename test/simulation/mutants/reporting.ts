import type { Mutant } from './mutant.ts';

const queries = 'sql/postgresql/queries';
const archive = 'sql/postgresql/migrations/0005_expire/030_archive.sql';

/** Guards from the report to the log. */
export const reportingMutants: readonly Mutant[] = [
  {
    name: 'of a report that comes twice the first is kept',
    breaks: ['I4', 'I9'],
    file: `${queries}/store_reports.sql`,
    find: 'on conflict (msg_key, channel_type, report_type) do nothing',
    replace: 'on conflict (msg_key, channel_type, report_type) do update set report_code = excluded.report_code',
    // One that comes twice in the same batch would fail the statement, which is another matter.
    and: {
      find: '\nfrom report r order by',
      replace: '\nfrom (select distinct on ("key", "channel", "reportType") * from report) r order by',
    },
  },
  {
    name: 'a reference of another installation says nothing about our rows',
    breaks: ['I3', 'I4'],
    file: `${queries}/store_reports.sql`,
    find: 'case when r."installation" = (select installation from agent) then',
    replace: 'case when true then',
    times: 2,
  },
  {
    name: 'a report in any order finds its row again once it is parked',
    breaks: ['I4', 'I9'],
    file: `${queries}/merge_late_reports.sql`,
    find: '      and p.channel_type = any(fallback_chain(t.channel_order)) offset 0) t',
    replace: '      and false offset 0) t',
  },
  {
    name: 'a report that says no reference waits for the batches in doubt',
    breaks: ['I4', 'I9'],
    file: `${queries}/merge_late_reports.sql`,
    find: '    and (p.client_key is not null or p.batch_id is not null\n',
    replace: '    and (true or p.batch_id is not null\n',
  },
  {
    name: 'a report that never finds its row is kept',
    breaks: ['I3'],
    file: `${queries}/merge_late_reports.sql`,
    find: 'insert into msg_report_unmatched\n  select r.* from msg_report r where',
    replace: 'insert into msg_report_unmatched\n  select r.* from msg_report r where false and',
    and: {
      find: 'select seq from done union all select seq from unmatched',
      replace: 'select seq from done union all select seq from out_of_tries',
    },
  },
  {
    name: 'reports are stored before they are acknowledged',
    breaks: ['I3', 'I9'],
    file: 'functions/pipeline/receive-reports.ts',
    find: '  if (storable.length > 0) await ports.store.store(storable);\n',
    replace:
      '  for (const batch of batches) stream.acknowledge(batch.batchId);\n  if (storable.length > 0) await ports.store.store(storable);\n',
  },
  {
    name: 'a report is of one row of those that had its client_key',
    breaks: ['I3', 'I4', 'I5', 'I9'],
    file: `${queries}/merge_reports.sql`,
    find: 'where t.client_key = p.client_key and t.batch_id = p.batch_id',
    replace: 'where t.client_key = p.client_key',
    times: 2,
    and: {
      find: 'from wide w where t.client_key = w.client_key and t.batch_id = w.batch_id',
      replace: 'from wide w where t.client_key = w.client_key',
    },
  },
  {
    name: 'of two reports with one key the first wins',
    breaks: ['I3', 'I4'],
    file: `${queries}/fragments/wins.sql`,
    find: 'w.$1_pos > coalesce',
    replace: 'w.$1_pos >= coalesce',
  },
  {
    name: 'a later channel’s report wins in its column group',
    breaks: ['I3', 'I4', 'I9'],
    file: `${queries}/fragments/best_reports.sql`,
    find: 'order by pos desc, seq',
    replace: 'order by pos, seq',
  },
  {
    name: 'the failure of the last channel finishes a row',
    breaks: ['I9'],
    file: `${queries}/fragments/best_of_group.sql`,
    find: "bool_or(report_code = '10000' or pos = length)",
    replace: "bool_or(report_code = '10000')",
  },
  {
    name: 'the failure of a channel before the last does not finish a row',
    breaks: ['I3'],
    file: `${queries}/fragments/best_of_group.sql`,
    find: "bool_or(report_code = '10000' or pos = length)",
    replace: 'bool_or(true)',
  },
  {
    name: 'a report that changes nothing does not finish a row',
    breaks: ['I3'],
    file: `${queries}/merge_reports.sql`,
    find: 'w.mt_final and {{wins mt}} or w.kko_final and {{wins kko}} or w.rcs_final and {{wins rcs}}',
    replace: 'w.mt_final or w.kko_final or w.rcs_final',
  },
  {
    name: 'reports whose row is gone are looked for in the log',
    breaks: ['I4', 'I9'],
    file: 'functions/pipeline/merge-reports.ts',
    find: 'merge.due || merge.parkedCount > 0 ?',
    replace: 'merge.due && merge.parkedCount < 0 ?',
  },
  {
    name: 'a late report is counted',
    breaks: ['I11'],
    file: `${queries}/merge_late_reports.sql`,
    find: '(select count_messages(jsonb_agg(change)) from recounted)',
    replace: '0',
  },
  {
    name: 'a late report takes back what the row counted as',
    breaks: ['I11'],
    file: `${queries}/merge_late_reports.sql`,
    find: 'where f.is_locked group by',
    replace: 'where false group by',
  },
  {
    name: 'a row is counted in the statement that logs it',
    breaks: ['I11'],
    file: archive,
    find: '(select count_messages(jsonb_agg(c)) from counted c)',
    replace: '0',
  },
  {
    name: 'a row is moved to the log, not copied',
    breaks: ['I2'],
    file: archive,
    find: 'delete from msg_tran t\n      using unnest',
    replace: 'update msg_tran t set agent_writes = coalesce(t.agent_writes, 0) + 1\n      from unnest',
  },
  {
    name: 'a row is not archived while its batch is in doubt',
    breaks: ['I3'],
    file: archive,
    find: '        and (t.msg_sent_date is not null or coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1)\n',
    replace: '',
  },
  {
    name: 'a missing month is made',
    breaks: ['I9'],
    file: 'functions/pipeline/archive.ts',
    find: '  for (const day of moved.missingMonths) await store.createMonth(day);\n',
    replace: '',
    // Or it would look again at once, for ever.
    and: { find: 'moved.missingMonths.length > 0 || ', replace: '' },
  },
  {
    name: 'a request_date that can be one stays as the customer wrote it',
    breaks: ['I2'],
    file: archive,
    find: 'then t.request_date else m.local end as day from moment m)',
    replace: 'then m.local else m.local end as day from moment m)',
  },
  {
    name: 'a row whose month has no table stays where it is',
    breaks: ['SQL'],
    file: archive,
    find: 't.finished_at <= (select local from moment) and %3$s',
    replace: 't.finished_at <= (select local from moment) and (true or %3$s)',
  },
];
