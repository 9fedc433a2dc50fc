import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { statusStore } from '../../functions/database/status-store.ts';
import { reportOf } from '../support/agent.ts';
import { applySchema, type TestDatabase, timeZone, useDatabase } from '../support/database.ts';
import { useStages } from '../support/stages.ts';

const database = useDatabase();
const stages = useStages(database);

const master = () => database.current.master;

describe('the surroundings', () => {
  it('of a new installation are empty', async () => {
    const { rows } = await master().query('select installation from agent');
    expect(await stages.current.store().readSurroundings()).toMatchObject({
      installation: rows[0].installation,
      databaseName: database.current.name,
      localTime: '2026-11-24 12:00:00',
      receiver: null,
      reports: { waiting: 0, oldestSeconds: null, parked: 0, unmatched: 0, unmatchedOfLastDay: 0 },
      rateGateAheadSeconds: 0,
      refusedAlone: 0,
      unguarded: null,
      banList: { checkedSeconds: null, texts: 0, expressions: 0, problems: 0, firstProblems: null },
    });
  });

  it('name who holds the report stream, as long as it does', async () => {
    await stages.current.agent.reportStore().holdLease('receiver-1');
    expect(await stages.current.store(10).readSurroundings()).toMatchObject({
      receiver: { holder: 'receiver-1', leaseSeconds: 14 },
    });
    expect(await stages.current.store(24).readSurroundings()).toMatchObject({ receiver: null });
  });

  it('count reports: to be merged, looking for their row, without one', async () => {
    const report = (n: number) => reportOf(`00000000.${n}.1`, 'sms', { messageKey: `K${n}` });
    await stages.current.agent.store([report(1)]);
    await stages.current.agent.merge();
    stages.current.agent.setNow(stages.current.later(4));
    await stages.current.agent.store([report(2), report(3)]);
    await master().query(`insert into msg_report_unmatched (seq, reg_date) values (1, $1), (2, $2)`, [
      '2026-11-23 12:00:09',
      '2026-11-23 12:00:11',
    ]);
    expect(await stages.current.store(10).readSurroundings()).toMatchObject({
      reports: { waiting: 2, oldestSeconds: 6, parked: 1, unmatched: 2, unmatchedOfLastDay: 1 },
    });
  });

  it('count files that failed: of the last day, and those whose key is not renewed', async () => {
    await master().query(`
      insert into file_upload (file_seq, file_status, result_code, reg_date) values
        (1, '1', null, '2026-11-24 11:59'), (2, '2', 'F001', '2026-11-24 11:00'), (3, '2', 'F001', '2026-11-01 12:00'),
        (4, '2', 'F001', '2026-11-01 12:00'), (5, '2', 'A000', '2026-11-01 12:00');
      insert into file_work (file_seq, wake_at, attempts) values (1, now(), 2), (2, now(), 2), (4, now(), 2), (5, now(), 2)`);
    expect(await stages.current.store(10).readSurroundings()).toMatchObject({ files: { waiting: 1, failed: 2 } });
  });

  it('tell how far ahead slots are given', async () => {
    await master().query(`update rate_gate set next_at = $1`, [stages.current.later(0.75)]);
    expect(await stages.current.store().readSurroundings()).toMatchObject({ rateGateAheadSeconds: 0.75 });
    expect(await stages.current.store(5).readSurroundings()).toMatchObject({ rateGateAheadSeconds: 0 });
  });

  it('count the messages that the gateway refuses each alone, until it accepts others', async () => {
    const batch = (count: number, refusedAt: Date | null, othersAnswered = false) =>
      master().query(
        `insert into send_batch (lane, members, message_count, created_at, wake_at, refused_at, others_answered)
         values (2, '{}', $1, now(), now(), $2, $3)`,
        [count, refusedAt, othersAnswered],
      );
    await batch(1, null);
    await batch(100, stages.current.later(0));
    await batch(1, stages.current.later(0), true);
    expect(await stages.current.store().readSurroundings()).toMatchObject({ refusedAlone: 0 });
    await batch(1, stages.current.later(0));
    await batch(1, stages.current.later(5));
    expect(await stages.current.store().readSurroundings()).toMatchObject({ refusedAlone: 2 });
  });

  it.each([
    [
      'disables',
      'alter table msg_tran disable trigger user',
      /^zz_omni_guard_insert on msg_tran, zz_omni_guard_update on msg_tran$/,
    ],
    [
      'enables, but not for replication,',
      'alter table msg_tran enable trigger zz_omni_guard_update',
      /^zz_omni_guard_update on msg_tran$/,
    ],
    ['drops', 'drop trigger zz_omni_guard_insert on msg_tran', /^zz_omni_guard_insert on msg_tran$/],
    ['takes from the log', 'drop trigger zz_omni_guard_update on msg_log', /^zz_omni_guard_update on msg_log$/],
  ])('name a trigger of the guard that somebody %s until the schema is applied again', async (_, statement, names) => {
    await master().query(statement);
    const { unguarded } = await stages.current.store().readSurroundings();
    await applySchema(database.current);
    expect(unguarded).toMatch(names);
    expect(await stages.current.store().readSurroundings()).toMatchObject({ unguarded: null });
  });

  it('do not pass off as the server’s a zone that the session asked for', async () => {
    expect(await stages.current.store().readSurroundings()).toMatchObject({
      serverTimeZone: null,
      serverAheadSeconds: null,
    });
  });

  it('tell the server’s own zone, and what it makes of now()', async () => {
    // A session that asks for nothing, as pg's own are.
    const session = new pg.Client({ connectionString: database.current.urlOf('agent') });
    await session.connect();
    const run = async (statement: { text: string }, parameters: Record<string, unknown>) => {
      const names = Object.keys(parameters);
      const text = statement.text.replaceAll(/(?<!:):(\w+)/g, (_, name: string) => `$${names.indexOf(name) + 1}`);
      return (await session.query(text, Object.values(parameters))).rows;
    };
    const queries: TestDatabase['agent']['queries'] = {
      query: async (statement, parameters, row) => (await run(statement, parameters)).map((one) => row.parse(one)),
    };
    const read = (zone: string) =>
      statusStore(
        { queries, timeZone: zone, now: () => stages.current.later(0) },
        { defaultValiditySeconds: 1 },
      ).readSurroundings();
    try {
      expect(await read(timeZone)).toMatchObject({ serverTimeZone: 'Asia/Seoul', serverAheadSeconds: 0 });
      expect(await read('UTC')).toMatchObject({ serverTimeZone: 'Asia/Seoul', serverAheadSeconds: 9 * 3600 });
    } finally {
      await session.end();
    }
  });
});
