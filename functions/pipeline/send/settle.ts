import type { Message } from '../../message/message.ts';
import { parseReference } from '../../message/reference.ts';
import { backoffSeconds } from '../backoff.ts';
import { type Attempt, type SendTally, tally } from './attempt.ts';
import type { InquireAnswer, SendAnswer, SendPorts, SendResult, SettledResult } from './ports.ts';

/** What each answer means for the batch. */
export async function conclude(
  attempt: Attempt,
  answer: Exclude<SendAnswer, { outcome: 'refused' }> | InquireAnswer,
  ports: SendPorts,
): Promise<SendTally> {
  const { lease, leaseToken } = attempt;
  if (answer.outcome === 'answered') return await write(attempt, { results: answer.results.flatMap(toSettled) }, ports);
  const reason = 'reason' in answer ? answer.reason : undefined;
  const waitSeconds = answer.outcome === 'keyClosed' ? 0 : backoffSeconds(lease.requeues, ports.clock.random());
  // "Not now" speaks of this call alone: if an earlier one was in doubt, the batch still is.
  const reopen = answer.outcome === 'keyClosed' || (answer.outcome === 'notNow' && lease.sealed === undefined);
  const burnt = answer.outcome === 'inDoubt';
  await ports.store.release({ batchId: lease.batchId, leaseToken, waitSeconds, burnt, reopen });
  return tally({ outcome: answer.outcome === 'keyClosed' ? 'reopened' : answer.outcome, reason });
}

/**
 * A request that is wrong as a whole is halved until the one member at fault is found. That one ends once the gateway has
 * accepted others meanwhile; if it refuses whatever it is sent, none ends: they wait, and an alarm says so.
 */
export async function halve(
  attempt: Attempt,
  { messages, reason }: { messages: readonly Message[]; reason: string },
  ports: SendPorts,
): Promise<SendTally> {
  const { lease, leaseToken } = attempt;
  // This refusal speaks of this call alone; an earlier one may have been accepted.
  if (lease.sealed !== undefined)
    return await conclude(attempt, await ports.gateway.inquire(lease.idempotencyKey), ports);
  const [only] = messages;
  if (messages.length === 1 && only !== undefined && lease.othersAnswered) {
    const { clientKey } = only;
    const rejection = { clientKey, accepted: false, messageKey: '', code: 'E999', reason: `gateway: ${reason}` };
    return await write(attempt, { results: [rejection], onlyUnder: leaseToken }, ports);
  }
  const waitSeconds = backoffSeconds(lease.requeues, ports.clock.random());
  await ports.store.split({ batchId: lease.batchId, leaseToken, messages, waitSeconds });
  return tally({ outcome: 'refused', reason });
}

function toSettled({ reference, ...result }: SendResult): SettledResult[] {
  const clientKey = parseReference(reference)?.clientKey;
  if (clientKey === undefined) return [];
  return [{ ...result, clientKey, reason: result.accepted ? null : `gateway: rejected with code ${result.code}` }];
}

interface Answer {
  readonly results: readonly SettledResult[];
  /** The lease without which it does not count; undefined if it is true in any case. */
  readonly onlyUnder?: string;
}

/** Rows that somebody holds are tried again; what is open after that is settled by another sender, by the same answer. */
const settleTries = 5;
const settlePauseMs = 100;

async function write({ lease, leaseToken }: Attempt, answer: Answer, ports: SendPorts): Promise<SendTally> {
  const { batchId } = lease;
  const { results } = answer;
  const { openCount, asideCount, asideSeconds, ...settled } = await settle(batchId, answer, ports);
  if (openCount > 0) {
    const backoff = backoffSeconds(lease.requeues, ports.clock.random());
    const waitSeconds = openCount === asideCount ? Math.max(asideSeconds, backoff) : backoff;
    await ports.store.release({ batchId, leaseToken, waitSeconds, burnt: false, reopen: false });
  }
  const accepted = results.filter((result) => result.accepted).length;
  return tally({ outcome: 'sent', accepted, rejected: results.length - accepted, settled });
}

/** What is open after the last try, and what all of them together have settled. */
async function settle(batchId: string, { results, onlyUnder }: Answer, { store, clock }: SendPorts) {
  const ask = () => store.settle(batchId, results, onlyUnder);
  let { acceptedCount: accepted, rejectedCount: rejected, ...open } = await ask();
  for (let tries = 1; open.openCount > open.asideCount && tries < settleTries; tries++) {
    await clock.sleep(settlePauseMs);
    const { acceptedCount, rejectedCount, ...left } = await ask();
    accepted += acceptedCount;
    rejected += rejectedCount;
    open = left;
  }
  return { ...open, accepted, rejected };
}
