/** A guard removed: what the simulation must notice. */
export interface Mutant {
  /** The guard. */
  readonly name: string;
  readonly file: string;
  /** Text that the file holds; each occurrence is replaced. */
  readonly find: string;
  readonly replace: string;
  /** How often it is there, if not once. */
  readonly times?: number;
  /** The same guard once more, in another form. */
  readonly and?: { readonly find: string; readonly replace: string };
}

const send = 'functions/pipeline/send.ts';
const queries = 'sql/postgresql/queries';

export const mutants: readonly Mutant[] = [
  {
    name: 'a repeated send goes under the same idempotency key',
    file: send,
    find: '{ idempotencyKey: attempt.lease.idempotencyKey, messages }',
    replace: '{ idempotencyKey: attempt.lease.sealed ? randomUUID() : attempt.lease.idempotencyKey, messages }',
  },
  {
    name: 'no call is made once the lease is over',
    file: send,
    find: 'ports.clock.now() - attempt.askedAt > timing.leaseSeconds * 1000',
    replace: 'ports.clock.now() < attempt.askedAt',
  },
  {
    name: 'a sealed request is not made again after its key has expired',
    file: send,
    find: '    lease.sealed.seconds < timing.keyLifetimeSeconds &&\n',
    replace: '',
  },
  {
    name: 'a sealed request is repeated only if it is the same',
    file: send,
    find: '    lease.sealed.requestHash === hashOf(messages);',
    replace: '    true;',
  },
  {
    name: 'a batch in doubt is not opened again by "not now"',
    file: send,
    find: "(answer.outcome === 'notNow' && lease.sealed === undefined)",
    replace: "answer.outcome === 'notNow'",
  },
  {
    name: 'a batch is not sent unless it is sealed',
    file: send,
    find: "  if (sealed === 'refused') {",
    replace: "  if (sealed === 'refused' && lease.requeues < 0) {",
  },
  {
    name: 'a sender too late for its slot takes a new one',
    file: send,
    find: 'clock.now() - begins > timing.slotLatenessMs',
    replace: 'clock.now() - begins > Number.POSITIVE_INFINITY',
  },
  {
    name: 'one sender at a time holds a batch',
    file: `${queries}/lease_batch.sql`,
    find: 'where b.lease_until <= agent_now(:now::timestamptz) and b.not_before',
    replace: 'where b.not_before',
  },
  {
    name: 'banned numbers are looked for again at the lease',
    file: `${queries}/lease_batch.sql`,
    find: "       when is_banned(m.recipient, flaw.contents) then 'E917' end as code,",
    replace: '       end as code,',
  },
  {
    name: 'the validity is looked at again at the lease',
    file: `${queries}/lease_batch.sql`,
    find: "       when life.expires_at <= agent_now(:now::timestamptz) then 'E930'\n",
    replace: '',
  },
  {
    name: 'each batch has a slot of its own at the rate gate',
    file: `${queries}/lease_batch.sql`,
    find: '    + make_interval(secs => free.message_count::float8 / :messagesPerSecond::float8)\n',
    replace: '',
  },
  {
    name: 'the seal refuses rows that were changed since the lease',
    file: `${queries}/seal_batch.sql`,
    find: "t.msg_status = '1' and t.xmin::text = want.version",
    replace: "t.msg_status = '1'",
  },
  {
    name: 'status never goes backwards when the answer comes after a report',
    file: `${queries}/settle_batch.sql`,
    find: "case when t.msg_status <> '1' then t.msg_status when r.accepted",
    replace: 'case when r.accepted',
  },
  {
    name: 'what the gateway answered is written',
    file: `${queries}/settle_batch.sql`,
    find: "when r.accepted then '2' else '3' end",
    replace: "else '1' end",
  },
  {
    name: 'only a batch that nobody can have sent gets a new key',
    file: `${queries}/release_batch.sql`,
    find: 'case when :reopen::boolean then gen_random_uuid()',
    replace: 'case when true then gen_random_uuid()',
  },
  {
    name: 'only who holds the lease gives a batch back',
    file: `${queries}/release_batch.sql`,
    find: ' and b.lease_token = :leaseToken::uuid and b.lease_until > agent_now(:now::timestamptz)',
    replace: '',
  },
  {
    name: 'a batch whose key is closed gets a new one',
    file: `${queries}/release_batch.sql`,
    find: 'case when :reopen::boolean then gen_random_uuid()',
    replace: 'case when false then gen_random_uuid()',
  },
  {
    name: 'a settlement is of one row of those that had its client_key',
    file: `${queries}/settle_batch.sql`,
    find: ' and t.batch_id = :batchId::bigint',
    replace: '',
    times: 3,
  },
  {
    name: 'a batch is closed when its answers are written',
    file: `${queries}/settle_batch.sql`,
    find: 'delete from send_batch b where b.id = :batchId::bigint and (select n from still_open) = 0',
    replace: 'delete from send_batch b where false',
  },
  {
    name: 'a row is not sent before its time',
    file: `${queries}/claim_batches.sql`,
    find: ' and m.request_date <= (select local from moment)',
    replace: '',
    times: 2,
  },
  {
    name: 'no more is claimed than can be sent soon',
    file: `${queries}/claim_batches.sql`,
    find: ':openLimit::int - coalesce((select sum(message_count) from open_batch), 0)',
    replace: ':openLimit::int',
  },
  {
    name: 'now is in the zone of the timestamps',
    file: `${queries}/claim_batches.sql`,
    find: 'agent_now(:now::timestamptz) at time zone :timeZone as local',
    replace: "agent_now(:now::timestamptz) at time zone replace(:timeZone, 'Asia/Seoul', 'UTC') as local",
  },
  {
    name: 'of a report that comes twice the first is kept',
    file: `${queries}/store_reports.sql`,
    find: 'on conflict (msg_key, channel_type, report_type) do nothing',
    replace: 'on conflict (msg_key, channel_type, report_type) do update set report_code = excluded.report_code',
  },
  {
    name: 'a reference of another installation says nothing about our rows',
    file: `${queries}/store_reports.sql`,
    find: 'case when r."installation" = (select installation from agent) then',
    replace: 'case when true then',
    times: 2,
  },
  {
    name: 'a report in any order finds its row again once it is parked',
    file: `${queries}/merge_late_reports.sql`,
    find: '  where p.channel_type = any(fallback_chain(t.channel_order))\n),\n-- One',
    replace: '  where false\n),\n-- One',
  },
  {
    name: 'a report that says no reference waits for the batches in doubt',
    file: `${queries}/merge_late_reports.sql`,
    find: '    and (p.client_key is not null or p.batch_id is not null\n',
    replace: '    and (true or p.batch_id is not null\n',
  },
  {
    name: 'a report that never finds its row is kept',
    file: `${queries}/merge_late_reports.sql`,
    find: 'insert into msg_report_unmatched select r.* from msg_report r where',
    replace: 'insert into msg_report_unmatched select r.* from msg_report r where false and',
    and: {
      find: 'select seq from done union all select seq from unmatched',
      replace: 'select seq from done union all select seq from worn',
    },
  },
  {
    name: 'batches that nobody works on are swept',
    file: 'functions/pipeline/collect.ts',
    find: 'claim.wakes ? await ports.store.sweep() : []',
    replace: 'claim.wakes ? [] : []',
  },
  {
    name: 'reports are stored before they are acknowledged',
    file: 'functions/pipeline/receive-reports.ts',
    find: '  if (storable.length > 0) await ports.store.store(storable);\n',
    replace:
      '  for (const batch of batches) stream.acknowledge(batch.batchId);\n  if (storable.length > 0) await ports.store.store(storable);\n',
  },
  {
    name: 'a report is of one row of those that had its client_key',
    file: `${queries}/merge_reports.sql`,
    find: '  join msg_tran t on t.client_key = p.client_key and t.batch_id = p.batch_id\n',
    replace: '  join msg_tran t on t.client_key = p.client_key\n',
    and: {
      find: 'from wide w where t.client_key = w.client_key and t.batch_id = w.batch_id',
      replace: 'from wide w where t.client_key = w.client_key',
    },
  },
  {
    name: 'of two reports with one key the first wins',
    file: `${queries}/fragments/report_columns.sql`,
    find: 'w.mt_pos > coalesce(t.mt_report_pos, 0)',
    replace: 'w.mt_pos >= coalesce(t.mt_report_pos, 0)',
    times: 6,
  },
  {
    name: 'a later channel’s report wins in its column group',
    file: `${queries}/fragments/best_reports.sql`,
    find: 'order by pos desc, seq',
    replace: 'order by pos, seq',
  },
  {
    name: 'the failure of the last channel finishes a row',
    file: `${queries}/fragments/best_reports.sql`,
    find: "(report_code = '10000' or pos = length)",
    replace: "report_code = '10000'",
  },
  {
    name: 'reports whose row is gone are looked for in the log',
    file: 'functions/pipeline/merge-reports.ts',
    find: 'merge.due || merge.parkedCount > 0 ?',
    replace: 'merge.due && merge.parkedCount < 0 ?',
  },
  {
    name: 'a row is moved to the log, not copied',
    file: `${queries}/archive_messages.sql`,
    find: 'delete from msg_tran t where t.client_key = any(array(select client_key from logged order by 1))',
    replace: 'delete from msg_tran t where false',
  },
  {
    name: 'a row is not archived while its batch is in doubt',
    file: `${queries}/archive_messages.sql`,
    find: '    and coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1\n',
    replace: '',
  },
  {
    name: 'a missing month is made',
    file: 'functions/pipeline/archive.ts',
    find: '  for (const day of moved.missingMonths) await store.createMonth(day);\n',
    replace: '',
  },
  {
    name: 'the log month is that of request_date',
    file: `${queries}/claim_batches.sql`,
    find: 'case when is_sendable_date(t.request_date) then t.request_date else (select local from moment) end',
    replace: '(select local from moment)',
  },
];
