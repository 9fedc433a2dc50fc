import { status } from '@grpc/grpc-js';
import { describe, expect, it, vi } from 'vitest';
import { aBareClientWithToken, aPlainMessage, type BareClient } from '../../support/bare-client.ts';
import { account, aSimulator, eventually } from '../../support/gateway-parts.ts';

async function begin(behaviour: NonNullable<Parameters<typeof aSimulator>[0]>['behaviour'] = {}) {
  const simulator = await aSimulator({ behaviour });
  return { simulator, client: await aBareClientWithToken(simulator.url, account) };
}

function subscribe(client: BareClient, subscription = 'bare', max_batch_size = 100) {
  const stream = client.reports();
  stream.send({ subscribe: { subscription, max_batch_size } });
  return stream;
}

const send = (client: BareClient, key: string, messages: readonly object[]) =>
  client.call('Send', { idempotency_key: key, messages });

const many = (count: number) => Array.from({ length: count }, (_, index) => aPlainMessage(`test.${index}.7`));

describe('a report stream of the simulator', () => {
  it('carries no more reports in a batch than the client takes', async () => {
    const { client } = await begin();
    await send(client, 'a-key', many(25));
    const stream = subscribe(client, 'bare', 10);
    await eventually(() => expect(stream.batches().flatMap((batch) => batch.reports)).toHaveLength(25));
    expect(Math.max(...stream.batches().map((batch) => batch.reports.length))).toBeLessThanOrEqual(10);
  });

  it('carries no more than eight unacknowledged batches', async () => {
    const { client } = await begin();
    await send(client, 'a-key', many(20));
    const stream = subscribe(client, 'bare', 1);
    await eventually(() => expect(stream.batches()).toHaveLength(8));
    for (let read = 0; read < 20; read += 1) {
      await eventually(() => expect(stream.batches().length).toBeGreaterThan(read));
      stream.send({ acknowledge: { batch_id: stream.batches()[read].batch_id } });
    }
    await eventually(() => expect(stream.batches()).toHaveLength(20));
  });

  it('collects what is due into one batch', async () => {
    const { client, simulator } = await begin({ flushMs: 300, reportMs: [0, 0] });
    const stream = subscribe(client);
    await eventually(() => expect(simulator.stats()).toMatchObject({ openStreams: 1 }));
    for (let call = 0; call < 5; call += 1) await send(client, `key ${call}`, [aPlainMessage(`test.${call}.7`)]);
    await eventually(() => expect(stream.batches().flatMap((batch) => batch.reports)).toHaveLength(5));
    expect(stream.batches().length).toBeLessThanOrEqual(2);
  });

  it('delivers early reports before the Send is answered', async () => {
    const { client, simulator } = await begin({ beforeAnswerShare: 1, flushMs: 60_000, answerMs: [20, 20] });
    const stream = subscribe(client);
    await eventually(() => expect(simulator.stats()).toMatchObject({ openStreams: 1 }));
    await send(client, 'a-key', [aPlainMessage('test.1.7')]);
    expect(simulator.stats()).toMatchObject({ reportsSent: 1 });
    await eventually(() => expect(stream.batches()).toHaveLength(1));
  });

  it('ends when a newer one takes over its subscription and gets what was not acknowledged', async () => {
    const { client, simulator } = await begin();
    await send(client, 'a-key', many(1));
    const [older, other] = [subscribe(client), subscribe(client, 'another')];
    await eventually(() => expect(older.batches()).toHaveLength(1));
    await eventually(() => expect(other.batches()).toHaveLength(1));
    const newer = subscribe(client);
    expect(await older.ended).toBe(status.ABORTED);
    await eventually(() => expect(newer.batches()).toHaveLength(1));
    expect(simulator.stats()).toMatchObject({ openStreams: 2 });
  });

  it('sends heartbeats, and ends when the client is silent', async () => {
    const { client, simulator } = await begin({ heartbeatMs: 5, silenceMs: 100 });
    const stream = subscribe(client);
    expect(await stream.ended).toBe(status.UNAVAILABLE);
    expect(stream.events).toContainEqual({ heartbeat: {} });
    expect(simulator.stats()).toMatchObject({ openStreams: 0 });
  });

  it('stays open while the client sends heartbeats', async () => {
    const { client } = await begin({ heartbeatMs: 100, silenceMs: 1_000 });
    const stream = subscribe(client);
    const timer = setInterval(() => stream.send({ heartbeat: {} }), 50);
    await eventually(() => expect(stream.events.length).toBeGreaterThan(12));
    clearInterval(timer);
    expect(await stream.ended).toBe(status.UNAVAILABLE);
  });

  it.each([
    ['a heartbeat', { heartbeat: {} }],
    ['an acknowledgement', { acknowledge: { batch_id: '1' } }],
    ['a subscription without a name', { subscribe: { subscription: '', max_batch_size: 1 } }],
    ['a subscription with too large a batch size', { subscribe: { subscription: 'bare', max_batch_size: 1_001 } }],
  ])('refuses %s as the first event', async (_, event) => {
    const { client } = await begin();
    const stream = client.reports();
    stream.send(event);
    expect(await stream.ended).toBe(status.INVALID_ARGUMENT);
  });
});

describe('the simulator rejects', () => {
  const alimtalk = { message_type: 'AT', text: 'hello', sender_key: 'profile', template_code: 'T1' };
  const rcs = { content: 'hello', message_base_id: 'SS000000', brand_key: 'brand' };
  const chain = (...contents: object[]) => ({ fallback_chain: contents });
  const sms = { sms: { text: 'hello' } };
  const abroad = { international: { text: 'hello' } };

  it.each<[string, string, object]>([
    ['A000', 'nothing: one SMS of 90 bytes', chain({ sms: { text: '가'.repeat(45) } })],
    ['A000', 'nothing: three channels', chain({ rcs }, { alimtalk }, { mms: { text: 'hello', title: '' } })],
    ['A000', 'nothing: an international text', { ...chain(abroad), recipient: '+821000000001' }],
    ['A300', 'a message without a channel', chain()],
    ['A300', 'four channels', chain(sms, sms, sms, sms)],
    ['A300', 'a channel without contents', chain({})],
    ['A302', 'an SMS without a sender', { sender_number: '' }],
    ['A302', 'an RCS message without a sender', { ...chain({ rcs }), sender_number: '' }],
    ['A000', 'nothing: alimtalk without a sender', { ...chain({ alimtalk }), sender_number: '' }],
    ['A303', 'an empty text', chain({ mms: { text: '' } })],
    ['A306', 'a recipient that is not a number', { recipient: 'nobody' }],
    ['A310', 'too long a payment code', { payment_code: '1'.repeat(21) }],
    ['A312', 'an international text with a fallback', chain(abroad, sms)],
    ['A319', 'four images', chain({ mms: { text: 'hello', file_keys: ['1', '2', '3', '4'] } })],
    ['A328', 'an SMS of 91 bytes', chain({ sms: { text: `${'가'.repeat(45)}.` } })],
    ['A404', 'RCS without a message base', chain({ rcs: { ...rcs, message_base_id: '' } })],
    ['A415', 'RCS without contents', chain({ rcs: { ...rcs, content: '' } })],
    ['A420', 'RCS without a brand', chain({ rcs: { ...rcs, brand_key: '' } })],
    ['A502', 'alimtalk without a profile', chain({ alimtalk: { ...alimtalk, sender_key: '' } })],
    ['A505', 'alimtalk without a template', chain({ alimtalk: { ...alimtalk, template_code: '' } })],
    ['A523', 'friendtalk without a message type', chain({ friendtalk: { ...alimtalk, message_type: '' } })],
  ])('with %s %s', async (code, _, overrides) => {
    const { client, simulator } = await begin();
    const { results } = await send(client, 'a-key', [aPlainMessage('test.1.7', overrides)]);
    expect(results).toMatchObject([{ code, message_key: code === 'A000' ? expect.stringMatching(/.+/) : '' }]);
    expect(simulator.stats()).toMatchObject(code === 'A000' ? { accepted: 1 } : { accepted: 0, rejected: 1 });
  });
});

describe('the simulator fails as scripted', () => {
  it.each([
    ['unavailable', status.UNAVAILABLE],
    ['resourceExhausted', status.RESOURCE_EXHAUSTED],
    ['unauthenticated', status.UNAUTHENTICATED],
    ['reset', status.UNAVAILABLE],
  ] as const)('with %s before anything is accepted', async (before, code) => {
    const { client, simulator } = await begin();
    simulator.script([{ before }]);
    await expect(send(client, 'a-key', many(1))).rejects.toMatchObject({ code });
    expect(simulator.stats()).toMatchObject({ accepted: 0 });
  });

  it.each([
    ['internal', status.INTERNAL],
    ['reset', status.UNAVAILABLE],
  ] as const)('with %s after everything is accepted', async (after, code) => {
    const { client, simulator } = await begin();
    simulator.script([{ after }]);
    await expect(send(client, 'a-key', many(1))).rejects.toMatchObject({ code });
    expect(simulator.stats()).toMatchObject({ accepted: 1 });
  });

  it.each([
    [{ before: 'hang' }, 0],
    [{ after: 'hang' }, 1],
  ] as const)('with %j, and does not answer', async (fault, accepted) => {
    const { client, simulator } = await begin();
    simulator.script([fault]);
    const answer = vi.fn();
    void send(client, 'a-key', many(1)).then(answer, answer);
    await eventually(() => expect(simulator.stats()).toMatchObject({ send: 1, accepted }));
    expect(await send(client, 'b-key', [aPlainMessage('test.9.7')])).toMatchObject({ repeated: false });
    expect(answer).not.toHaveBeenCalled();
  });
});
