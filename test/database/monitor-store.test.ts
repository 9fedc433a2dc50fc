import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { monitorStore } from '../../functions/database/monitor-store.ts';
import { useDatabase } from '../support/database.ts';
import { calmMeasures } from '../support/findings.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();

/** 12:00 in Seoul. */
const noon = new Date('2026-11-24T03:00:00Z');
const measures = (countLimit?: number) => monitorStore(database.current.at(noon), countLimit).readMeasures();
const master = () => database.current.master;

beforeEach(async () => {
  await master().query('truncate msg_tran, msg_report, send_batch, set_aside, file_upload, file_key, file_work');
});

describe('the monitor', () => {
  it('finds nothing in a new database', async () => {
    const { hasNextMonth: _month, zone: _zone, ...nothing } = calmMeasures;
    expect(await measures()).toMatchObject(nothing);
  });

  it('counts what is due by lane, with the age of the oldest, as far as its limit', async () => {
    await insertMessages(master(), 3, { priority: 'veryfast', request_date: '2026-11-24 11:59:20' });
    await insertMessages(master(), 12, { priority: 'slow', request_date: '2026-11-24 11:50' });
    await insertMessages(master(), 5, { priority: 'fast', request_date: '2026-11-24 12:30' });
    const { due } = await measures(10);
    expect(due).toEqual({
      veryfast: { count: 3, oldestSeconds: 40 },
      fast: { count: 0, oldestSeconds: 0 },
      slow: { count: 10, oldestSeconds: 600 },
    });
  });

  it('counts what is put aside apart from what is due', async () => {
    await insertMessages(master(), 2, { request_date: '2026-11-24 11:50' });
    await master().query(
      `insert into set_aside (client_key, step, error, since, until)
       select min(client_key), 'claim', 'P0001 x', '2026-11-24 11:00+09', 'infinity' from msg_tran`,
    );
    const { due, setAside } = await measures();
    expect(Object.values(due).map(({ count }) => count)).toContain(1);
    expect(setAside).toEqual({ count: 1, oldestSeconds: 3_600 });
  });

  // A row of a key that waits for each step: due, finished, and with a report of its batch.
  it.each([
    { step: 'claim', due: 0, unmerged: 2, unarchived: 1 },
    { step: 'merge', due: 1, unmerged: 1, unarchived: 1 },
    { step: 'archive', due: 1, unmerged: 2, unarchived: 0 },
    { step: 'late', due: 1, unmerged: 2, unarchived: 1 },
  ])('counts what waits for the other steps although $step has put a row of the client_key aside', async (expected) => {
    const [due = ''] = await insertMessages(master(), 1, { request_date: '2026-11-24 11:50' });
    const ended = { msg_status: '3', batch_id: 7, finished_at: '2026-11-24 11:30' };
    const [finished = ''] = await insertMessages(master(), 1, ended);
    // Batch 6 was that of a former row of the client_key.
    await master().query(
      `insert into msg_report (client_key, batch_id, msg_key, channel_type, report_code)
       select $1, batch, 'K-' || batch, 'sms', '10000' from generate_series(6, 7) as batch`,
      [finished],
    );
    await master().query(
      `insert into set_aside (client_key, step, batch_id, batches, error, since, until)
       select key, $2, case when $2 = 'merge' then 7 end, case when $2 = 'late' then '{6}'::bigint[] end, 'P0001 x',
         '2026-11-24 11:00+09', 'infinity' from unnest($1::bigint[]) as key`,
      [[due, finished], expected.step],
    );
    const { due: lanes, unmerged, unarchived } = await measures();
    const found = { due: lanes.slow.count, unmerged: unmerged.count, unarchived: unarchived.count };
    expect({ step: expected.step, ...found }).toEqual(expected);
  });

  it.each([7, null])(
    'passes over a report that names its row by msg_key alone, put aside with batch %s',
    async (batch) => {
      const [key = ''] = await insertMessages(master(), 2, {
        msg_status: '2',
        batch_id: 7,
        msg_key: '=client_key::text',
      });
      await master().query(
        `insert into msg_report (msg_key, channel_type, report_code) select msg_key, 'sms', '10000' from msg_tran`,
      );
      await master().query(
        `insert into set_aside (client_key, step, batch_id, error, since, until)
       values ($1, 'merge', $2, 'P0001 x', '2026-11-24 11:00+09', 'infinity')`,
        [key, batch],
      );
      expect((await measures()).unmerged.count).toBe(1);
    },
  );

  it('tells a claimed batch from one in doubt, whose rows are not due', async () => {
    await insertMessages(master(), 2, { request_date: '2026-11-24 11:50' });
    await master().query(
      `insert into send_batch (id, lane, members, message_count, state, wake_at, created_at, sealed_at, lease_until) values
         (1, 2, '{1}', 1, 'claimed', '2026-11-24 12:00+09', '2026-11-24 11:58+09', null, '-infinity'),
         (2, 2, '{2}', 1, 'sealed', '2026-11-24 12:00+09', '2026-11-24 11:50+09', '2026-11-24 11:55+09', '2026-11-24 11:56+09')`,
    );
    await master().query('alter table msg_tran disable trigger user');
    await master().query(
      'update msg_tran set batch_id = k.n from (select client_key, row_number() over () as n from msg_tran) k where k.client_key = msg_tran.client_key',
    );
    const { due, claimed, inDoubt, unguarded } = await measures();
    expect(claimed).toEqual({ count: 1, oldestSeconds: 120 });
    expect(inDoubt).toEqual({ count: 1, oldestSeconds: 300 });
    expect(Object.values(due).reduce((sum, { count }) => sum + count, 0)).toBe(1);
    expect(unguarded).toContain('zz_omni_guard_update on msg_tran');
  });

  it('sees reports that are not merged', async () => {
    await master().query(
      `insert into msg_report (client_key, batch_id, msg_key, channel_type, report_code, reg_date)
       values (1, 1, 'K', 'sms', '10000', '2026-11-24 11:58')`,
    );
    expect((await measures()).unmerged).toEqual({ count: 1, oldestSeconds: 120 });
  });

  it('sees files that are not uploaded, and keys that are not renewed', async () => {
    await master().query(
      `insert into file_upload (file_seq, file_status, reg_date) values
         (1, '1', '2026-11-24 11:58'), (2, '1', 'infinity'), (3, '2', '2026-11-01 12:00'), (4, '2', '2026-11-24 11:00')`,
    );
    expect((await measures()).files).toEqual({ count: 2, oldestSeconds: 120 });
    await master().query(
      `insert into file_key values ('old', 3, 'new', '2026-11-25 11:50+09'), ('new', 3, 'new', '2026-11-25 11:50+09')`,
    );
    const work = (attempts: number) =>
      master().query(
        'insert into file_work (file_seq, wake_at, attempts) values (3, now(), $1) on conflict (file_seq) do update set attempts = $1',
        [attempts],
      );
    await work(1);
    expect((await measures()).files.count).toBe(2);
    await work(2);
    expect((await measures()).files).toEqual({ count: 3, oldestSeconds: 600 });
  });

  it('sees keys that rows wait with, and that nobody can renew', async () => {
    await master().query(
      `insert into file_key (file_key, file_seq, sent_as, expires_at, needed)
       values ('lost', 99, 'lost', '2026-11-24 12:30+09', true), ('idle', 99, 'idle', '2026-11-24 12:30+09', true)`,
    );
    expect((await measures()).files.count).toBe(0);
    await insertMessages(master(), 1, { channel_order: 'mms', mt_file_key: 'lost' });
    expect((await measures()).files).toEqual({ count: 1, oldestSeconds: 23.5 * 3_600 });
  });
});

describe('a look of the monitor', () => {
  it.each([0, 10_000, 60_000])('reads no more beside %i rows of each kind, never analyzed', async (others) => {
    await fill(others);
    const session = new pg.Client({ connectionString: database.current.urlOf('agent'), options: '-c timezone=UTC' });
    await session.connect();
    try {
      expect(await buffersOf(session)).toBeLessThan(3_000);
    } finally {
      await session.end();
    }
  });
});

async function fill(count: number): Promise<void> {
  const pool = master();
  for (const name of ['msg_tran', 'msg_report']) await pool.query(`alter table ${name} set (autovacuum_enabled = off)`);
  await pool.query('alter table msg_tran disable trigger user');
  const insert = (key: number, columns: string, values: string) =>
    pool.query(
      `insert into msg_tran (client_key, channel_order, request_date, recipient, ${columns})
       select ${key} + i, 'sms', '2026-11-24 11:00', '01000000002', ${values} from generate_series(1, ${count}) i`,
    );
  await insert(1_000_000, 'msg_status', `'1'`);
  await insert(2_000_000, 'msg_status, batch_id, finished_at', `'3', 7, timestamp '2026-11-24 11:00'`);
  await insert(3_000_000, 'msg_status, waits_until', `'1', timestamp '2026-11-24 13:00'`);
  await insert(4_000_000, 'msg_status, batch_id', `'2', 8`);
  await pool.query(
    `insert into msg_report (client_key, batch_id, msg_key, channel_type, report_code)
     select i, 1, 'R-' || i, 'sms', '10000' from generate_series(1, ${count}) i`,
  );
}

/** Of a look that counts a hundred of each. */
async function buffersOf(session: pg.Client): Promise<number> {
  const { queries } = database.current.agent;
  let text = '';
  const asking = {
    ...database.current.at(noon),
    queries: {
      query: async (...[statement, parameters, schema]: Parameters<typeof queries.query>) => {
        text = Object.entries(parameters).reduce(
          (sql, [name, value]) => sql.replaceAll(new RegExp(`(?<!:):${name}\\b`, 'g'), literal(value)),
          statement.text,
        );
        return await queries.query(statement, parameters, schema);
      },
    } as typeof queries,
  };
  await monitorStore(asking, 100).readMeasures();
  const { rows } = await session.query(`explain (analyze, buffers, format json) ${text}`);
  const { Plan } = rows[0]['QUERY PLAN'][0];
  return Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'];
}

function literal(value: string | number | boolean | null): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
