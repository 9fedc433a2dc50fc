import type { Message } from '../message/message.ts';

/** What the sender needs of a gateway. */
export interface SendGateway {
  /** Sends a sealed batch. Never throws for what the gateway or the network did: that is an answer. */
  send(batch: { idempotencyKey: string; messages: readonly Message[] }): Promise<SendAnswer>;
  /** Asks what became of a batch. */
  inquire(idempotencyKey: string): Promise<InquireAnswer>;
}

export type SendAnswer =
  /** Each message was accepted or rejected, now or by an earlier call under the same key. */
  | { readonly outcome: 'answered'; readonly results: readonly SendResult[] }
  /** Nothing of the batch was accepted by this call; it may be made again later. */
  | { readonly outcome: 'notNow'; readonly reason: string }
  /** The key is closed: nothing was, or ever will be, accepted under it. */
  | { readonly outcome: 'keyClosed' }
  /** We cannot know. */
  | { readonly outcome: 'inDoubt'; readonly reason: string };

export interface SendResult {
  readonly reference: string;
  readonly accepted: boolean;
  /** The gateway's key of the message; empty unless accepted. */
  readonly messageKey: string;
  /** The gateway's acceptance code; `A000` is accepted. */
  readonly code: string;
}

export type InquireAnswer =
  | { readonly outcome: 'answered'; readonly results: readonly SendResult[] }
  /** Never received, and from now on the key is closed. */
  | { readonly outcome: 'keyClosed' }
  /** No answer now; ask again later. */
  | { readonly outcome: 'inDoubt'; readonly reason: string };
