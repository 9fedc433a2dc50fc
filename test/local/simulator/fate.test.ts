import { describe, expect, it } from 'vitest';
import type { LoggedMessage } from '../../../bin/local/simulator/accept-log.ts';
import { planReports, whimOf } from '../../../bin/local/simulator/fate.ts';
import { simulatorOptions } from '../../../bin/local/simulator/options.ts';
import { Channel, ReportType } from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { aBareClientWithToken, aPlainMessage } from '../../support/bare-client.ts';
import { account, aSimulator, eventually } from '../../support/gateway-parts.ts';

const { behaviour } = simulatorOptions.parse({ seed: 1, dataDir: 'none' });
const fate = { seed: 1, behaviour };
const count = 4_000;
// Far apart: neighbouring keys share their early reports.
const references = Array.from({ length: count }, (_, index) => `test.${1_000 + index * 101}.7`);

const aLogged = (reference: string, ...channels: Channel[]): LoggedMessage => ({
  reference,
  messageKey: `key of ${reference}`,
  code: 'A000',
  chain: channels.map((channel) => ({ channel, type: 'XX' })),
});

const shareOf = (matching: readonly unknown[]) => matching.length / count;

describe('by default', () => {
  const plans = references.map((reference) =>
    planReports(aLogged(reference, Channel.CHANNEL_ALIMTALK, Channel.CHANNEL_SMS), 0, fate),
  );
  const all = plans.flat();

  it.each<[string, number, readonly unknown[]]>([
    ['rejected', 0.05, references.filter((reference) => whimOf(reference, fate))],
    ['falling back', 0.2, plans.filter((plan) => plan.some(({ report }) => report.channel === Channel.CHANNEL_SMS))],
    ['reported before the answer', 0.05, all.filter((planned) => planned.isEarly)],
    ['delivered in the end', 0.99, plans.filter((plan) => plan.some(({ report }) => report.code === '10000'))],
  ])('the share of messages %s is %d, give or take', (_, share, matching) => {
    expect(Math.abs(shareOf(matching) - share)).toBeLessThan(0.02);
  });

  it('two in a hundred reports are repeated', () => {
    expect(all.filter((planned) => planned.id.endsWith('/again')).length / all.length).toBeCloseTo(0.02, 2);
  });

  it('a report comes 0.2 to 2 s after its channel was tried, some out of order', () => {
    const first = plans.flatMap(([planned]) =>
      planned && !planned.isEarly ? [planned.report.handsetAt?.getTime() ?? 0] : [],
    );
    expect(Math.min(...first)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...first)).toBeLessThanOrEqual(2_000);
    expect(plans.some(([one, two]) => one && two && two.id !== `${one.id}/again` && two.dueAt < one.dueAt)).toBe(true);
  });
});

describe('a chain', () => {
  const chain = [Channel.CHANNEL_RCS, Channel.CHANNEL_ALIMTALK, Channel.CHANNEL_MMS];
  const planWith = (shares: Partial<typeof behaviour>) =>
    planReports(aLogged('test.1.7', ...chain), 0, {
      seed: 1,
      behaviour: { ...behaviour, beforeAnswerShare: 0, repeatedShare: 0, disorderShare: 0, ...shares },
    });
  const summary = (plan: ReturnType<typeof planReports>) =>
    plan.map(({ report }) => [report.channel, report.code === '10000', report.carrier !== '']);

  it('ends with its first success', () => {
    expect(summary(planWith({ fallbackShare: 0 }))).toEqual([[Channel.CHANNEL_RCS, true, true]]);
  });

  it('has a report for each channel that failed, then for the last', () => {
    expect(summary(planWith({ fallbackShare: 1, undeliveredShare: 0 }))).toEqual([
      [Channel.CHANNEL_RCS, false, true],
      [Channel.CHANNEL_ALIMTALK, false, false],
      [Channel.CHANNEL_MMS, true, true],
    ]);
  });

  it('of an international message may have a handset receipt after its result', () => {
    const plan = planReports(aLogged('test.1.7', Channel.CHANNEL_INTERNATIONAL), 0, {
      seed: 1,
      behaviour: { ...behaviour, undeliveredShare: 0, handsetShare: 1, repeatedShare: 0 },
    });
    const { REPORT_TYPE_RESULT, REPORT_TYPE_HANDSET } = ReportType;
    expect(plan.map(({ report }) => report.reportType)).toEqual([REPORT_TYPE_RESULT, REPORT_TYPE_HANDSET]);
  });
});

describe('a seed', () => {
  /** What becomes of the rows in a run: each result, and each distinct report without its names and dates. */
  async function play(seed: number, batches: readonly string[][]) {
    const shares = { rejectedShare: 0.3, fallbackShare: 0.4, repeatedShare: 0.2, beforeAnswerShare: 0.3 };
    const simulator = await aSimulator({ seed, behaviour: shares });
    const client = await aBareClientWithToken(simulator.url, account);
    const stream = client.reports();
    stream.send({ subscribe: { subscription: 'bare', max_batch_size: 100 } });
    const fallback_chain = [{ mms: { text: 'hello' } }, { sms: { text: 'hello' } }];
    const codes: string[] = [];
    for (const [index, keys] of batches.entries()) {
      const messages = keys.map((key) => aPlainMessage(`test.${key}.${index}`, { fallback_chain }));
      const { results } = await client.call('Send', { idempotency_key: `${index}`, messages });
      codes.push(...results.map((result: { code: string }, at: number) => `${keys[at]} ${result.code}`));
    }
    const reports = () =>
      stream.batches().flatMap((batch) =>
        batch.reports.map((report: Record<string, string>) => {
          return [report['reference']?.split('.')[1], report['channel'], report['code'], report['carrier']].join(' ');
        }),
      );
    // All reports have come once every accepted message has its final one.
    const accepted = codes.filter((code) => code.endsWith('A000')).length;
    await eventually(() => {
      const ended = reports()
        .filter((one) => / CHANNEL_SMS | 10000 /.test(one))
        .map((one) => one.split(' ')[0]);
      expect(new Set(ended).size).toBe(accepted);
    });
    return { codes: codes.sort(), reports: [...new Set(reports())].sort() };
  }

  const keys = Array.from({ length: 60 }, (_, index) => String(2n ** 53n + BigInt(index)));
  const inOne = [keys];
  const inThree = [keys.slice(40), keys.slice(0, 7).reverse(), keys.slice(7, 40)];

  it('decides every fate, however the messages are ordered and batched', async () => {
    const one = await play(5, inOne);
    expect(await play(5, inThree)).toEqual(one);
    expect(new Set(one.codes.map((code) => code.split(' ')[1])).size).toBeGreaterThan(2);
  });

  it('that differs decides differently', async () => {
    expect(await play(6, inOne)).not.toEqual(await play(5, inOne));
  });
});
