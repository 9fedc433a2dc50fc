import type { Mutant } from './mutant.ts';

const guard = 'sql/postgresql/migrations/0005_expire/020_guard.sql';
const archive = 'sql/postgresql/migrations/0005_expire/030_archive.sql';
const queries = 'sql/postgresql/queries';

/** Guards against what customers write into msg_tran. Those that need two sessions at once have race tests instead. */
export const guardingMutants: readonly Mutant[] = [
  {
    name: 'what a customer presets in the agent’s columns is emptied',
    breaks: ['I1', 'I3', 'I4', 'I5', 'I9'],
    file: guard,
    find: "    (select string_agg(format('new.%I := null;', name), ' ') from unnest(owned) as name));",
    // Two rows with one key would end the simulation.
    replace: "    'new.msg_key := null;');",
  },
  {
    name: 'an UPDATE of a customer’s keeps the agent’s columns',
    breaks: ['I1', 'I3', 'I4', 'I5', 'I9', 'I10'],
    file: guard,
    find: "    (select string_agg(format('new.%1$I := old.%1$I;', name), ' ') from unnest(owned) as name),",
    replace: "    '',",
  },
  {
    name: 'a change of what is sent takes a row out of its batch',
    breaks: ['I3', 'I5', 'I7', 'I9'],
    file: guard,
    find: "        new.batch_id := null;\n        if new.msg_status = '3'",
    replace: "        if new.msg_status = '3'",
  },
  {
    name: 'a hold takes a row out of its batch',
    breaks: ['I3', 'I5', 'I7', 'I9'],
    file: guard,
    find: "'client_key', 'msg_status', 'priority'",
    replace: "'client_key', 'priority'",
  },
  {
    name: 'a hold, an end or a change comes too late once the row is sealed',
    breaks: ['I1', 'I3', 'I4', 'I5', 'I7', 'I9'],
    file: guard,
    find: 'and not %4$I.is_sealed(old.batch_id, old.client_key)',
    replace: 'and %4$I.is_sealed(old.batch_id, old.client_key) is not null',
  },
  {
    name: 'a change of anything else disturbs nobody',
    breaks: ['I10'],
    file: guard,
    find: 'if (%2$s) is not distinct from (%3$s) then return new; end if;',
    replace: 'if (%2$s) is null and (%3$s) is null then return new; end if;',
  },
  {
    name: 'a msg_status written after the send is ignored',
    breaks: ['I1', 'I3', 'I5', 'I10'],
    file: guard,
    find: 'new.msg_status := old.msg_status; -- too late',
    replace: 'null; -- too late',
  },
  {
    name: 'channel_order is fixed once it was sent',
    breaks: ['I3', 'I4', 'I9'],
    file: guard,
    find: '      new.channel_order := old.channel_order;\n',
    replace: '',
  },
  {
    name: 'client_key is fixed once it was sent',
    breaks: ['I4'],
    file: guard,
    find: 'if new.client_key <> old.client_key and old.batch_id is not null then',
    replace: 'if false then',
  },
  {
    name: 'an unsent row that its customer ends is finished',
    breaks: ['I5', 'I9'],
    file: guard,
    find: "if new.msg_status = '3' then new.finished_at := '-infinity'; end if;",
    replace: '',
    times: 2,
  },
  {
    name: 'a sent row that its customer ends is finished',
    breaks: ['I3', 'I4', 'I5', 'I9'],
    file: guard,
    find: "new.finished_at := '-infinity'; -- given up",
    replace: 'null; -- given up',
  },
  {
    name: 'a row that its customer ended is archived',
    breaks: ['I9'],
    file: archive,
    find: 'where t.finished_at is not null and t.finished_at <= (select local from moment) and %3$s\n        -- A row',
    replace: 'where isfinite(t.finished_at) and t.finished_at <= (select local from moment) and %3$s\n        -- A row',
  },
  {
    name: 'a column that a customer adds goes into the log',
    breaks: ['I4'],
    file: 'sql/postgresql/migrations/0003_statistics/020_archive.sql',
    find: 'filter (where l.attname is null\n             or',
    replace: 'filter (where false and',
  },
  {
    name: 'the seal takes only rows that are still in the batch',
    breaks: ['I1', 'I3', 'I4', 'I5', 'I7'],
    file: `${queries}/seal_batch.sql`,
    find: 'where t.client_key = k.k and t.batch_id = :batchId::bigint and {{is_waiting t}}',
    replace: 'where t.client_key = k.k',
  },
  {
    name: 'the seal lets only rows leave that are still in the batch',
    breaks: ['I1', 'I3', 'I4', 'I5', 'I7'],
    file: `${queries}/seal_batch.sql`,
    find: 'where t.client_key = l.k and t.batch_id = :batchId::bigint and {{is_waiting t}}',
    replace: 'where t.client_key = l.k',
  },
  {
    name: 'a key that was made for a report is never a row’s',
    breaks: ['I4'],
    file: `${queries}/fragments/best_reports.sql`,
    find: "nullif(msg_key, client_key || '.' || batch_id) as given_key",
    replace: 'msg_key as given_key',
  },
  {
    name: 'a report without the gateway’s key finds its row in the log by our reference',
    breaks: ['I3', 'I4'],
    file: `${queries}/merge_late_reports.sql`,
    find: 'where l.client_key = p.client_key and l.batch_id = p.batch_id and',
    replace: 'where l.client_key = p.client_key and l.batch_id = p.batch_id and l.msg_key = p.msg_key and',
  },
];
