import type { Channel } from './channel.ts';

/** What became of a message on one channel, according to the gateway. */
export interface Report {
  /** The gateway's key for the message. */
  readonly messageKey: string;
  /** Our reference, as it was sent. */
  readonly reference: string;
  readonly channel: Channel;
  /** SM, LM, MM, IM, AT, AI, FT, FI, FW, RS, RL, RM and so on. */
  readonly messageType: string;
  /** `result` is the channel's final outcome; `handset` is the handset's own receipt after it. */
  readonly reportType: 'result' | 'handset';
  /** `10000` is delivered; anything else is not. */
  readonly reportCode: string;
  /** Network of the handset; empty where the channel has none. */
  readonly carrier: string;
  /** When it reached the handset, or failed; undefined if the gateway does not say. */
  readonly handsetAt: Date | undefined;
  /** Concatenated parts; undefined if not known. */
  readonly parts: number | undefined;
}
