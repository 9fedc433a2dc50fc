import { describe, expect, it } from 'vitest';
import type { Columns } from '../support/messages.ts';
import { afterSeal, type Stage, useScene } from './scene.ts';

const scene = useScene();

const change = (key: string, columns: Columns) => {
  const names = Object.keys(columns);
  const sets = names.map((name, index) => `${name} = $${index + 2}`);
  return scene.current.query(`update msg_tran set ${sets} where client_key = $1`, [key, ...Object.values(columns)]);
};

/** The gateway's last request for a row. */
const requestOf = (key: string) =>
  scene.current.gateway.send.mock.calls
    .flatMap(([{ messages }]) => messages)
    .filter((message) => message.clientKey === key)
    .at(-1);

/** Another value for each column that is sent, and where the gateway sees it. */
const changes = {
  priority: ['fast', { priority: 'fast' }],
  channel_order: ['mms', { fallbackChain: [{ channel: 'mms' }] }],
  callback: ['0215001501', { senderNumber: '0215001501' }],
  recipient: ['01000000002', { recipient: '01000000002' }],
  payment_code: ['P1', { paymentCode: 'P1' }],
  origin_cid: ['O1', { originCompanyId: 'O1' }],
  mt_content: ['new', { fallbackChain: [{ text: 'new' }] }],
  ttl: [3600, { expiresAt: new Date('2026-11-24T03:59:00Z') }],
  request_date: ['2026-11-24 12:00:30', { expiresAt: new Date('2026-11-25T03:00:30Z') }],
} as const;

const untouched = {
  agent_id: 'A1',
  reg_date: '2026-01-01 00:00:00',
  etc_text_1: 'a',
  etc_text_2: 'b',
  etc_text_3: 'c',
} satisfies Columns;

const beforeTheSeal = ['claimed', 'leased'] as const satisfies readonly Stage[];

describe('a change of what is sent', () => {
  it.each(beforeTheSeal)('while the row is %s sends it once, with the change, and the others too', async (stage) => {
    const { insert, at, finish, timesSent, row } = scene.current;
    const entries = Object.entries(changes);
    const keys = await insert({}, entries.length + 1);
    await at(stage, async () => {
      for (const [index, [name, [value]]] of entries.entries()) await change(keys[index] ?? '', { [name]: value });
    });
    // The others were sent at once: the changed ones have left their batch.
    if (stage === 'leased') expect(timesSent(keys.at(-1) ?? '')).toBe(1);
    await finish();
    for (const [index, [name, [, seen]]] of entries.entries()) {
      const key = keys[index] ?? '';
      expect(timesSent(key), name).toBe(1);
      expect(requestOf(key), name).toMatchObject(seen);
      expect(await row(key), name).toMatchObject({ msg_status: '4' });
    }
  });

  it.each(afterSeal)('that comes too late (%s) is stored, and what was sent stays the same', async (stage) => {
    const { insert, at, finish, timesSent, row } = scene.current;
    const [key = ''] = await insert();
    const late = { mt_content: 'new', recipient: '01000000002', callback: '0215001501', priority: 'fast' };
    await at(stage, () => change(key, late));
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(requestOf(key)).toMatchObject({ recipient: '01000000001', fallbackChain: [{ text: 'x' }] });
    expect(await row(key)).toMatchObject({ msg_status: '4', mt_report_code: '10000', ...late });
  });

  it('postpones a claimed row until its new time', async () => {
    const { insert, at, finish, timesSent } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at('leased', () => change(key, { request_date: '2026-11-24 12:10:00' }));
    await finish(3);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    await finish(8);
    expect(timesSent(key)).toBe(1);
  });
});

describe('each column', () => {
  const contents = [
    ...[
      'mt_subject',
      'mt_file_key',
      'kko_msg_type',
      'kko_content',
      'kko_option',
      'kko_sender_key',
      'kko_template_code',
    ],
    ...['rcs_content', 'rcs_option', 'rcs_brand_key', 'rcs_agency_key', 'rcs_msgbase_id'],
  ];
  const batchOf = async (key: string) => (await scene.current.row(key))['batch_id'];

  it('that is sent takes a claimed row out of its batch when it changes, any other leaves it there', async () => {
    const { insert, at } = scene.current;
    const leaving: (readonly [string, string | number])[] = [
      ...Object.entries(changes).map(([name, [value]]) => [name, value] as const),
    ];
    for (const name of contents) leaving.push([name, '{}']);
    const entries = [...leaving, ...Object.entries(untouched)];
    const keys = await insert({}, entries.length);
    await at('claimed', async () => {
      for (const [index, [name, value]] of entries.entries()) await change(keys[index] ?? '', { [name]: value });
    });
    const stay: string[] = [];
    for (const [index, [name]] of entries.entries()) if ((await batchOf(keys[index] ?? '')) !== null) stay.push(name);
    expect(stay).toEqual(Object.keys(untouched));
  });
});

describe('a change of anything else', () => {
  it.each(beforeTheSeal)('while the rows are %s disturbs nothing: one batch, one call', async (stage) => {
    const { insert, at, gateway, query, agent, administer } = scene.current;
    const keys = await insert({}, 200);
    await at(stage, async () => {
      for (const [name, value] of Object.entries(untouched)) await query(`update msg_tran set ${name} = $1`, [value]);
    });
    if (stage === 'claimed') await scene.current.sendQueued();
    expect(agent.queued).toHaveLength(1);
    expect(gateway.send).toHaveBeenCalledTimes(1);
    expect(gateway.accepted).toHaveLength(keys.length);
    expect(await administer('select from set_aside')).toEqual([]);
  });

  it('before every lease and every seal of 2,000 rows takes none out of its batch', async () => {
    const { insert, agent, sendQueued, gateway, query, administer } = scene.current;
    const keys = await insert({}, 2_000);
    const touch = () => query(`update msg_tran set etc_text_3 = clock_timestamp()::text where msg_status = '1'`);
    const store = agent.sendStore();
    await agent.collect();
    await sendQueued({
      store: {
        lease: async (...asked) => await touch().then(() => store.lease(...asked)),
        seal: async (...asked) => await touch().then(() => store.seal(...asked)),
      },
    });
    const sizes = gateway.send.mock.calls.map(([{ messages }]) => messages.length);
    expect(sizes).toEqual(Array.from({ length: 10 }, () => 200));
    expect(gateway.accepted.map((reference) => reference.split('.')[1]).toSorted()).toEqual(keys.toSorted());
    expect(await administer('select from set_aside')).toEqual([]);
  });

  it('goes to the log with the row', async () => {
    const { insert, at, finish, row } = scene.current;
    const [key = ''] = await insert();
    const { reg_date: _, ...texts } = untouched;
    await at('claimed', () => change(key, texts));
    await finish();
    expect(await row(key)).toMatchObject({ ...texts, msg_status: '4' });
  });

  it('that writes the same content again disturbs nothing either', async () => {
    const { insert, at, gateway, query, sendQueued } = scene.current;
    await insert({}, 50);
    await at('claimed', () => query('update msg_tran set mt_content = mt_content, msg_status = msg_status'));
    await sendQueued();
    expect(gateway.send).toHaveBeenCalledTimes(1);
    expect(gateway.accepted).toHaveLength(50);
  });
});

describe('a new client_key', () => {
  it.each(['waiting', 'claimed', 'leased'] as const)('while the row is %s is the one that is sent', async (stage) => {
    const { insert, at, finish, timesSent, row, administer } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, () => change(key, { client_key: 900 }));
    await finish();
    expect([timesSent(key), timesSent('900'), timesSent(other)]).toEqual([0, 1, 1]);
    expect(await row('900')).toMatchObject({ msg_status: '4', mt_report_code: '10000' });
    expect(await administer('select from send_batch union all select from set_aside')).toEqual([]);
  });

  it.each(afterSeal)('that comes too late (%s) fails the statement', async (stage) => {
    const { insert, at, finish, end } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await at(stage, async () => {
      await expect(change(key, { client_key: 900 })).rejects.toMatchObject({ code: '55006' });
    });
    await finish();
    expect(await end(key)).toEqual(await end(plain));
  });
});
