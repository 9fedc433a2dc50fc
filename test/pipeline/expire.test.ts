import { beforeEach, describe, expect, it } from 'vitest';
import { Channel } from '../../functions/message/channel.ts';
import type { Report } from '../../functions/message/report.ts';
import type { MessageName } from '../../functions/pipeline/expire.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, findMessage, holdMessage, insertMessage, insertMessages } from '../support/messages.ts';
import { expectEqual } from '../support/statistics.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;

const noon = new Date('2026-11-24T03:00:00Z');
const hours = (count: number) => new Date(noon.getTime() + count * 3_600_000);

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  agent.setNow(noon);
});

const pool = () => database.current.pool;
const master = () => database.current.master;
const find = (key: string | undefined) => findMessage(pool(), key ?? '');
/** In the zone of the database: noon. */
const due = { request_date: '2026-11-24 12:00:00' };

/** Rows that the gateway accepted at noon, and their references. */
async function sent(count: number, columns: Columns = {}): Promise<{ keys: string[]; references: string[] }> {
  const keys = await insertMessages(pool(), count, { ...due, ...columns });
  await agent.collect();
  for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId);
  const references = keys.map((key) => gateway.accepted.find((one) => one.split('.')[1] === key) ?? '');
  return { keys, references };
}

function report(reference: string, channel: Channel = Channel.Sms, more: Partial<Report> = {}): Report {
  return { ...reportOf(reference, channel), reference, ...more };
}

const asked = () => gateway.inquireReports.mock.calls.map(([messages]) => messages.length);

describe('a row that was never sent', () => {
  it('ends with E930 once its request_date is 96 hours past, whatever its ttl', async () => {
    const key = await insertMessage(pool(), { ...due, ttl: 30 * 86_400 });
    agent.setNow(new Date(hours(96).getTime() - 1));
    expect(await agent.expire()).toMatchObject({ expired: 0 });
    expect(await find(key)).toMatchObject({ msg_status: '1' });
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ expired: 1, next: 'idle' });
    expect(await find(key)).toMatchObject({
      msg_status: '3',
      finished_at: new Date('2026-11-28 12:00:00'),
      mt_report_code: 'E930',
      mt_report_date: new Date('2026-11-28 12:00:00'),
      end_reason: 'request_date, ttl: not sent within 96 hours',
    });
    expect(gateway.inquireReports).not.toHaveBeenCalled();
  });

  it.each(['0', 'H', ' '])('stays held in msg_status "%s"', async (msg_status) => {
    const key = await insertMessage(pool(), { ...due, msg_status });
    agent.setNow(hours(1_000));
    expect(await agent.expire()).toMatchObject({ expired: 0 });
    expect(await find(key)).toMatchObject({ msg_status });
  });

  it('waits as long as the agent defers it', async () => {
    const key = await insertMessage(pool(), { ...due, waits_until: '2026-11-25 12:00:00' });
    agent.setNow(hours(97));
    expect(await agent.expire()).toMatchObject({ expired: 0 });
    agent.setNow(hours(120));
    expect(await agent.expire()).toMatchObject({ expired: 1 });
    expect(await find(key)).toMatchObject({ mt_report_code: 'E930' });
  });

  it('stays in its batch: the sender judges it', async () => {
    const key = await insertMessage(pool(), { ...due, ttl: 30 * 86_400 });
    await agent.collect();
    agent.setNow(hours(97));
    expect(await agent.expire()).toMatchObject({ expired: 0 });
    expect(await find(key)).toMatchObject({ msg_status: '1', batch_id: expect.any(String) });
  });

  it('waits while somebody holds it, and the others end', async () => {
    const [held, free] = await insertMessages(pool(), 2, { ...due, ttl: 30 * 86_400 });
    const customer = await holdMessage(pool(), held ?? '');
    agent.setNow(hours(97));
    expect(await agent.expire()).toMatchObject({ expired: 1 });
    expect(await find(free)).toMatchObject({ msg_status: '3' });
    await customer.end('rollback');
    expect(await agent.expire()).toMatchObject({ expired: 1 });
  });
});

describe('a sent row without a report', () => {
  it('is asked about after a day, and again a day later', async () => {
    const { keys, references } = await sent(3);
    agent.setNow(new Date(hours(24).getTime() - 1));
    expect(await agent.expire()).toMatchObject({ inquired: 0 });
    agent.setNow(hours(24));
    expect(await agent.expire()).toMatchObject({ inquired: 3, unreported: 0, requests: 1, next: 'idle' });
    expect(gateway.inquireReports.mock.calls[0]?.[0].toSorted(byReference)).toEqual(
      references.map((reference) => ({ reference })).toSorted(byReference),
    );
    expect(await find(keys[0])).toMatchObject({ msg_status: '2', asked_at: new Date('2026-11-25 12:00:00') });
    agent.setNow(hours(47));
    expect(await agent.expire()).toMatchObject({ inquired: 0 });
    agent.setNow(hours(48));
    expect(await agent.expire()).toMatchObject({ inquired: 3 });
  });

  it('gets the result that the inquiry brings, as if the stream had brought it', async () => {
    const { keys, references } = await sent(2);
    const [reported = '', pending = ''] = references;
    gateway.known.set(reported, { status: 'reported', reports: [report(reported)] });
    gateway.known.set(pending, { status: 'pending', reports: [] });
    agent.setNow(hours(24));
    expect(await agent.expire()).toMatchObject({ inquired: 2, found: 1, unreported: 0 });
    expect(await agent.merge()).toMatchObject({ merged: 1 });
    await agent.archive();
    expect(await find(keys[0])).toMatchObject({ msg_status: '4', mt_report_code: '10000' });
    expect(await find(keys[1])).toMatchObject({ msg_status: '2', mt_report_code: null });
  });

  it.each(['unknown', 'pending'] as const)('ends with E931 if the gateway says %s after 96 hours', async (status) => {
    const { keys, references } = await sent(1);
    gateway.known.set(references[0] ?? '', { status, reports: [] });
    agent.setNow(new Date(hours(96).getTime() - 1));
    expect(await agent.expire()).toMatchObject({ inquired: 1, unreported: 0 });
    agent.setNow(hours(96 + 24));
    expect(await agent.expire()).toMatchObject({ inquired: 1, unreported: 1 });
    const endedAt = new Date('2026-11-29 12:00:00');
    expect(await find(keys[0])).toMatchObject({
      msg_status: '3',
      ...{ finished_at: endedAt, asked_at: endedAt, mt_rslt_date: endedAt, mt_report_date: endedAt },
      ...{ mt_report_code: 'E931', mt_report_pos: null },
      end_reason: 'msg_sent_date: no final result within 96 hours, and the gateway gives none',
    });
  });

  it('is asked about before it ends, also where the range is shorter than the time to ask', async () => {
    const { keys } = await sent(1);
    agent.setNow(hours(12));
    expect(await agent.expire({ rangeHours: 12 })).toMatchObject({ inquired: 1, unreported: 1 });
    expect(await find(keys[0])).toMatchObject({ mt_report_code: 'E931' });
  });

  it('never ends while the gateway cannot be asked', async () => {
    const { keys } = await sent(2);
    gateway.objectsTo = () => ({ outcome: 'failed', reason: 'UNAUTHENTICATED: who are you' });
    agent.setNow(hours(1_000));
    expect(await agent.expire()).toMatchObject({
      inquired: 0,
      unreported: 0,
      requests: 1,
      failure: 'UNAUTHENTICATED: who are you',
      next: 'idle',
    });
    expect(await find(keys[0])).toMatchObject({ msg_status: '2', asked_at: null });
  });

  it('has its first result already when it waits for that of the second channel', async () => {
    const { keys, references } = await sent(1, { channel_order: 'alimtalk,sms', kko_content: 'Hello', ...kakao });
    const [reference = ''] = references;
    await agent.store([reportOf(reference, Channel.Alimtalk, { reportCode: '3016' })]);
    await agent.merge();
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ unreported: 1 });
    await agent.archive();
    expect(await find(keys[0])).toMatchObject({ msg_status: '4', kko_report_code: '3016', mt_report_code: 'E931' });
    const { rows } = await pool().query('select channel, result_code from msg_statistics');
    expect(rows).toEqual([{ channel: 'sms', result_code: 'E931' }]);
    await expectEqual(database.current);
  });

  it('does not end in the turn that finds its result, but ends when that does not finish it for another day', async () => {
    const { keys, references } = await sent(1);
    const [reference = ''] = references;
    // Of a channel that the message does not name.
    gateway.known.set(reference, { status: 'reported', reports: [report(reference, Channel.Rcs)] });
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ found: 1, unreported: 0 });
    agent.setNow(hours(120));
    expect(await agent.expire()).toMatchObject({ found: 1, unreported: 1 });
    expect(await find(keys[0])).toMatchObject({ mt_report_code: 'E931' });
  });

  it('stays while its batch is in doubt, although one of its channels was reported', async () => {
    const key = await insertMessage(pool(), { ...due, channel_order: 'alimtalk,sms', kko_content: 'Hello', ...kakao });
    gateway.fates.push('lost');
    await agent.collect();
    await agent.send(agent.queued[0]?.batchId ?? '');
    await agent.store([reportOf(gateway.accepted[0] ?? '', Channel.Alimtalk, { reportCode: '3016' })]);
    await agent.merge();
    agent.setNow(hours(1_000));
    expect(await agent.expire()).toMatchObject({ inquired: 0, unreported: 0 });
    expect(await find(key)).toMatchObject({ msg_status: '3', finished_at: null });
  });

  it('waits while somebody holds it, and is not even asked about', async () => {
    const { keys } = await sent(2);
    const customer = await holdMessage(pool(), keys[0] ?? '');
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ inquired: 1, unreported: 1 });
    await customer.end('rollback');
    expect(await agent.expire()).toMatchObject({ inquired: 1, unreported: 1 });
  });

  it('of the original agent is asked about by the gateway’s key', async () => {
    const old = { ...due, msg_status: '2', msg_sent_date: '2026-11-24 12:00:00', batch_id: 0 };
    const key = await insertMessage(pool(), { ...old, msg_key: 'K-old' });
    const keyless = await insertMessage(pool(), old);
    gateway.known.set('K-old', {
      status: 'reported',
      reports: [{ ...report('', Channel.Sms), messageKey: 'K-old' }],
    });
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ inquired: 2, found: 1, unreported: 1 });
    await agent.merge();
    expect(await find(key)).toMatchObject({ mt_report_code: '10000' });
    expect(await find(keyless)).toMatchObject({ mt_report_code: 'E931' });
  });
});

describe('a report that comes after E931', () => {
  async function ended(): Promise<{ key: string; reference: string }> {
    const { keys, references } = await sent(1);
    agent.setNow(hours(96));
    await agent.expire();
    return { key: keys[0] ?? '', reference: references[0] ?? '' };
  }

  it('corrects the row before it is archived', async () => {
    const { key, reference } = await ended();
    await agent.store([reportOf(reference, Channel.Sms)]);
    await agent.merge();
    await agent.archive();
    expect(await find(key)).toMatchObject({ msg_status: '4', mt_report_code: '10000' });
  });

  it('corrects the log and its statistics', async () => {
    const { key, reference } = await ended();
    await agent.archive();
    const statistics = async () =>
      (await pool().query('select channel, result_code, message_count::int as count from msg_statistics')).rows;
    expect(await statistics()).toEqual([{ channel: 'sms', result_code: 'E931', count: 1 }]);
    await agent.store([reportOf(reference, Channel.Sms)]);
    expect(await agent.merge()).toMatchObject({ late: 1 });
    expect(await find(key)).toMatchObject({ place: 'msg_log_202611', mt_report_code: '10000', mt_report_pos: 1 });
    expect(await statistics()).toEqual([{ channel: 'sms', result_code: '10000', count: 1 }]);
  });
});

describe('inquiries', () => {
  it('are of 200 rows at most, and no more than the budget', async () => {
    await sent(500);
    agent.setNow(hours(24));
    expect(await agent.expire({ requests: 3 })).toMatchObject({ inquired: 200, requests: 1, next: 'now' });
    expect(await agent.expire({ requests: 1 })).toMatchObject({ inquired: 200, requests: 1, next: 'idle' });
    expect(await agent.expire({ requests: 0 })).toMatchObject({ inquired: 0, requests: 0, next: 'idle' });
    expect(await agent.expire()).toMatchObject({ inquired: 100, next: 'idle' });
    expect(asked()).toEqual([200, 200, 100]);
  });

  it('by two at once are harmless', async () => {
    const { references } = await sent(200);
    for (const reference of references)
      gateway.known.set(reference, { status: 'reported', reports: [report(reference)] });
    agent.setNow(hours(96));
    await Promise.all([agent.expire(), agent.expire()]);
    await agent.merge();
    await agent.archive();
    const { rows } = await pool().query(`select mt_report_code, count(*)::int from msg_log group by 1`);
    expect(rows).toEqual([{ mt_report_code: '10000', count: 200 }]);
  });
});

describe('an answer that is older than that of another cleaner', () => {
  it('ends no row', async () => {
    const { keys, references } = await sent(1);
    agent.setNow(hours(96));
    let isSecond = false;
    gateway.inquireReports.mockImplementation(async (names) => {
      if (isSecond) return { outcome: 'answered', results: names.map(() => told(references[0])) };
      isSecond = true;
      const older = names.map(() => ({ status: 'unknown' as const, reports: [] }));
      // While this answer is on its way, another cleaner asks, and the gateway has the result by then.
      expect(await agent.expire()).toMatchObject({ inquired: 1, found: 1 });
      return { outcome: 'answered', results: older };
    });
    expect(await agent.expire()).toMatchObject({ unreported: 0 });
    expect(await find(keys[0])).toMatchObject({ finished_at: null });
    await agent.merge();
    expect(await find(keys[0])).toMatchObject({ mt_report_code: '10000' });
  });

  const told = (reference = '') => ({ status: 'reported' as const, reports: [report(reference)] });
});

describe('rows of old months', () => {
  it('make no table each', async () => {
    const months = async () => (await pool().query('select log_table::text from msg_log_range order by 1')).rows;
    const before = await months();
    const { keys } = await sent(120, { ttl: 2_000_000_000 });
    await pool().query(
      `update msg_tran t set request_date = timestamp '2005-01-15' + make_interval(months => n::int)
       from unnest($1::bigint[]) with ordinality as k(client_key, n) where t.client_key = k.client_key`,
      [keys],
    );
    const [unsent] = await insertMessages(pool(), 1, { request_date: '2004-03-03 00:00:00', ttl: 2_000_000_000 });
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ expired: 1, unreported: 120 });
    expect(await agent.archive()).toMatchObject({ archived: 121, createdMonths: [] });
    expect(await months()).toEqual(before);
    expect(await find(unsent)).toMatchObject({ place: 'msg_log_202611', mt_report_code: 'E930' });
    expect(await find(keys[0])).toMatchObject({
      place: 'msg_log_202611',
      end_reason: expect.stringMatching(/gives none; request_date was 2005-02-15 00:00:00$/),
    });
  });
});

describe('a customer’s trigger', () => {
  it.each([
    ['raises', `raise exception 'no'`, 'P0001 no'],
    ['passes the row over', 'return null', 'a trigger of the customer passes the row over'],
  ])('that %s delays only its row', async (_, action, error) => {
    const { keys } = await sent(3);
    const unsent = await insertMessages(pool(), 3, { ...due, ttl: 30 * 86_400 });
    const bad = [keys[1] ?? '', unsent[1] ?? ''];
    await pool().query(`
      create or replace function objects() returns trigger language plpgsql as $$ begin
        if new.msg_status = '3' and new.client_key in (${bad.join(', ')}) then ${action}; end if; return new;
      end $$`);
    await pool().query('create trigger objects before update on msg_tran for each row execute function objects()');
    try {
      agent.setNow(hours(96));
      expect(await agent.expire()).toMatchObject({ expired: 2, unreported: 2 });
    } finally {
      await master().query('drop trigger objects on msg_tran');
    }
    const { rows } = await master().query('select client_key, step, error from set_aside order by client_key');
    expect(rows).toEqual(
      bad.map((client_key) => ({ client_key, step: 'expire', error: expect.stringContaining(error) })),
    );
    agent.setNow(hours(97));
    expect(await agent.expire()).toMatchObject({ expired: 1, unreported: 1 });
  });
});

const kakao = { kko_msg_type: 'AT', kko_sender_key: 's', kko_template_code: 't' };

function byReference(one: MessageName, other: MessageName): number {
  return JSON.stringify(one).localeCompare(JSON.stringify(other));
}
