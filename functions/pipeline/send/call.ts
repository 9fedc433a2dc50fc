import type { Message } from '../../message/message.ts';
import { timing } from '../../settings/timing.ts';
import { type Attempt, type SendTally, tally } from './attempt.ts';
import type { SendClock, SendPorts } from './ports.ts';
import { conclude, halve } from './settle.ts';

/**
 * The gateway call, in its slot. It is not made once the lease is over: what the lease found of bans, validity and the
 * customer's changes is old by then, and another sender may have the batch.
 */
export async function call(attempt: Attempt, messages: readonly Message[], ports: SendPorts): Promise<SendTally> {
  const late = await awaitSlot(attempt.slotAt, messages.length, ports);
  if (ports.clock.now() - attempt.askedAt > timing.leaseSeconds * 1000) {
    return tally({ outcome: 'inDoubt', late, reason: 'the lease was over before the call' });
  }
  const answer = await ports.gateway.send({ idempotencyKey: attempt.lease.idempotencyKey, messages });
  if (answer.outcome === 'refused') {
    return { ...(await halve(attempt, { messages, reason: answer.reason }, ports)), late };
  }
  return { ...(await conclude(attempt, answer, ports)), late };
}

/** Waits for the slot; a sender that comes too late for it, or sleeps through it, takes a new one. */
async function awaitSlot(slotAt: number, messageCount: number, { store, clock }: SendPorts): Promise<boolean> {
  let late = false;
  let begins = slotAt;
  await sleepUntil(begins, clock);
  while (clock.now() - begins > timing.slotLatenessMs) {
    late = true;
    const waitSeconds = await store.reserveSlot(messageCount);
    begins = clock.now() + waitSeconds * 1000;
    await sleepUntil(begins, clock);
  }
  return late;
}

export async function sleepUntil(at: number, clock: SendClock): Promise<void> {
  const ms = at - clock.now();
  if (ms > 0) await clock.sleep(ms);
}
