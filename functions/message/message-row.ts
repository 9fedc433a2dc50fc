import * as z from 'zod';
import { Channel, fallbackChain, isChannel } from './channel.ts';
import type { ChannelContent, Message } from './message.ts';
import { internationalNumber, normalNumber } from './number.ts';
import { isNoOption } from './option.ts';
import { Priority, priorityOf } from './priority.ts';
import { formatReference } from './reference.ts';

const text = z
  .string()
  .nullable()
  .transform((value) => value ?? '');

/** A row of msg_tran as the lease reads it: the customers' column names, translated here and nowhere else. */
export const messageRow = z.object({
  /** A bigint, which must never become a number. */
  client_key: z.coerce.string().regex(/^-?\d+$/),
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

/** The message in a row that has passed judge.ts. */
export function toMessage(row: MessageRow, batch: { installation: string; batchId: string }): Message {
  const chain = fallbackChain(row.channel_order).filter(isChannel);
  const recipient = normalNumber(row.recipient) ?? '';
  return {
    clientKey: row.client_key,
    reference: formatReference({ ...batch, clientKey: row.client_key }),
    recipient: chain.includes(Channel.International) ? internationalNumber(recipient) : recipient,
    senderNumber: normalNumber(row.callback) ?? row.callback.trim(),
    priority: priorityOf(row.priority) ?? Priority.Slow,
    expiresAt: row.expires_at,
    paymentCode: row.payment_code.trim(),
    originCompanyId: row.origin_cid.trim(),
    fallbackChain: chain.map((channel) => contentOf(channel, row)),
  };
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
        optionsJson: optionsOf(row.rcs_option),
      };
    default:
      return {
        channel,
        messageType: row.kko_msg_type,
        text: row.kko_content,
        senderKey: row.kko_sender_key,
        templateCode: row.kko_template_code,
        optionsJson: optionsOf(row.kko_option),
      };
  }
}

/** Empty if the option has no content. */
function optionsOf(option: string): string {
  return isNoOption(option) ? '' : option.trim();
}

function listOf(commaSeparated: string): string[] {
  return commaSeparated
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
