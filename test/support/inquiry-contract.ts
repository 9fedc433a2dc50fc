import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Message } from '../../functions/message/message.ts';
import type { InquiryGateway } from '../../functions/pipeline/expire.ts';
import type { SendGateway } from '../../functions/pipeline/send/ports.ts';
import { aMessage, aSimulator, someMessages } from './gateway-parts.ts';

const dayMs = 24 * 3_600_000;
const start = Date.parse('2026-11-24T03:00:00Z');

/** What the cleaner relies on, whatever the protocol: `connect` makes the adapter under test. The gateway's clock is the test's. */
export function inquiryGatewayContract(connect: (url: string) => SendGateway & InquiryGateway): void {
  const begin = async (overrides: Parameters<typeof aSimulator>[0] = {}) => {
    let now = start;
    const simulator = await aSimulator({ now: () => now, ...overrides });
    const gateway = connect(simulator.url);
    const send = async (messages: readonly Message[]) => {
      const answer = await gateway.send({ idempotencyKey: randomUUID(), messages });
      return answer.outcome === 'answered' ? answer.results : expect.fail(`expected an answer, got ${answer.outcome}`);
    };
    const pass = (ms: number) => {
      now += ms;
    };
    return { simulator, gateway, send, pass };
  };
  const byReference = (messages: readonly Message[]) => messages.map(({ reference }) => ({ reference }));
  const lateToken = { tokenLifetimeMs: 365 * dayMs };

  it('answers for each message in order, by our reference and by its own key', async () => {
    const { gateway, send, pass } = await begin();
    const messages = someMessages(3);
    const results = await send(messages);
    pass(dayMs);
    const [first, second, third] = messages;
    const names = [
      { reference: third?.reference ?? '' },
      { reference: 'test.1.1' },
      { messageKey: results[0]?.messageKey ?? '' },
      { reference: second?.reference ?? '' },
    ];
    const reported = (message: Message | undefined) => ({
      status: 'reported',
      reports: [{ reference: message?.reference, reportCode: '10000', channel: 'sms', messageKey: expect.any(String) }],
    });
    expect(await gateway.inquireReports(names)).toMatchObject({
      outcome: 'answered',
      results: [reported(third), { status: 'unknown', reports: [] }, reported(first), reported(second)],
    });
  });

  it('knows of no result before there is one, but of those of earlier channels', async () => {
    const { gateway, send, pass } = await begin({ behaviour: { reportMs: [1_000, 1_000], fallbackShare: 1 } });
    const chain = [
      { channel: 'mms', title: '', text: 'hello', fileKeys: [] },
      { channel: 'sms', text: 'hello' },
    ] as const;
    const message = aMessage({ fallbackChain: chain });
    await send([message]);
    const ask = async () => await gateway.inquireReports(byReference([message]));
    expect(await ask()).toMatchObject({ results: [{ status: 'pending', reports: [] }] });
    pass(1_000);
    expect(await ask()).toMatchObject({ results: [{ status: 'pending', reports: [{ channel: 'mms' }] }] });
    pass(1_000);
    expect(await ask()).toMatchObject({
      results: [{ status: 'reported', reports: [{ channel: 'mms' }, { channel: 'sms' }] }],
    });
  });

  it('never knows what became of a message that no carrier tells of', async () => {
    const { gateway, send, pass } = await begin({ behaviour: { unreportedShare: 1 } });
    const messages = someMessages(1);
    await send(messages);
    pass(4 * 3_600_000);
    expect(await gateway.inquireReports(byReference(messages))).toMatchObject({ results: [{ status: 'pending' }] });
  });

  it('knows a message for 30 days, long after its reports were dropped', async () => {
    const { gateway, send, pass } = await begin({ behaviour: lateToken });
    const messages = someMessages(1);
    await send(messages);
    pass(30 * dayMs);
    expect(await gateway.inquireReports(byReference(messages))).toMatchObject({ results: [{ status: 'reported' }] });
    pass(1);
    expect(await gateway.inquireReports(byReference(messages))).toMatchObject({ results: [{ status: 'unknown' }] });
  });

  it('answers for 200 messages, and refuses more as a whole', async () => {
    const { gateway } = await begin();
    const answer = await gateway.inquireReports(byReference(someMessages(200)));
    expect(answer).toMatchObject({ outcome: 'answered', results: { length: 200 } });
    expect(await gateway.inquireReports(byReference(someMessages(201)))).toEqual({
      outcome: 'refused',
      reason: expect.stringMatching(/^INVALID_ARGUMENT: .+/),
    });
  });

  it('changes nothing by being asked: what it does not know can still be sent', async () => {
    const { gateway, send, simulator } = await begin();
    const messages = someMessages(1);
    await gateway.inquireReports(byReference(messages));
    await send(messages);
    expect(simulator.stats()).toMatchObject({ accepted: 1, inquireReports: 1 });
  });

  it('fails when nobody listens', async () => {
    const { gateway, simulator } = await begin();
    await simulator.close();
    expect(await gateway.inquireReports(byReference(someMessages(1)))).toMatchObject({ outcome: 'failed' });
  });
}
