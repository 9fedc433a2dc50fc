import { beforeEach, describe, expect, it } from 'vitest';
import { type StorableReport, toStorable } from '../../functions/pipeline/storable-report.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, findMessage, holdMessage, insertMessage } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const noon = Date.parse('2026-11-24T03:00:00Z');
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  at(0);
});

/** So many seconds after noon in Seoul. */
function at(seconds: number): void {
  agent.setNow(new Date(noon + seconds * 1000));
}

/** A message that the gateway has accepted; in doubt, if nobody knows that. */
async function accepted(channelOrder = 'sms', fate: 'answered' | 'lost' = 'answered', columns: Columns = {}) {
  gateway.fates.push(fate);
  const due = { channel_order: channelOrder, request_date: '2026-11-24 12:00:00' };
  const clientKey = await insertMessage(pool(), { ...due, ...columns });
  await agent.collect();
  const { batchId = '' } = agent.queued.at(-1) ?? {};
  await agent.send(batchId);
  return { clientKey, batchId, reference: gateway.accepted.at(-1) ?? '' };
}

/** The same, archived: its rcs channel has delivered, and nothing is known of the handset. */
async function archived() {
  const message = await accepted('rcs');
  await merge(reportOf(message.reference, 'rcs'));
  await agent.archive();
  expect(await findMessage(pool(), message.clientKey)).toMatchObject({ place: 'msg_log_202611' });
  return message;
}

async function merge(...reports: (StorableReport | undefined)[]) {
  await agent.store(reports.filter((report) => report !== undefined));
  return await agent.merge();
}

/** As it is stored if the gateway names its message by this key. */
const named = (
  messageKey: string,
  reference: string,
  ...more: [channel: 'sms' | 'rcs', ...Partial<StorableReport>[]]
) => toStorable({ ...reportOf(reference, ...more), messageKey, reference });

const foreign = (reference: string) => reference.replace(/^[a-z0-9]+/, 'elsewhere');

const handset = { reportType: 'handset', reportCode: '10000' } as const;
const parked = async () => (await pool().query('select tries from msg_report order by seq')).rows;

describe.each([
  ['differs', 'another'],
  ['is missing', ''],
])('a report whose key %s', (_, key) => {
  it('finds its row by our reference, and the row keeps the key of the answer', async () => {
    const { clientKey, reference } = await accepted();
    expect(await merge(named(key, reference, 'sms'))).toMatchObject({ merged: 1, parked: 0 });
    const row = { msg_status: '3', mt_report_code: '10000', msg_key: `K-${reference}` };
    expect(await findMessage(pool(), clientKey)).toMatchObject(row);
  });

  it('finds its archived row by our reference, and the row keeps its key', async () => {
    const { clientKey, reference } = await archived();
    expect(await merge(named(key, reference, 'rcs', handset))).toMatchObject({ late: 1 });
    const row = { place: 'msg_log_202611', mt_dlr_report_code: '10000', msg_key: `K-${reference}` };
    expect(await findMessage(pool(), clientKey)).toMatchObject(row);
    expect(await parked()).toEqual([]);
  });

  it('changes nothing if it repeats another', async () => {
    const { clientKey, reference } = await archived();
    const before = await findMessage(pool(), clientKey);
    expect(await merge(named(key, reference, 'rcs', { reportCode: '33101' }))).toMatchObject({ late: 1 });
    expect(await findMessage(pool(), clientKey)).toEqual(before);
  });
});

describe('a report without a key', () => {
  it('of another installation takes no entry of ours, though its message has the same numbers', async () => {
    const { clientKey, reference } = await accepted();
    await merge(named('', foreign(reference), 'sms', { reportCode: '22003' }));
    await merge(named('', reference, 'sms'));
    expect(await findMessage(pool(), clientKey)).toMatchObject({ msg_status: '3', mt_report_code: '10000' });
  });
});

describe('a report of a message in doubt', () => {
  it('that names no key leaves the row without one, until the answer gives it', async () => {
    const { clientKey, batchId, reference } = await accepted('sms', 'lost');
    await merge(named('', reference, 'sms'));
    expect(await findMessage(pool(), clientKey)).toMatchObject({ msg_status: '3', msg_key: null });
    at(60);
    await agent.send(batchId);
    expect(await findMessage(pool(), clientKey)).toMatchObject({ msg_status: '3', msg_key: `K-${reference}` });
  });

  it('that names the key of another message takes it from nobody', async () => {
    const other = await accepted();
    const { clientKey, reference } = await accepted('rcs', 'lost');
    expect(await merge(named(`K-${other.reference}`, reference, 'rcs'))).toMatchObject({ merged: 1 });
    expect(await findMessage(pool(), clientKey)).toMatchObject({ rcs_report_code: '10000', msg_key: null });
    const untouched = { msg_status: '2', mt_report_code: null, msg_key: `K-${other.reference}` };
    expect(await findMessage(pool(), other.clientKey)).toMatchObject(untouched);
  });

  it('that names the same key as one of another message fails neither', async () => {
    const [one, two] = [await accepted('sms', 'lost'), await accepted('rcs', 'lost')];
    const tally = await merge(named('K', one.reference, 'sms'), named('K', two.reference, 'rcs'));
    expect(tally).toMatchObject({ merged: 2 });
    const keys = await pool().query('select msg_key from msg_tran order by msg_key');
    expect(keys.rows).toEqual([{ msg_key: 'K' }, { msg_key: null }]);
  });
});

describe('a report of a client_key that was used twice', () => {
  it.each(['sent', 'archived'])('goes to the sending that it names, though a later one is %s', async (later) => {
    const first = await archived();
    const second = await accepted('rcs', 'answered', { client_key: first.clientKey });
    if (later === 'archived') {
      await merge(reportOf(second.reference, 'rcs'));
      at(1);
      expect(await agent.archive()).toMatchObject({ archived: 1 });
    }
    expect(await merge(named('', first.reference, 'rcs', handset))).toMatchObject({ late: 1 });
    const { rows } = await pool().query(
      `select batch_id, mt_dlr_report_code as code from msg_log
       union all select batch_id, mt_dlr_report_code from msg_tran order by batch_id`,
    );
    expect(rows).toEqual([
      { batch_id: first.batchId, code: '10000' },
      { batch_id: second.batchId, code: null },
    ]);
  });
});

describe('an archived row that a customer holds', () => {
  it('delays its own reports alone, however long that takes', async () => {
    const [held, free] = [await archived(), await archived()];
    const customer = await holdMessage(pool(), held.clientKey, 'msg_log');
    const both = [held, free].map(({ reference }) => named(`K-${reference}`, reference, 'rcs', handset));
    expect(await merge(...both)).toMatchObject({ late: 1 });
    expect(await findMessage(pool(), free.clientKey)).toMatchObject({ mt_dlr_report_code: '10000' });

    const [first] = await parked();
    for (let minutes = 1; minutes <= 15; minutes++) {
      at(minutes * 60);
      expect(await agent.merge()).toMatchObject({ late: 0, unmatched: 0 });
    }
    expect(await parked()).toEqual([first]);
    await customer.end('rollback');
    at(16 * 60);
    expect(await agent.merge()).toMatchObject({ late: 1, unmatched: 0 });
    expect(await findMessage(pool(), held.clientKey)).toMatchObject({ mt_dlr_report_code: '10000' });
  });
});

describe('a row of msg_tran that a customer holds', () => {
  it('delays its own reports alone, which are not parked', async () => {
    const [held, free] = [await accepted(), await accepted()];
    const customer = await holdMessage(pool(), held.clientKey);
    const both = [held, free].map(({ reference }) => named('', reference, 'sms'));
    expect(await merge(...both)).toMatchObject({ merged: 1, parked: 0, late: 0 });
    expect(await findMessage(pool(), free.clientKey)).toMatchObject({ mt_report_code: '10000' });
    await customer.end('rollback');
    expect(await agent.merge()).toMatchObject({ merged: 1 });
    expect(await findMessage(pool(), held.clientKey)).toMatchObject({ mt_report_code: '10000' });
  });
});
