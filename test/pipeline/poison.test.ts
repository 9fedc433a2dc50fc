import { beforeEach, describe, expect, it } from 'vitest';
import { SendRequest } from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { toSendRequest } from '../../functions/gateway/grpc/to-proto.ts';
import { Random } from '../simulation/random.ts';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, insertMessage, insertMessages } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
});

/** Turns until nothing is due, and sends every batch; fails if a step does. */
async function sendAll(): Promise<void> {
  for (let sent = 0; ; ) {
    await agent.collect();
    if (sent === agent.queued.length) return;
    for (; sent < agent.queued.length; sent++) await agent.send(agent.queued[sent]?.batchId ?? '');
  }
}

const texts = [
  '',
  ' ',
  'Hello',
  'sms',
  '👩‍👩‍👧‍👦 안녕하세요',
  'שלום \u202e‮',
  '\u0001\u001b[31m\r\n\t',
  `'; drop table msg_tran; --`,
  '":now :timeZone {{x}} \\u0000 %s $1',
  '\ufeff\ufffd\u{10ffff}',
  'ㄱ'.repeat(4_000),
];
const jsons = [
  '{}',
  '[]',
  'null',
  '{"a":',
  '{"a":"\\ud800"}',
  '{"__proto__":{"x":1}}',
  '{"a":{"b":[1,2,{"c":"👍"}]}}',
  '"{}"',
];
const channels = [
  'sms',
  'MMS',
  ' rcs',
  'alimtalk ',
  'friendtalk',
  'brandmessage',
  'international',
  'pigeon',
  '',
  '국제',
];
const dates = [
  'infinity',
  '-infinity',
  '0001-01-01',
  '1999-12-31 23:59:59',
  '2000-01-01',
  '2026-11-24',
  '2100-01-01',
  '4713-01-01 BC',
];

const numbers = ['01000000001', ' 010-0000-0001', '+82 10 0000 0001', '０１０００００００１', '15880000'];

/** A row that a customer's defect may insert: everything that the columns take. */
function anyRow(random: Random): Columns {
  const text = (length: number) => [...random.pick(texts)].slice(0, length).join('');
  const maybe = <T>(value: T) => (random.chance(0.3) ? null : value);
  return {
    channel_order: Array.from({ length: random.integer(0, 4) }, () => random.pick(channels))
      .join(',')
      .slice(0, 80),
    request_date: random.chance(0.3) ? random.pick(dates) : `=(now() at time zone 'Asia/Seoul')`,
    priority: maybe(random.pick(['slow', 'veryfast', 'VeryFast', 'urgent', ''])),
    ttl: maybe(random.pick([0, -5, 60, 86_400, 2_147_483_647, -2_147_483_648])),
    callback: maybe(text(30)),
    recipient: random.chance(0.7) ? random.pick(numbers) : text(30),
    payment_code: maybe(text(20)),
    mt_subject: maybe(text(60)),
    mt_content: maybe(text(4_000)),
    mt_file_key: maybe(random.pick([',,,', 'a,b,c', ' a ,', text(200)])),
    kko_msg_type: maybe(text(2)),
    kko_content: maybe(text(4_000)),
    kko_option: maybe(random.pick([...jsons, ...texts])),
    rcs_content: maybe(random.pick([...jsons, text(4_000)])),
    rcs_option: maybe(random.pick([...jsons, ...texts])),
    etc_text_1: maybe(text(100)),
  };
}

describe('rows with anything that the columns take', () => {
  it.each([1, 2, 3, 4])('(seed %i) end sent or refused with a reason, or wait for their time', async (seed) => {
    const random = new Random(seed);
    const odd: string[] = [];
    const good: string[] = [];
    for (let index = 0; index < 200; index++) {
      odd.push(await insertMessage(pool(), anyRow(random)));
      if (index % 10 === 0) good.push(await insertMessage(pool()));
    }
    await sendAll();
    const { rows } = await pool().query<{ key: string; place: string }>(
      `select client_key::text as key,
         case when msg_status = '2' then 'sent'
              when msg_status = '3' and finished_at is not null
              then case when end_reason > '' then coalesce(mt_report_code, kko_report_code, rcs_report_code, 'no code')
                        else 'no reason' end
              when msg_status = '1' and batch_id is null and request_date >= '2100-01-01' then 'waiting'
              else 'stuck' end as place
       from msg_tran`,
    );
    const places = new Map(rows.map(({ key, place }) => [key, place]));
    expect(good.map((key) => places.get(key))).toEqual(good.map(() => 'sent'));
    expect(places.size).toBe(odd.length + good.length);
    const outcomes = new Set(odd.map((key) => places.get(key)));
    // All ways were gone, or the rows were not odd enough.
    expect([...outcomes].sort()).toEqual(['E930', 'E999', 'sent', 'waiting']);
    for (const [batch] of gateway.send.mock.calls) SendRequest.encode(toSendRequest(batch)).finish();
  });
});

describe('large rows', () => {
  it('of 20 KB, 300 of them, pass the limits of the Data API', async () => {
    const option = JSON.stringify({ attachment: 'y'.repeat(20_000) });
    const keys = await insertMessages(pool(), 300, { channel_order: 'alimtalk', kko_content: 'x', kko_option: option });
    await sendAll();
    expect(gateway.accepted).toHaveLength(keys.length);
    const { rows } = await pool().query(`select count(*)::int as sent from msg_tran where msg_status = '2'`);
    expect(rows).toEqual([{ sent: keys.length }]);
  });

  it('that have grown since the claim leave their batch and end E999, and delay no other', async () => {
    await insertMessages(pool(), 3, { channel_order: 'alimtalk' });
    await agent.collect();
    const grown = JSON.stringify({ attachment: 'y'.repeat(70_000) });
    await pool().query(
      'update msg_tran set kko_option = $1 where client_key = (select min(client_key) from msg_tran)',
      [grown],
    );
    expect(await agent.send(agent.queued[0]?.batchId ?? '')).toMatchObject({ accepted: 2, refused: [] });
    expect(await agent.collect()).toMatchObject({ batches: 0, refused: [{ code: 'E999' }] });
    const { rows } = await pool().query('select msg_status, kko_report_code as code from msg_tran order by client_key');
    const sent = { msg_status: '2', code: null };
    expect(rows).toEqual([{ msg_status: '3', code: 'E999' }, sent, sent]);
  });

  it('that have grown together since the claim go in several batches', async () => {
    await insertMessages(pool(), 40, { channel_order: 'alimtalk', kko_content: 'x' });
    await agent.collect();
    expect(agent.queued).toHaveLength(1);
    await pool().query('update msg_tran set kko_option = $1', [JSON.stringify({ attachment: 'y'.repeat(50_000) })]);
    await sendAll();
    expect(gateway.accepted).toHaveLength(40);
    expect(gateway.send.mock.calls.map(([{ messages }]) => messages.length)).toEqual([11, 11, 11, 7]);
  });

  it('of the largest size that is sent at all, beside small ones, pass too', async () => {
    const option = JSON.stringify({ attachment: '안'.repeat(19_700) });
    await insertMessages(pool(), 20, { channel_order: 'alimtalk', kko_content: 'x', kko_option: option });
    await insertMessages(pool(), 200);
    await sendAll();
    expect(gateway.accepted).toHaveLength(220);
  });
});
