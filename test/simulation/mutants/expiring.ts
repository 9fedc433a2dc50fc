import type { Mutant } from './mutant.ts';

const queries = 'sql/postgresql/queries';
const record = `${queries}/record_inquiry.sql`;
const unsent = `${queries}/expire_unsent.sql`;
const step = 'functions/pipeline/expire.ts';

/** Guards of rows that have waited too long. */
export const expiringMutants: readonly Mutant[] = [
  {
    name: 'no row ends without a result because the gateway cannot be asked',
    breaks: ['I3'],
    file: step,
    find: '      tally.failure = answer.reason;\n      break;',
    replace: '      await record(part.map((row) => toRecorded(row)));\n      continue;',
  },
  {
    name: 'no row ends without a result before its time',
    breaks: ['I3'],
    file: record,
    find: 'case when open_row.is_over and (',
    replace: 'case when (',
  },
  {
    name: 'no row ends by the answer that has its result',
    breaks: ['I3'],
    file: record,
    find: 'not a.reported or open_row.was_over',
    replace: 'true',
  },
  {
    name: 'a row whose result nobody knows ends',
    breaks: ['I9'],
    file: record,
    find: 'case when open_row.is_over and (',
    replace: 'case when false and (',
  },
  {
    name: 'reports that an inquiry brings are stored',
    breaks: ['I3', 'I9'],
    file: step,
    find: '    if (storable.length > 0) await ports.store.storeReports(storable);\n',
    replace: '',
  },
  {
    name: 'the code stands where the result is awaited',
    breaks: ['I4'],
    file: record,
    find: '1 + greatest(coalesce(t.mt_report_pos, 0), coalesce(t.kko_report_pos, 0), coalesce(t.rcs_report_pos, 0))',
    replace: '1',
  },
  {
    name: 'a held row is not ended by its age',
    breaks: ['I5'],
    file: unsent,
    find: "m.msg_status = '1' and m.batch_id is null",
    replace: "m.msg_status in ('0', '1') and m.batch_id is null",
  },
  {
    name: 'a member of a batch is not ended by its age',
    breaks: ['I1', 'I3', 'I4', 'I9'],
    file: unsent,
    find: "m.msg_status = '1' and m.batch_id is null",
    replace: "m.msg_status = '1'",
  },
  {
    name: 'a row is not ended by its age before its time',
    breaks: ['I3'],
    file: unsent,
    find: '<= (select local from moment) - make_interval(hours => :rangeHours::int)',
    replace: '<= (select local from moment)',
  },
  {
    name: 'a row that refuses to be asked about is put aside, and the others go on',
    breaks: ['I9'],
    file: step,
    find: '      else parts.push(part.slice(part.length / 2), part.slice(0, part.length / 2));\n',
    replace: '      else tally.failure = answer.reason;\n',
  },
  {
    name: 'the inquiry says that it is the agent that writes',
    // The guard takes the row for one that its customer has ended.
    breaks: ['I3', 'I9', 'I10'],
    file: record,
    find: 'set {{by_the_agent}}',
    replace: 'set agent_writes = t.agent_writes',
  },
  {
    name: 'the inquiry puts rows aside that a trigger passes over',
    breaks: ['I9'],
    file: record,
    find: 'where l.client_key not in (select client_key from written)',
    replace: 'where false',
  },
];
