import { Channel } from '../../message/channel.ts';
import type { ChannelContent, Message } from '../../message/message.ts';
import { Priority } from '../../message/priority.ts';
import type { MessageName } from '../../pipeline/expire.ts';
import {
  type InquiredMessage,
  type ChannelContent as ProtoContent,
  type Message as ProtoMessage,
  Priority as ProtoPriority,
  type SendRequest,
} from './generated/omni/gateway/v1/gateway.ts';

const priorities: Readonly<Record<Priority, ProtoPriority>> = {
  [Priority.VeryFast]: ProtoPriority.PRIORITY_VERYFAST,
  [Priority.Fast]: ProtoPriority.PRIORITY_FAST,
  [Priority.Slow]: ProtoPriority.PRIORITY_SLOW,
};

export function toSendRequest(batch: { idempotencyKey: string; messages: readonly Message[] }): SendRequest {
  return { idempotencyKey: batch.idempotencyKey, messages: batch.messages.map(toProtoMessage) };
}

export function toInquiredMessage(name: MessageName): InquiredMessage {
  return 'reference' in name
    ? { name: { $case: 'reference', value: name.reference } }
    : { name: { $case: 'messageKey', value: name.messageKey } };
}

function toProtoMessage({ clientKey: _ours, priority, fallbackChain, ...same }: Message): ProtoMessage {
  return {
    ...same,
    priority: priorities[priority],
    fallbackChain: fallbackChain.map((content) => ({ content: toProtoContent(content) })),
  };
}

function toProtoContent(content: ChannelContent): NonNullable<ProtoContent['content']> {
  switch (content.channel) {
    case Channel.Mms: {
      const { channel, fileKeys, ...value } = content;
      return { $case: channel, value: { ...value, fileKeys: [...fileKeys] } };
    }
    case Channel.Sms:
    case Channel.International:
      return { $case: content.channel, value: { text: content.text } };
    case Channel.Rcs: {
      const { channel, ...value } = content;
      return { $case: channel, value };
    }
    default: {
      const { channel, ...value } = content;
      return { $case: channel, value };
    }
  }
}
