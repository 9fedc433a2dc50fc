import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AgentDatabase, Statement } from '../../functions/database/agent-database.ts';
import { StatementError } from '../../functions/database/data-api.ts';
import { queryIsolated, queryOneIsolated } from '../../functions/database/isolate.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, timeZone, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, insertMessages } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const query = async (text: string) => (await pool().query(text)).rows;
/** Into the agent's own tables, which no customer may read. */
const look = async (text: string) => (await database.current.master.query(text)).rows;
const noon = Date.parse('2026-11-24T03:00:00Z');
const secondsLater = (seconds: number) => new Date(noon + seconds * 1000);

beforeEach(() => emptyTables(database.current));
afterEach(() => query('drop function if exists fault cascade; drop table if exists audit'));

/** The recipient of the row that a customer's code fails for. */
const bad = '01000000013';
const isBad = `new.recipient = '${bad}'`;
const no = `raise exception 'no'`;

const insert = (count: number, recipient = '01000000001') =>
  insertMessages(pool(), count, { request_date: '2026-11-24 12:00:00', recipient });

/** A customer's trigger that runs this body on the rows that meet the condition. */
async function fault(condition: string, body = no, kind: 'before' | 'deferred' = 'before'): Promise<void> {
  await query(`create function fault() returns trigger language plpgsql as $$ begin ${body}; return new; end $$`);
  const created = kind === 'before' ? 'trigger fault before' : 'constraint trigger fault after';
  const when = kind === 'before' ? '' : 'deferrable initially deferred';
  await query(`create ${created} update on msg_tran ${when} for each row when (${condition}) execute function fault()`);
}

const aside = async () => {
  const rows = await look('select client_key, step, error, tries from set_aside order by client_key');
  return rows.map(({ client_key: key, step, error, tries }) => [key, step, error, tries]);
};

/** A miniature step: marks the rows that are not marked yet. */
const marking: Statement = {
  name: 'marking',
  text: `
    with marked as (
      update msg_tran t set agent_writes = coalesce(t.agent_writes, 0) + 1, batch_id = :batchId::bigint
      where t.batch_id is null and t.client_key not in (select client_key from set_aside where until > agent_now(:now::timestamptz))
        and (:only::jsonb is null or t.client_key = any(array(select k::bigint from jsonb_array_elements_text(:only::jsonb) as k)))
      returning 1)
    select count(*)::int as n from marked`,
};

/** Runs it; returns how many rows it marked. */
async function mark(keys: readonly string[], seconds = 0): Promise<number> {
  const now = secondsLater(seconds);
  const call = { step: 'claim', statement: marking, parameters: { now: now.toISOString(), batchId: 7 }, keys } as const;
  return (await queryOneIsolated(database.current.at(now), call, z.object({ n: z.coerce.number() }))).n;
}

describe('a statement that fails for some of its rows', () => {
  it.each([
    { failing: 1, before: 0, after: 199 },
    { failing: 1, before: 77, after: 122 },
    { failing: 1, before: 199, after: 0 },
    { failing: 2, before: 120, after: 78 },
    { failing: 20, before: 3, after: 2 },
    { failing: 10, before: 0, after: 0 },
  ])('($failing after $before) writes the others in the same call, and puts those aside', async (story) => {
    const { failing, before, after } = story;
    const keys = await insert(before);
    const badKeys = await insert(failing, bad);
    keys.push(...(await insert(after)));
    await fault(isBad);
    expect(await mark([...keys, ...badKeys])).toBe(before + after);
    expect(await aside()).toEqual(badKeys.map((key) => [key, 'claim', 'P0001 no', 0]));
  });

  it('only at the commit does the same', async () => {
    const keys = await insert(20);
    const [key = ''] = await insert(1, bad);
    await fault(isBad, `raise exception 'not in the ledger' using errcode = '23503'`, 'deferred');
    expect(await mark([...keys, key])).toBe(20);
    expect(await aside()).toEqual([[key, 'claim', '23503 not in the ledger', 0]]);
  });

  it('because of what it writes, and nothing else, does the same', async () => {
    const keys = await insert(20);
    const [key = ''] = await insert(1, bad);
    await fault(`${isBad} and new.batch_id = 7`);
    expect(await mark([...keys, key])).toBe(20);
    expect(await aside()).toEqual([[key, 'claim', 'P0001 no', 0]]);
  });

  it('only in combination puts aside as many as cannot go together', async () => {
    const keys = [...(await insert(20)), ...(await insert(3, bad))];
    await query('create table audit (recipient text unique)');
    await fault('true', `if ${isBad} then insert into audit values (new.recipient); end if`);
    expect(await mark(keys)).toBe(21);
    expect((await aside()).map(([key, step]) => [key, step])).toEqual(keys.slice(-2).map((key) => [key, 'claim']));
  });

  it('keeps nothing of its failed attempts', async () => {
    const keys = [...(await insert(9)), ...(await insert(1, bad))];
    await query('create table audit (client_key bigint)');
    await fault('true', `if ${isBad} then ${no}; end if; insert into audit values (new.client_key)`);
    expect(await mark(keys)).toBe(9);
    expect((await query('select client_key from audit order by 1')).map((row) => row.client_key)).toEqual(
      keys.slice(0, 9),
    );
    expect(await query('select agent_writes from msg_tran where agent_writes > 1')).toEqual([]);
  });

  it('puts none aside, and fails, if each of many rows fails: then no row is to blame', async () => {
    const keys = await insert(11, bad);
    await fault(isBad);
    await expect(mark(keys)).rejects.toThrow(/each of 11 rows fails, the first with SQLSTATE P0001/);
    expect(await aside()).toEqual([]);
    await query('drop function fault cascade');
    expect(await mark(keys)).toBe(11);
  });

  it('puts them aside if each of many rows fails and one of them has failed before', async () => {
    const [key = ''] = await insert(1, bad);
    await fault(isBad);
    await mark([key]);
    const keys = [key, ...(await insert(11, bad))];
    expect(await mark(keys, 30)).toBe(0);
    expect((await aside()).map(([, , , tries]) => tries)).toEqual([1, ...Array.from({ length: 11 }, () => 0)]);
  });
});

describe('a row put aside', () => {
  it('is skipped for 30 seconds, then retried, and put aside for twice as long each time, up to an hour', async () => {
    const keys = [...(await insert(1)), ...(await insert(1, bad))];
    await fault(isBad);
    const pauses: number[] = [];
    let seconds = 0;
    for (let tries = 0; tries < 10; tries++) {
      expect(await mark(keys, seconds)).toBe(tries === 0 ? 1 : 0);
      const [entry] = await look('select until, since, tries from set_aside');
      expect(entry).toMatchObject({ since: secondsLater(0), tries });
      pauses.push((entry.until.getTime() - secondsLater(seconds).getTime()) / 1000);
      seconds += pauses.at(-1) ?? 0;
      // Just before then it is not retried.
      expect(await mark(keys, seconds - 1)).toBe(0);
      expect((await look('select tries from set_aside'))[0]).toEqual({ tries });
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
    await query('drop function fault cascade');
    expect(await mark(keys, seconds - 1)).toBe(0);
    expect(await mark(keys, seconds)).toBe(1);
  });
});

describe('an error', () => {
  const call = { step: 'merge', statement: marking, parameters: { batchId: 7 } } as const;
  const row = z.object({ n: z.number() });

  /** A database in which the statement fails `times` times, and a probe finds `found` rows. */
  function failing(error: unknown, { times = 100, found = 1 } = {}) {
    const asked: string[] = [];
    const agent: AgentDatabase = {
      timeZone,
      now: () => null,
      queries: {
        query: async (statement, _parameters, rowSchema) => {
          asked.push(statement.name);
          if (statement.name !== 'marking') return [rowSchema.parse({ put_aside: found })];
          if (asked.filter((name) => name === 'marking').length <= times) throw error;
          return [rowSchema.parse({ n: 5 })];
        },
      },
    };
    return { agent, asked };
  }

  const ofState = (state: string) => new StatementError(`marking: ERROR: it failed; SQLState: ${state}`);
  const probe = 'setAsideFailing';

  it.each(['22001', '23503', '23505', '23514', '27000', '38000', '42501', '55P03', 'P0001', 'P0004'])(
    'of state %s may be a row’s fault: a probe looks for the row, and the statement runs again',
    async (state) => {
      const { agent, asked } = failing(ofState(state), { times: 1 });
      expect(await queryIsolated(agent, call, row)).toEqual([{ n: 5 }]);
      expect(asked).toEqual(['marking', probe, 'marking']);
    },
  );

  it.each<[string, unknown]>([
    ['a deadlock', ofState('40P01')],
    ['a serialization failure', ofState('40001')],
    ['the connection', ofState('08006')],
    ['memory', ofState('53200')],
    ['a server that shuts down', ofState('57P01')],
    ['the system', ofState('58030')],
    ['another probe that blamed no row', ofState('OMNI1')],
    ['the Data API', new StatementError('marking: the cluster is resuming')],
    ['our own code', new TypeError('not a row; SQLState: 23503')],
  ])('of %s is no row’s fault: nothing is probed', async (_, error) => {
    const { agent, asked } = failing(error);
    await expect(queryIsolated(agent, call, row)).rejects.toBe(error);
    expect(asked).toEqual(['marking']);
  });

  it('for which the probe finds no row is retried once: another turn may have put the row aside meanwhile', async () => {
    const { agent, asked } = failing(ofState('P0001'), { times: 1, found: 0 });
    expect(await queryIsolated(agent, call, row)).toEqual([{ n: 5 }]);
    expect(asked).toEqual(['marking', probe, 'marking']);
  });

  it('is thrown unchanged if the probe finds no row and it occurs again', async () => {
    const error = ofState('23505');
    const { agent, asked } = failing(error, { found: 0 });
    await expect(queryIsolated(agent, call, row)).rejects.toBe(error);
    expect(asked).toEqual(['marking', probe, 'marking']);
  });

  it('that persists whatever is put aside is thrown after three probes', async () => {
    const error = ofState('23505');
    const { agent, asked } = failing(error);
    await expect(queryIsolated(agent, call, row)).rejects.toBe(error);
    expect(asked).toEqual(['marking', probe, 'marking', probe, 'marking', probe, 'marking']);
  });
});

describe('a step with a row that a customer’s trigger refuses', () => {
  let agent: TestAgent;
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
    agent = agentOn(database.current, gateway);
    agent.setNow(secondsLater(0));
  });

  /** Runs the collector at this many seconds after noon, and sends what it queued. */
  async function turn(seconds: number) {
    agent.setNow(secondsLater(seconds));
    const known = agent.queued.length;
    const tally = await agent.collect();
    for (const { batchId } of agent.queued.slice(known)) await agent.send(batchId);
    return tally;
  }

  const statusOf = async (key: string) => (await findMessage(pool(), key))['msg_status'];

  it('(because of its report code) merges the others', async () => {
    const keys = await insert(20);
    await turn(0);
    await fault(`new.mt_report_code = '22003'`);
    const key = keys[7] ?? '';
    await agent.store(
      gateway.accepted.map((one) => reportOf(one, 'sms', one.split('.')[1] === key ? { reportCode: '22003' } : {})),
    );
    expect(await agent.merge()).toMatchObject({ merged: 19, parked: 0 });
    expect(await aside()).toEqual([[key, 'merge', 'P0001 no', 0]]);
    await query('drop function fault cascade');
    agent.setNow(secondsLater(30));
    expect(await agent.merge()).toMatchObject({ merged: 1 });
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '3', mt_report_code: '22003' });
  });

  it.each(['return null', 'return old'])('(silently, by %s) claims the others', async (body) => {
    const keys = await insert(20);
    const [key = ''] = await insert(1, bad);
    await fault(isBad, body);
    expect(await agent.collect()).toMatchObject({ messages: 20 });
    expect(await aside()).toEqual([[key, 'claim', expect.stringContaining('passes'), 0]]);
    const [{ members }] = await look('select members from send_batch');
    expect(members).toEqual(keys);
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '1', batch_id: null });
  });

  it('(when it is settled) settles the others, and asks about that row’s batch again when the row may be written', async () => {
    const keys = await insert(5);
    const [key = ''] = await insert(1, bad);
    await fault(`${isBad} and new.msg_sent_date is not null`);
    await turn(0);
    expect(await Promise.all(keys.map(statusOf))).toEqual(keys.map(() => '2'));
    expect(await aside()).toEqual([[key, 'settle', 'P0001 no', 0]]);
    expect(await look('select state, not_before from send_batch')).toEqual([
      { state: 'sealed', not_before: secondsLater(30) },
    ]);
    await turn(30);
    expect(await look('select not_before from send_batch')).toEqual([{ not_before: secondsLater(90) }]);
    await query('drop function fault cascade');
    await turn(90);
    expect(await statusOf(key)).toBe('2');
    expect(gateway.accepted).toHaveLength(6);
    expect(await look('select from send_batch')).toEqual([]);
  });

  it('(when its batch is halved) moves the others, with no more calls to the gateway than otherwise', async () => {
    const [wrong = ''] = await insert(1);
    await insert(2);
    await insert(1, bad);
    gateway.refuses = ({ clientKey }) => clientKey === wrong;
    await fault(`${isBad} and new.batch_id <> old.batch_id`);
    for (let seconds = 0; seconds <= 10; seconds++) await turn(seconds);
    // All but the one at fault: the half that moves is made of rows that can.
    expect(gateway.accepted).toHaveLength(3);
    expect(gateway.send.mock.calls.map(([{ messages }]) => messages.length)).toEqual([4, 2, 2, 1, 1]);
    await query('drop function fault cascade');
    for (let seconds = 30; seconds <= 90; seconds += 10) await turn(seconds);
    expect(gateway.accepted).toHaveLength(3);
    expect(await findMessage(pool(), wrong)).toMatchObject({ mt_report_code: 'E999' });
  });

  it('forgets a row two minutes after it succeeded, or when it is deleted', async () => {
    const [key = ''] = await insert(1, bad);
    await insert(1, bad);
    await fault(isBad);
    expect(await turn(0)).toMatchObject({ messages: 0, setAside: 2 });
    await query(`drop function fault cascade; delete from msg_tran where client_key <> ${key}`);
    expect(await turn(30)).toMatchObject({ messages: 1, setAside: 1 });
    expect(await statusOf(key)).toBe('2');
    await turn(149);
    expect(await aside()).toHaveLength(1);
    await turn(150);
    expect(await aside()).toEqual([]);
  });
});
