import { Channel } from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';

/** Acceptance codes that the simulator uses, in the gateway's words. */
export const acceptanceCodes = {
  A000: 'Success',
  A201: 'Overlength the image title',
  A204: 'Missing file in the request',
  A217: "Invalid or empty 'fileKey'",
  A300: 'Wrong request',
  A302: "Invalid or empty 'from'",
  A303: "Invalid or empty 'text'",
  A306: "Invalid or empty 'to'",
  A310: "Length of 'paymentCode' exceeded",
  A312: "Invalid or empty 'fallback.type'",
  A319: "Number of 'filekey' exceeded",
  A322: 'Spam filtering(text)',
  A323: 'Spam filtering(from)',
  A324: 'Spam filtering(to)',
  A325: "No permission 'Message-Send'",
  A327: "Not Allowed 'from'",
  A328: "Length of 'text' exceeded",
  A404: "Invalid or empty 'formatId'",
  A415: "Invalid or empty 'rcs.content'",
  A420: "Invalid or empty 'brandKey'",
  A502: "Invalid or empty 'senderKey'",
  A505: "Invalid or empty 'templateCode'",
  A523: "Invalid or empty 'msgType'",
} as const;

export type AcceptanceCode = keyof typeof acceptanceCodes;

/** Codes with which a valid message may be rejected all the same. */
export const whims: readonly AcceptanceCode[] = ['A322', 'A323', 'A324', 'A325', 'A327'];

const text = ['22000', '22003', '22005', '23001', '23003', '23012', '23023'];
const rcs = ['33101', '33121', '33123', '54002', '54003'];
const kakao = ['63016', '63018', '63019', '63020', '67014'];

/** Failure codes in the reports of each channel. */
export const failureCodes: Readonly<Partial<Record<Channel, readonly string[]>>> = {
  [Channel.CHANNEL_SMS]: text,
  [Channel.CHANNEL_MMS]: [...text, '23010', '23016'],
  [Channel.CHANNEL_RCS]: rcs,
  [Channel.CHANNEL_ALIMTALK]: kakao,
  [Channel.CHANNEL_FRIENDTALK]: [...kakao, '63022'],
  [Channel.CHANNEL_BRANDMESSAGE]: [...kakao, '63022'],
  [Channel.CHANNEL_INTERNATIONAL]: ['22000', '22003', '23001', '23003'],
};

/** SKT, KT, LGU. */
export const carriers = ['10001', '10002', '10003'] as const;

/** Channels whose reports name a carrier. */
export const carriedChannels: ReadonlySet<Channel> = new Set([
  Channel.CHANNEL_SMS,
  Channel.CHANNEL_MMS,
  Channel.CHANNEL_RCS,
]);
