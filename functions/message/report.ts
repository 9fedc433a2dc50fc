import type { Channel } from './channel.ts';

/** What became of a message on one channel, as the gateway tells it. */
export interface Report {
  /** The gateway's key of the message. */
  readonly messageKey: string;
  /** Our reference, as it was sent. */
  readonly reference: string;
  readonly channel: Channel;
  /** SM, LM, MM, IM, AT, AI, FT, FI, FW, RS, RL, RM and so on. */
  readonly messageType: string;
  /** `result` is the final news of the channel; `handset` the handset's own receipt after it. */
  readonly reportType: 'result' | 'handset';
  /** `10000` is delivered; anything else is not. */
  readonly reportCode: string;
  /** Network of the handset; empty where the channel has none. */
  readonly carrier: string;
  /** When it reached the handset, or failed; absent if the gateway does not say. */
  readonly handsetAt: Date | undefined;
  /** Concatenated parts; absent if not known. */
  readonly parts: number | undefined;
}
