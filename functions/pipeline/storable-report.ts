import { parseReference, type Reference } from '../message/reference.ts';
import type { Report } from '../message/report.ts';

/** A report whose values fit the columns of msg_report, and never fail the statement for the others. */
export interface StorableReport extends Omit<Report, 'reference'> {
  /** Undefined if it is not a reference of an OMNI agent. */
  readonly reference: Reference | undefined;
}

/** Undefined if the report names no message at all, so that nothing could ever be done with it. */
export function toStorable(report: Report): StorableReport | undefined {
  const reference = parseReference(report.reference);
  // Without a key two reports of one message would not be known as the same: our reference makes one.
  const ownKey = reference === undefined ? '' : `${reference.clientKey}.${reference.batchId}`;
  const messageKey = clip(report.messageKey, 40) || ownKey;
  if (messageKey === '') return undefined;
  return {
    reference,
    messageKey,
    channel: report.channel,
    messageType: clip(report.messageType, 10),
    reportType: report.reportType,
    reportCode: clip(report.reportCode, 10),
    carrier: clip(report.carrier, 10),
    handsetAt: isPlausible(report.handsetAt) ? report.handsetAt : undefined,
    parts: report.parts,
  };
}

/**
 * PostgreSQL takes no NUL in text and no half of a surrogate pair in JSON; a value of more characters than its column has
 * fails the whole statement.
 */
function clip(text: string, length: number): string {
  return [...text.replaceAll('\0', '')].slice(0, length).join('');
}

function isPlausible(at: Date | undefined): boolean {
  const year = at?.getUTCFullYear() ?? Number.NaN;
  return year >= 2000 && year < 2100;
}
