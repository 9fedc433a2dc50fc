import * as z from 'zod';
import { Channel, Priority } from '../message/channel.ts';
import type { ChannelContent, Message } from '../message/message.ts';
import { formatReference } from '../message/reference.ts';
import { key } from './agent-database.ts';

const text = z
  .string()
  .nullable()
  .transform((value) => value ?? '');

/** A row of msg_tran as the lease reads it: the customers' column names, translated here and nowhere else. */
export const messageRow = z.object({
  client_key: key,
  expires_at: z.coerce.date(),
  priority: text,
  channel_order: z.string(),
  callback: text,
  recipient: z.string(),
  payment_code: text,
  origin_cid: text,
  mt_subject: text,
  mt_content: text,
  mt_file_key: text,
  kko_msg_type: text,
  kko_content: text,
  kko_option: text,
  kko_sender_key: text,
  kko_template_code: text,
  rcs_content: text,
  rcs_option: text,
  rcs_brand_key: text,
  rcs_agency_key: text,
  rcs_msgbase_id: text,
});

export type MessageRow = z.output<typeof messageRow>;

export function toMessage(row: MessageRow, batch: { installation: string; batchId: string }): Message {
  return {
    clientKey: row.client_key,
    reference: formatReference({ ...batch, clientKey: row.client_key }),
    recipient: row.recipient.trim(),
    senderNumber: row.callback.trim(),
    priority: priorityOf(row.priority),
    expiresAt: row.expires_at,
    paymentCode: row.payment_code.trim(),
    originCompanyId: row.origin_cid.trim(),
    fallbackChain: chainOf(row.channel_order).map((channel) => contentOf(channel, row)),
  };
}

/** As the tables' lane_of: a missing or unknown priority is slow. */
function priorityOf(priority: string): Priority {
  const name = priority.toLowerCase();
  return name === Priority.VeryFast || name === Priority.Fast ? name : Priority.Slow;
}

const channels = z.array(z.enum(Channel));

/** As the tables' fallback_chain; rows with another channel never come this far. */
function chainOf(channelOrder: string): Channel[] {
  return channels.parse(channelOrder.replaceAll(' ', '').toLowerCase().split(','));
}

function contentOf(channel: Channel, row: MessageRow): ChannelContent {
  switch (channel) {
    case Channel.Sms:
    case Channel.International:
      return { channel, text: row.mt_content };
    case Channel.Mms:
      return { channel, title: row.mt_subject, text: row.mt_content, fileKeys: listOf(row.mt_file_key) };
    case Channel.Rcs:
      return {
        channel,
        content: row.rcs_content,
        messageBaseId: row.rcs_msgbase_id,
        brandKey: row.rcs_brand_key,
        agencyKey: row.rcs_agency_key,
        optionsJson: row.rcs_option.trim(),
      };
    default:
      return {
        channel,
        messageType: row.kko_msg_type,
        text: row.kko_content,
        senderKey: row.kko_sender_key,
        templateCode: row.kko_template_code,
        optionsJson: row.kko_option.trim(),
      };
  }
}

function listOf(commaSeparated: string): string[] {
  return commaSeparated
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
