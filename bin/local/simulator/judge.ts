import {
  Channel,
  type ChannelContent,
  type KakaoContent,
  type Message,
  type RcsContent,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { Leg } from './accept-log.ts';
import type { AcceptanceCode } from './codes.ts';
import { hasExpiredKey } from './file-keys.ts';

type Content = NonNullable<ChannelContent['content']>;

/** What a gateway finds wrong with a message at this time; undefined if nothing. */
export function faultOf(message: Message, now: number): AcceptanceCode | undefined {
  const chain = message.fallbackChain.map(({ content }) => content);
  if (chain.length < 1 || chain.length > 3) return 'A300';
  if (chain.length > 1 && chain.some((content) => content?.$case === 'international')) return 'A312';
  if (!/^\+?\d{8,15}$/.test(message.recipient ?? '')) return 'A306';
  if ((message.paymentCode ?? '').length > 20) return 'A310';
  for (const content of chain) {
    const fault = content === undefined ? 'A300' : faultOfContent(content, message.senderNumber ?? '', now);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfContent(content: Content, senderNumber: string, now: number): AcceptanceCode | undefined {
  switch (content.$case) {
    case 'sms':
      return faultOfSender(senderNumber) ?? faultOfText(content.value.text, 90, bytesOf);
    case 'mms':
      if (content.value.fileKeys.length > 3) return 'A319';
      if (hasExpiredKey(content.value.fileKeys.join(' '), now)) return 'A217';
      return faultOfSender(senderNumber) ?? faultOfText(content.value.text, 2_000, bytesOf);
    case 'international':
      return faultOfSender(senderNumber) ?? faultOfText(content.value.text, 2_000, (text) => text.length);
    case 'rcs':
      if (hasExpiredKey(content.value.content ?? '', now)) return 'A217';
      return faultOfSender(senderNumber) ?? faultOfRcs(content.value);
    default:
      return faultOfKakao(content.value, content.$case === 'alimtalk');
  }
}

function faultOfSender(senderNumber: string): AcceptanceCode | undefined {
  return /^\+?[\d-]{3,20}$/.test(senderNumber) ? undefined : 'A302';
}

function faultOfText(text = '', limit: number, measure: (text: string) => number): AcceptanceCode | undefined {
  if (text === '') return 'A303';
  return measure(text) > limit ? 'A328' : undefined;
}

/** Length in EUC-KR, where a Hangul syllable takes two bytes. */
function bytesOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (character < '\u0080' ? 1 : 2), 0);
}

function faultOfRcs({ content, messageBaseId, brandKey }: RcsContent): AcceptanceCode | undefined {
  if (!content) return 'A415';
  if (!messageBaseId) return 'A404';
  return brandKey ? undefined : 'A420';
}

function faultOfKakao(
  { messageType, text, senderKey, templateCode }: KakaoContent,
  needsTemplate: boolean,
): AcceptanceCode | undefined {
  if (!/^[A-Z]{2}$/.test(messageType ?? '')) return 'A523';
  if (!text) return 'A303';
  if (!senderKey) return 'A502';
  return needsTemplate && !templateCode ? 'A505' : undefined;
}

/** How reports will describe this content. */
export function legOf({ content }: ChannelContent): Leg {
  switch (content?.$case) {
    case 'sms':
      return { channel: Channel.CHANNEL_SMS, type: 'SM' };
    case 'mms':
      return { channel: Channel.CHANNEL_MMS, type: content.value.fileKeys.length > 0 ? 'MM' : 'LM' };
    case 'rcs':
      return { channel: Channel.CHANNEL_RCS, type: rcsTypeOf(content.value.messageBaseId ?? '') };
    case 'alimtalk':
      return { channel: Channel.CHANNEL_ALIMTALK, type: content.value.messageType ?? '' };
    case 'friendtalk':
      return { channel: Channel.CHANNEL_FRIENDTALK, type: content.value.messageType ?? '' };
    case 'brandmessage':
      return { channel: Channel.CHANNEL_BRANDMESSAGE, type: content.value.messageType ?? '' };
    case 'international':
      // A concatenated part carries 67 characters of UCS-2.
      return { channel: Channel.CHANNEL_INTERNATIONAL, type: 'IM', parts: partsOf(content.value.text ?? '') };
    default:
      return { channel: Channel.CHANNEL_UNSPECIFIED, type: '' };
  }
}

function partsOf(text: string): number {
  return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
}

/** By the message base: SS… is a short text, SL… a long one, SM…, CM… and OM… carry media, the rest are templates. */
function rcsTypeOf(messageBaseId: string): string {
  if (messageBaseId.startsWith('SS')) return 'RS';
  if (messageBaseId.startsWith('SL')) return 'RL';
  return /^(SM|CM|OM)/.test(messageBaseId) ? 'RM' : 'RT';
}
