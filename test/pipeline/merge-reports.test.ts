import { beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../functions/message/channel.ts';
import type { StorableReport } from '../../functions/pipeline/storable-report.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, insertMessage, insertMessages, writeAsAgent } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
});

const pool = () => database.current.pool;
const master = () => database.current.master;

/** A sent message of this chain, and its reference at the gateway. */
async function sent(channelOrder: string): Promise<{ clientKey: string; reference: string }> {
  const clientKey = await insertMessage(pool(), { channel_order: channelOrder });
  await agent.collect();
  await agent.send(agent.queued.at(-1)?.batchId ?? '');
  return { clientKey, reference: gateway.accepted.at(-1) ?? '' };
}

/** A message that was accepted, but whose sender does not know it yet. */
async function inDoubt(channelOrder: string) {
  gateway.fates.push('lost');
  const message = await sent(channelOrder);
  const settle = async () => {
    await master().query(`update send_batch set not_before = '-infinity'`);
    await agent.send(agent.queued.at(-1)?.batchId ?? '');
  };
  return { ...message, settle };
}

/** As if the time had come to look for the rows of parked reports again. */
async function lookAgain(): Promise<void> {
  await pool().query("update msg_report set retry_at = retry_at - interval '1 hour' where retry_at is not null");
}

async function report(...reports: StorableReport[]) {
  await agent.store(reports);
  return await agent.merge();
}

async function left(): Promise<number> {
  return (await pool().query('select count(*)::int as n from msg_report')).rows[0].n;
}

describe('a report', () => {
  it.each([
    ['sms', { mtr_message_type: 'SM', mt_report_code: '10000', mt_telecom: '10001' }],
    ['mms', { mtr_message_type: 'MM', mt_report_code: '10000', mt_telecom: '10001' }],
    ['international', { mtr_message_type: 'IM', mt_report_code: '10000', mt_telecom: '10001' }],
    ['rcs', { rcsr_message_type: 'RS', rcs_report_code: '10000', rcs_telecom: '10001' }],
    ['alimtalk', { kkor_message_type: 'AT', kko_report_code: '10000' }],
    ['friendtalk', { kkor_message_type: 'FT', kko_report_code: '10000' }],
  ] as const)('of %s goes into its own columns and finishes the row', async (channel, columns) => {
    const { clientKey, reference } = await sent(channel);
    expect(await report(reportOf(reference, channel))).toMatchObject({ merged: 1 });
    expect(await findMessage(pool(), clientKey)).toMatchObject({
      msg_status: '3',
      finished_at: expect.any(Date),
      ...columns,
    });
    expect(await left()).toBe(0);
  });

  it('counts by its channel and carrier as delivered or not, once: not the handset’s receipt of it', async () => {
    const [one, other, third] = [await sent('sms'), await sent('sms'), await sent('alimtalk,sms')];
    const { results } = await report(
      reportOf(one.reference, 'sms'),
      reportOf(one.reference, 'sms', { reportType: 'handset' }),
      reportOf(other.reference, 'sms', { reportCode: '20001', carrier: '10002' }),
      reportOf(third.reference, 'alimtalk', { reportCode: '30001' }),
    );
    expect(results).toEqual([
      { channel: 'alimtalk', carrier: null, delivered: 0, undelivered: 1 },
      { channel: 'sms', carrier: '10001', delivered: 1, undelivered: 0 },
      { channel: 'sms', carrier: '10002', delivered: 0, undelivered: 1 },
    ]);
    expect((await agent.merge()).results).toEqual([]);
  });

  it('has the handset’s time in the agent’s zone', async () => {
    const { clientKey, reference } = await sent('sms');
    await report(reportOf(reference, 'sms', { handsetAt: new Date('2026-11-24T03:00:00Z') }));
    const { rows } = await pool().query('select mt_rslt_date::text as at from msg_tran where client_key = $1', [
      clientKey,
    ]);
    expect(rows[0].at).toBe('2026-11-24 12:00:00');
  });

  it('of a failed channel that is not the last does not finish the row', async () => {
    const { clientKey, reference } = await sent('rcs,sms');
    await report(reportOf(reference, 'rcs', { reportCode: '33101' }));
    expect(await findMessage(pool(), clientKey)).toMatchObject({
      msg_status: '3',
      finished_at: null,
      rcs_report_code: '33101',
    });
    await report(reportOf(reference, 'sms', { reportCode: '22003' }));
    expect(await findMessage(pool(), clientKey)).toMatchObject({
      finished_at: expect.any(Date),
      mt_report_code: '22003',
    });
  });

  it('that contradicts the first of its channel finishes nothing', async () => {
    const { clientKey, reference } = await sent('alimtalk,sms');
    await report(reportOf(reference, 'alimtalk', { reportCode: '23012' }));
    await report(reportOf(reference, 'alimtalk', { reportCode: '10000' }));
    expect(await findMessage(pool(), clientKey)).toMatchObject({ finished_at: null, kko_report_code: '23012' });
    await report(reportOf(reference, 'sms'));
    expect(await findMessage(pool(), clientKey)).toMatchObject({
      finished_at: expect.any(Date),
      mt_report_code: '10000',
    });
  });

  it('of the handset itself goes into columns of its own, before or after the result', async () => {
    const { clientKey, reference } = await sent('international');
    await report(reportOf(reference, 'international', { reportType: 'handset', reportCode: '10000' }));
    expect(await findMessage(pool(), clientKey)).toMatchObject({
      mt_dlr_report_code: '10000',
      mt_report_code: null,
      finished_at: null,
    });
    await report(reportOf(reference, 'international', { parts: 3 }));
    expect(await findMessage(pool(), clientKey)).toMatchObject({
      mt_report_code: '10000',
      mt_res_cnt: 3,
      finished_at: expect.any(Date),
    });
  });

  it('that repeats changes nothing, merged or archived', async () => {
    const { clientKey, reference } = await sent('sms');
    await report(reportOf(reference, 'sms'));
    const merged = await findMessage(pool(), clientKey);
    await report(reportOf(reference, 'sms', { reportCode: '22003' }));
    expect(await findMessage(pool(), clientKey)).toEqual(merged);
    await agent.archive();
    const archived = await findMessage(pool(), clientKey);
    await report(reportOf(reference, 'sms', { reportCode: '22003' }));
    expect(await findMessage(pool(), clientKey)).toEqual(archived);
    expect(await left()).toBe(0);
  });

  it('finds its row by the gateway’s key if the reference did not come back', async () => {
    const { clientKey, reference } = await sent('sms');
    expect(await report(reportOf(reference, 'sms', { reference: undefined }))).toMatchObject({ merged: 1 });
    expect(await findMessage(pool(), clientKey)).toMatchObject({ mt_report_code: '10000' });
  });

  it('finds its row by the gateway’s key even if it came before the answer, however long that takes', async () => {
    const { clientKey, reference, settle } = await inDoubt('sms');
    await report(reportOf(reference, 'sms', { reference: undefined }));
    for (let tries = 0; tries < 12; tries++) {
      await lookAgain();
      expect(await agent.merge()).toMatchObject({ merged: 0, unmatched: 0 });
    }
    await settle();
    await lookAgain();
    await agent.merge();
    expect(await agent.merge()).toMatchObject({ merged: 1 });
    expect(await findMessage(pool(), clientKey)).toMatchObject({ msg_status: '3', mt_report_code: '10000' });
  });

  it.each([
    [
      'another installation',
      (reference: string) => reportOf(reference.replace(/^\w+/, 'ffffffff'), 'sms', { messageKey: 'foreign' }),
    ],
    ['a row that the customer deleted', (reference: string) => reportOf(reference, 'sms')],
    ['a channel that is not in the chain', (reference: string) => reportOf(reference, 'rcs')],
  ])('of %s ends unmatched, after it was looked for long enough', async (what, make) => {
    const { clientKey, reference } = await sent('sms');
    if (what.includes('deleted')) await pool().query('delete from msg_tran where client_key = $1', [clientKey]);
    await report(make(reference));
    let unmatched = 0;
    for (let tries = 0; tries < 12; tries++) {
      await lookAgain();
      unmatched += (await agent.merge()).unmatched;
    }
    expect(unmatched).toBe(1);
    expect(await left()).toBe(0);
    expect((await master().query('select from msg_report_unmatched')).rowCount).toBe(1);
  });
});

/** Every order of the items. */
function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('the reports of a chain in any order', () => {
  const stories: { chain: string; outcomes: [Channel, string][]; row: Record<string, unknown> }[] = [
    {
      chain: 'alimtalk,rcs,sms',
      outcomes: [
        ['alimtalk', '63019'],
        ['rcs', '33101'],
        ['sms', '10000'],
      ],
      row: { kko_report_code: '63019', rcs_report_code: '33101', mt_report_code: '10000' },
    },
    {
      // Two channels of one group: the later channel's report stays.
      chain: 'mms,sms,rcs',
      outcomes: [
        ['mms', '23010'],
        ['sms', '22003'],
        ['rcs', '10000'],
      ],
      row: { mtr_message_type: 'SM', mt_report_code: '22003', rcs_report_code: '10000' },
    },
    {
      chain: 'friendtalk,alimtalk,mms',
      outcomes: [
        ['friendtalk', '63019'],
        ['alimtalk', '63020'],
        ['mms', '22003'],
      ],
      row: { kkor_message_type: 'AT', kko_report_code: '63020', mt_report_code: '22003' },
    },
  ];

  for (const { chain, outcomes, row } of stories) {
    it.each(permutations(outcomes).map((order) => [order.map(([channel]) => channel).join(' '), order] as const))(
      `of ${chain} (%s) give the same row, one by one, together, before settling and after archiving`,
      async (_, order) => {
        const finished = { ...row, msg_status: expect.stringMatching(/^[34]$/), finished_at: expect.any(Date) };
        const oneByOne = await sent(chain);
        for (const [channel, reportCode] of order) await report(reportOf(oneByOne.reference, channel, { reportCode }));
        expect(await findMessage(pool(), oneByOne.clientKey)).toMatchObject(finished);

        const together = await sent(chain);
        await report(...order.map(([channel, reportCode]) => reportOf(together.reference, channel, { reportCode })));
        expect(await findMessage(pool(), together.clientKey)).toMatchObject(finished);

        const early = await unsettled(chain);
        for (const [channel, reportCode] of order) await report(reportOf(early.reference, channel, { reportCode }));
        expect(await findMessage(pool(), early.clientKey)).toMatchObject({ ...finished, msg_sent_date: null });
        await master().query(`update send_batch set lease_until = '-infinity', not_before = '-infinity'`);
        await agent.send(early.batchId);
        expect(await findMessage(pool(), early.clientKey)).toMatchObject({
          ...finished,
          msg_status: '3',
          msg_sent_date: expect.any(Date),
        });

        const archived = await sent(chain);
        await writeAsAgent(pool(), [archived.clientKey], { finished_at: `=now() - interval '1 day'` });
        await agent.archive();
        for (const [channel, reportCode] of order) await report(reportOf(archived.reference, channel, { reportCode }));
        expect(await findMessage(pool(), archived.clientKey)).toMatchObject({ ...finished, msg_status: '4' });
        expect(await left()).toBe(0);
      },
    );
  }

  /** Accepted by the gateway, but nobody knows. */
  async function unsettled(chain: string) {
    gateway.fates.push('lost');
    const clientKey = await insertMessage(pool(), { channel_order: chain });
    await agent.collect();
    const batchId = agent.queued.at(-1)?.batchId ?? '';
    await agent.send(batchId);
    return { clientKey, batchId, reference: gateway.accepted.at(-1) ?? '' };
  }
});

describe('two mergers at once', () => {
  it('apply every report once, while senders settle the same rows', async () => {
    await insertMessages(pool(), 600, { channel_order: 'rcs,sms' });
    await agent.collect();
    const sending = agent.queued.map(({ batchId }) => agent.send(batchId));
    await expect.poll(() => gateway.accepted.length).toBeGreaterThan(0);
    await Promise.all(sending);
    const reports = gateway.accepted.flatMap((reference) => [
      reportOf(reference, 'rcs', { reportCode: '33101' }),
      reportOf(reference, 'sms'),
    ]);
    for (let start = 0; start < reports.length; start += 300) await agent.store(reports.slice(start, start + 300));
    let merged = 0;
    while (merged < reports.length) {
      const turns = await Promise.all([agent.merge(), agent.merge(), agent.merge()]);
      merged += turns.reduce((sum, turn) => sum + turn.merged, 0);
      if (turns.every((turn) => turn.merged === 0)) break;
    }
    expect(merged).toBe(1_200);
    const { rows } = await pool().query(
      `select rcs_report_code, mt_report_code, finished_at is null as open, count(*)::int from msg_tran group by 1, 2, 3`,
    );
    expect(rows).toEqual([{ rcs_report_code: '33101', mt_report_code: '10000', open: false, count: 600 }]);
    expect(await left()).toBe(0);
  });
});
