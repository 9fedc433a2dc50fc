import type { Channel } from './channel.ts';
import type { Priority } from './priority.ts';

/**
 * One message as it goes to the gateway: the contents of a row of msg_tran, translated once. What each word means is in
 * docs/glossary.md.
 */
export interface Message {
  /** The row's client_key. A string, because it is a bigint and may exceed 2^53. */
  readonly clientKey: string;
  /** Our name for it at the gateway: `<installation>.<client_key>.<batch_id>`. */
  readonly reference: string;
  readonly recipient: string;
  readonly senderNumber: string;
  readonly priority: Priority;
  /** The carrier must have it by then. */
  readonly expiresAt: Date;
  readonly paymentCode: string;
  readonly originCompanyId: string;
  /** One to three channels, tried in this order. */
  readonly fallbackChain: readonly ChannelContent[];
}

/** What to send on one channel of the chain. */
export type ChannelContent =
  | { readonly channel: typeof Channel.Sms; readonly text: string }
  | {
      readonly channel: typeof Channel.Mms;
      readonly title: string;
      readonly text: string;
      readonly fileKeys: readonly string[];
    }
  | {
      readonly channel: typeof Channel.Rcs;
      readonly content: string;
      readonly messageBaseId: string;
      readonly brandKey: string;
      readonly agencyKey: string;
      readonly optionsJson: string;
    }
  | {
      readonly channel: typeof Channel.Alimtalk | typeof Channel.Friendtalk | typeof Channel.Brandmessage;
      readonly messageType: string;
      readonly text: string;
      readonly senderKey: string;
      readonly templateCode: string;
      readonly optionsJson: string;
    }
  | { readonly channel: typeof Channel.International; readonly text: string };
