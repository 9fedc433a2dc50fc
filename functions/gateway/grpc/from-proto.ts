import * as z from 'zod';
import { Channel } from '../../message/channel.ts';
import type { Report } from '../../message/report.ts';
import type { InquiredReports, MessageName, ReportsAnswer } from '../../pipeline/expire.ts';
import type { SendResult } from '../../pipeline/send/ports.ts';
import {
  MessageStatus,
  Channel as ProtoChannel,
  type InquiredReports as ProtoInquiredReports,
  type Report as ProtoReport,
  ReportType,
} from './generated/omni/gateway/v1/gateway.ts';

const channels: Readonly<Partial<Record<ProtoChannel, Channel>>> = {
  [ProtoChannel.CHANNEL_SMS]: Channel.Sms,
  [ProtoChannel.CHANNEL_MMS]: Channel.Mms,
  [ProtoChannel.CHANNEL_RCS]: Channel.Rcs,
  [ProtoChannel.CHANNEL_ALIMTALK]: Channel.Alimtalk,
  [ProtoChannel.CHANNEL_FRIENDTALK]: Channel.Friendtalk,
  [ProtoChannel.CHANNEL_BRANDMESSAGE]: Channel.Brandmessage,
  [ProtoChannel.CHANNEL_INTERNATIONAL]: Channel.International,
};

/**
 * The reports of a batch that can be used. One that names no channel that we know, or no message at all, fits no column
 * and no row: it is left out, `onBadReport` hears of it, and the others of its batch are stored and acknowledged.
 */
export function toReports(reports: readonly ProtoReport[], onBadReport: (reason: string) => void): Report[] {
  return reports.flatMap((report) => {
    const { messageKey = '', reference = '', channel: number = 0 } = report;
    const channel = channels[number];
    if (channel === undefined) onBadReport(`report of message key "${messageKey}" names unknown channel ${number}`);
    else if (messageKey === '' && reference === '') onBadReport(`report of channel ${channel} names no message`);
    else return [toReport(report, channel)];
    return [];
  });
}

function toReport(report: ProtoReport, channel: Channel): Report {
  const { messageKey = '', reference = '', messageType = '', code = '', carrier = '', parts = 0 } = report;
  return {
    messageKey,
    reference,
    channel,
    messageType,
    reportType: report.reportType === ReportType.REPORT_TYPE_HANDSET ? 'handset' : 'result',
    reportCode: code,
    carrier,
    handsetAt: report.handsetAt,
    parts: parts > 0 ? parts : undefined,
  };
}

const accepted = 'A000';

/** As the contract bounds them: a longer value would fail the statement that settles the whole batch. */
const sendResults = z.array(
  z
    .object({
      reference: z.string().min(1),
      messageKey: z
        .string()
        .regex(/^[\x21-\x7e]{0,40}$/)
        .default(''),
      code: z.string().regex(/^[A-Za-z0-9]{1,10}$/),
    })
    .transform(
      ({ reference, messageKey, code }): SendResult => ({
        reference,
        accepted: code === accepted,
        messageKey: code === accepted ? messageKey : '',
        code,
      }),
    ),
);

/**
 * The results of a Send or an Inquire, checked against the references that were sent, if they are known. What does not
 * fit is told in `mismatch`: then nothing in the answer can be relied on.
 */
export function toSendResults(
  results: unknown,
  sent?: readonly string[],
): { results: readonly SendResult[] } | { mismatch: string } {
  const parsed = sendResults.safeParse(results);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { mismatch: `malformed result ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
  }
  const references = new Set(parsed.data.map((result) => result.reference));
  const repeated = parsed.data.length - references.size;
  const missing = sent?.filter((reference) => !references.has(reference)).length ?? 0;
  const extra = sent === undefined ? 0 : references.size - (sent.length - missing);
  if (parsed.data.length > 0 && repeated + missing + extra === 0) return { results: parsed.data };
  return {
    mismatch: `${parsed.data.length} results do not fit the batch: ${missing} missing, ${extra} extra, ${repeated} repeated`,
  };
}

const statuses: Readonly<Partial<Record<MessageStatus, InquiredReports['status']>>> = {
  [MessageStatus.MESSAGE_STATUS_UNKNOWN]: 'unknown',
  [MessageStatus.MESSAGE_STATUS_PENDING]: 'pending',
  [MessageStatus.MESSAGE_STATUS_REPORTED]: 'reported',
};

/**
 * The results of an InquireReports about these messages. What does not fit counts as no answer at all: a message of which the
 * gateway said nothing was not asked about. A report without our reference is about the message that was asked about.
 */
export function toInquiredReports(
  results: readonly ProtoInquiredReports[],
  messages: readonly MessageName[],
  onBadReport: (reason: string) => void,
): ReportsAnswer {
  const failed = (reason: string): ReportsAnswer => ({ outcome: 'failed', reason });
  if (results.length !== messages.length)
    return failed(`InquireReports was answered with ${results.length} results for ${messages.length} messages`);
  const inquired: InquiredReports[] = [];
  for (const [index, { status: number = 0, reports }] of results.entries()) {
    const status = statuses[number];
    if (status === undefined) return failed(`InquireReports was answered with unknown status ${number}`);
    const name = messages[index];
    const reference = name !== undefined && 'reference' in name ? name.reference : '';
    inquired.push({
      status,
      reports: toReports(
        reports.map((report) => ({ ...report, reference: report.reference || reference })),
        onBadReport,
      ),
    });
  }
  return { outcome: 'answered', results: inquired };
}
