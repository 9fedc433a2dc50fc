import { vi } from 'vitest';
import type { Message } from '../../functions/message/message.ts';
import type { InquiredReports, InquiryGateway, MessageName, ReportsAnswer } from '../../functions/pipeline/expire.ts';
import type { InquireAnswer, SendAnswer, SendGateway, SendResult } from '../../functions/pipeline/send/ports.ts';

/** What happens to a call: a `lost` one is received and processed, but its answer never arrives. */
export type Fate = 'answered' | 'notNow' | 'lost' | 'neverReceived';

/** The gateway's reason for refusing a request as a whole. */
export const refusal = 'INVALID_ARGUMENT: one message is wrong';

/**
 * A gateway in memory that keeps the contract's promises: a key is accepted once, a closed key never. What happens to
 * each call is scripted; calls without a script are answered.
 */
export class FakeGateway implements SendGateway, InquiryGateway {
  /** The reference of every acceptance: one that appears twice is a message sent twice. */
  readonly accepted: string[] = [];
  readonly fates: Fate[] = [];
  /** Messages to these numbers are rejected. */
  readonly rejectedNumbers = new Set<string>();
  /** A request with such a message is refused as a whole, whatever became of an earlier one under its key. */
  refuses: (message: Message) => boolean = () => false;
  readonly #results = new Map<string, { hash: string; results: SendResult[] }>();
  readonly #closed = new Set<string>();

  readonly send = vi.fn(
    async ({ idempotencyKey, messages }: Parameters<SendGateway['send']>[0]): Promise<SendAnswer> => {
      const fate = this.fates.shift() ?? 'answered';
      if (fate === 'notNow') return { outcome: 'notNow', reason: 'scripted' };
      if (fate === 'neverReceived') return { outcome: 'inDoubt', reason: 'scripted' };
      if (messages.some((message) => this.refuses(message))) return { outcome: 'refused', reason: refusal };
      if (this.#closed.has(idempotencyKey)) return { outcome: 'keyClosed' };
      const hash = JSON.stringify(messages);
      const known = this.#results.get(idempotencyKey);
      if (known !== undefined && known.hash !== hash) return { outcome: 'inDoubt', reason: 'used for other contents' };
      const results = known?.results ?? messages.map((message) => this.#decide(message));
      this.#results.set(idempotencyKey, { hash, results });
      return fate === 'lost' ? { outcome: 'inDoubt', reason: 'scripted' } : { outcome: 'answered', results };
    },
  );

  readonly inquire = vi.fn(async (idempotencyKey: string): Promise<InquireAnswer> => {
    const known = this.#results.get(idempotencyKey);
    if (known !== undefined) return { outcome: 'answered', results: known.results };
    this.#closed.add(idempotencyKey);
    return { outcome: 'keyClosed' };
  });

  /** What it knows of messages, by reference or by key; it knows nothing of others. */
  readonly known = new Map<string, InquiredReports>();
  /** Why an inquiry about these messages fails or is refused, if it is. */
  objectsTo: (messages: readonly MessageName[]) => Exclude<ReportsAnswer, { outcome: 'answered' }> | undefined = () =>
    undefined;

  readonly inquireReports = vi.fn(async (messages: readonly MessageName[]): Promise<ReportsAnswer> => {
    const objection = this.objectsTo(messages);
    if (objection !== undefined) return objection;
    const nameOf = (message: MessageName) => ('reference' in message ? message.reference : message.messageKey);
    const results = messages.map(
      (message): InquiredReports => this.known.get(nameOf(message)) ?? { status: 'unknown', reports: [] },
    );
    return { outcome: 'answered', results };
  });

  #decide({ reference, recipient }: Message): SendResult {
    if (this.rejectedNumbers.has(recipient)) return { reference, accepted: false, messageKey: '', code: 'A306' };
    this.accepted.push(reference);
    return { reference, accepted: true, messageKey: `K-${reference}`, code: 'A000' };
  }
}
