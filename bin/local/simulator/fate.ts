import { createHash } from 'node:crypto';
import { Channel, type Report, ReportType } from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { Leg, LoggedMessage } from './accept-log.ts';
import { type AcceptanceCode, carriedChannels, carriers, failureCodes, whims } from './codes.ts';
import type { Behaviour } from './options.ts';

/**
 * What becomes of a message. Only the seed, its client_key and the channel decide, so that two runs agree however their
 * messages are batched or ordered, and a restart continues where the last run stopped.
 */
export interface Fate {
  readonly seed: number;
  readonly behaviour: Behaviour;
}

export interface PlannedReport {
  /** Stays the same after a restart. */
  readonly id: string;
  readonly dueAt: number;
  /** Whether it leaves before the Send is answered. */
  readonly isEarly: boolean;
  readonly report: Report;
}

/** The code with which a valid message is rejected all the same; undefined if it is not. */
export function whimOf(reference: string, { seed, behaviour }: Fate): AcceptanceCode | undefined {
  const [rejected, code] = roll(seed, clientKeyOf(reference), 'accept');
  return rejected < behaviour.rejectedShare ? pick(whims, code) : undefined;
}

/** The reports of an accepted message: one for each channel tried until the first success. */
export function planReports(message: LoggedMessage, acceptedAt: number, fate: Fate): PlannedReport[] {
  const attempts: (readonly PlannedReport[])[] = [];
  let startAt = acceptedAt;
  for (const [index, leg] of message.chain.entries()) {
    const isLast = index === message.chain.length - 1;
    const tried = tryChannel({ message, leg, index, isLast, startAt }, fate);
    attempts.push(tried.reports);
    if (tried.delivered) break;
    startAt = tried.endAt;
  }
  return (isUnreported(message.reference, fate) ? attempts.slice(0, -1) : attempts).flat();
}

/** Whether nobody ever tells what became of a message on its last channel. */
export function isUnreported(reference: string, { seed, behaviour }: Fate): boolean {
  const [die] = roll(seed, clientKeyOf(reference), 'unreported');
  return die < behaviour.unreportedShare;
}

interface Attempt {
  readonly message: LoggedMessage;
  readonly leg: Leg;
  readonly index: number;
  readonly isLast: boolean;
  readonly startAt: number;
}

function tryChannel({ message, leg, index, isLast, startAt }: Attempt, { seed, behaviour }: Fate) {
  const clientKey = clientKeyOf(message.reference);
  const [carrier, early] = [roll(seed, clientKey, 'carrier')[0], roll(seed, neighbourhoodOf(clientKey), 'early')[0]];
  const [failed, code, delay, repeated, heldBack, lag, handset, receipt] = roll(seed, clientKey, String(leg.channel));
  const delivered = failed >= (isLast ? behaviour.undeliveredShare : behaviour.fallbackShare);
  const isEarly = index === 0 && early < behaviour.beforeAnswerShare;
  const endAt = isEarly ? startAt : startAt + between(behaviour.reportMs, delay);
  const lagMs = between(behaviour.reportMs, lag);
  const report: Report = {
    messageKey: message.messageKey,
    reference: message.reference,
    channel: channelOf(leg.channel),
    messageType: leg.type,
    reportType: ReportType.REPORT_TYPE_RESULT,
    code: delivered ? '10000' : pick(failureCodes[channelOf(leg.channel)] ?? ['90000'], code),
    carrier: carriedChannels.has(channelOf(leg.channel)) ? pick(carriers, carrier) : '',
    handsetAt: new Date(endAt),
    parts: leg.parts ?? 0,
  };
  const id = `${message.messageKey}/${index}`;
  const isHeldBack = !isEarly && heldBack < behaviour.disorderShare;
  const reports = [{ id, dueAt: isHeldBack ? endAt + lagMs : endAt, isEarly, report }];
  if (repeated < behaviour.repeatedShare) {
    reports.push({ id: `${id}/again`, dueAt: endAt + lagMs, isEarly: false, report });
  }
  const isInternational = leg.channel === Channel.CHANNEL_INTERNATIONAL;
  if (isInternational && delivered && handset < behaviour.handsetShare) {
    const dueAt = endAt + between(behaviour.reportMs, receipt);
    const news = { reportType: ReportType.REPORT_TYPE_HANDSET, handsetAt: new Date(dueAt) };
    reports.push({ id: `${id}/handset`, dueAt, isEarly: false, report: { ...report, ...news } });
  }
  return { delivered, endAt, reports };
}

/** The client_key in an agent's reference; any other reference is taken whole. */
function clientKeyOf(reference: string): string {
  return reference.split('.')[1] ?? reference;
}

/** A hundred consecutive keys have early reports together, so that few Sends need an extra delivery for them. */
function neighbourhoodOf(clientKey: string): string {
  return clientKey.length > 2 ? clientKey.slice(0, -2) : '';
}

type Dice = [number, number, number, number, number, number, number, number];

/** Eight numbers from 0 up to 1. */
function roll(seed: number, ...names: string[]): Dice {
  const digest = createHash('sha256')
    .update([seed, ...names].join('/'))
    .digest();
  const die = (index: number) => digest.readUInt32BE(index * 4) / 2 ** 32;
  return [die(0), die(1), die(2), die(3), die(4), die(5), die(6), die(7)];
}

/** How long the answer to a batch takes; the first reference names the batch. */
export function answerMsOf(reference: string, { seed, behaviour }: Fate): number {
  return between(behaviour.answerMs, roll(seed, clientKeyOf(reference), 'answer')[0]);
}

function between([from, to]: readonly [number, number], die: number): number {
  return from + (to - from) * die;
}

function pick<T>(from: readonly [T, ...T[]] | readonly T[], die: number): T {
  const picked = from[Math.floor(die * from.length)];
  if (picked === undefined) throw new RangeError('expected something to pick from, got nothing');
  return picked;
}

const knownChannels: ReadonlySet<number> = new Set(Object.values(Channel));

function channelOf(number: number): Channel {
  const isChannel = (value: number): value is Channel => knownChannels.has(value);
  return isChannel(number) ? number : Channel.CHANNEL_UNSPECIFIED;
}
