import { status } from '@grpc/grpc-js';
import {
  type InquiredMessage,
  type InquiredReports,
  MessageStatus,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { type LoggedMessage, readBatches } from './accept-log.ts';
import { StatusError } from './acceptance.ts';
import { type Fate, isUnreported, planReports } from './fate.ts';

export interface InquiryParts {
  readonly dataDir: string;
  readonly fate: Fate;
}

/** What became of each message, by the log and the seed. It is asked rarely, so the log is read each time. */
export function inquireReports(
  { dataDir, fate }: InquiryParts,
  messages: readonly InquiredMessage[],
  now: number,
): InquiredReports[] {
  const names = messages.map(nameOf);
  if (names.length < 1 || names.length > 200 || names.some((name) => name === ''))
    throw new StatusError(status.INVALID_ARGUMENT, 'expected 1 to 200 messages, each with a reference or a key');
  const wanted = new Set(names);
  const found = new Map<string, { message: LoggedMessage; at: number }>();
  for (const { at, messages: logged } of readBatches(dataDir)) {
    if (at < now - fate.behaviour.inquiryMs) continue;
    for (const message of logged) {
      if (message.code !== 'A000') continue;
      for (const name of [message.reference, message.messageKey])
        if (wanted.has(name)) found.set(name, { message, at });
    }
  }
  return names.map((name) => {
    const known = found.get(name);
    return known === undefined ? unknown : reportsOf(known, fate, now);
  });
}

const unknown: InquiredReports = { status: MessageStatus.MESSAGE_STATUS_UNKNOWN, reports: [] };

/** What the report stream would have delivered by now, each report once. */
export function reportsOf(
  { message, at }: { message: LoggedMessage; at: number },
  fate: Fate,
  now: number,
): InquiredReports {
  const planned = planReports(message, at, fate).filter(({ id }) => !id.endsWith('/again'));
  const due = planned.filter(({ isEarly, dueAt }) => isEarly || dueAt <= now);
  const isFinal = due.length === planned.length && !isUnreported(message.reference, fate);
  return {
    status: isFinal ? MessageStatus.MESSAGE_STATUS_REPORTED : MessageStatus.MESSAGE_STATUS_PENDING,
    reports: due.map(({ report }) => report),
  };
}

function nameOf({ name }: InquiredMessage): string {
  return name?.value ?? '';
}
