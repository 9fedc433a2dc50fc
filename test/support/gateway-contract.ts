import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Simulator } from '../../bin/local/simulator/start.ts';
import type { SendGateway } from '../../functions/pipeline/send/ports.ts';
import { aMessage, aSimulator, someMessages } from './gateway-parts.ts';

/** What the sender relies on, whatever the protocol: `connect` makes the adapter under test. */
export function sendGatewayContract(connect: (url: string) => SendGateway): void {
  const begin = async (overrides: Parameters<typeof aSimulator>[0] = {}) => {
    const simulator = await aSimulator(overrides);
    return { simulator, gateway: connect(simulator.url) };
  };
  const acceptedBy = (simulator: Simulator) => simulator.stats()['accepted'];

  it('answers with one result for each message', async () => {
    const { gateway } = await begin();
    const messages = [aMessage(), aMessage({ recipient: 'nobody' })];
    const answer = await gateway.send({ idempotencyKey: randomUUID(), messages });
    expect(answer).toMatchObject({
      outcome: 'answered',
      results: [
        { reference: messages[0]?.reference, accepted: true, messageKey: expect.stringMatching(/.+/), code: 'A000' },
        { reference: messages[1]?.reference, accepted: false, messageKey: '', code: 'A306' },
      ],
    });
  });

  it('gets the original results when it repeats a batch under its key, and nothing is accepted again', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(200) };
    const first = await gateway.send(batch);
    expect(await gateway.send(batch)).toEqual(first);
    expect(acceptedBy(simulator)).toBe(200);
  });

  it('is in doubt when the answer is lost, and gets it by repeating the batch', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(3) };
    simulator.script([{ after: 'reset' }]);
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'inDoubt' });
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
    expect(acceptedBy(simulator)).toBe(3);
  });

  it('learns by inquiry what became of a batch whose answer was lost', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(2) };
    simulator.script([{ after: 'internal' }]);
    await gateway.send(batch);
    const answer = await gateway.inquire(batch.idempotencyKey);
    expect(answer).toEqual(await gateway.send(batch));
    expect(answer).toMatchObject({ outcome: 'answered', results: [{ accepted: true }, { accepted: true }] });
  });

  it('finds the key closed once an inquiry did not find the batch', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(1) };
    expect(await gateway.inquire(batch.idempotencyKey)).toEqual({ outcome: 'keyClosed' });
    expect(await gateway.send(batch)).toEqual({ outcome: 'keyClosed' });
    expect(acceptedBy(simulator)).toBe(0);
  });

  it('is refused as a whole because of one message, and the others go under another key', async () => {
    const { simulator, gateway } = await begin();
    const others = someMessages(2);
    const messages = [...others, aMessage({ reference: 'r'.repeat(201) })];
    const answer = await gateway.send({ idempotencyKey: randomUUID(), messages });
    expect(answer).toEqual({ outcome: 'refused', reason: expect.stringMatching(/^INVALID_ARGUMENT: .+/) });
    expect(acceptedBy(simulator)).toBe(0);
    expect(await gateway.send({ idempotencyKey: randomUUID(), messages: others })).toMatchObject({
      outcome: 'answered',
    });
    expect(acceptedBy(simulator)).toBe(2);
  });

  it('answers "not now" when the gateway has no room, and sends later under the same key', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(1) };
    simulator.script([{ before: 'resourceExhausted' }]);
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'notNow' });
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
  });

  it('answers "not now" when nobody listens, and is in doubt when it asks', async () => {
    const { simulator, gateway } = await begin();
    await simulator.close();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(1) };
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'notNow' });
    expect(await gateway.inquire(batch.idempotencyKey)).toMatchObject({ outcome: 'inDoubt' });
  });
}
