import type { CampaignRow } from '../../bin/local/campaign/campaign.ts';
import { type AcceptEntry, rowOf } from '../../bin/local/simulator/accept-log.ts';
import { parseReference } from '../../functions/message/reference.ts';

/** Of rows that are not sent or not reported: their msg_status by client_key, '1' or '2'. */
export type OpenRows = ReadonlyMap<string, string>;

/** What a fault affects: what was open when it began, and what was open when it was over, each as it was at last. */
export function affectedRows(atBegin: OpenRows, atEnd: OpenRows): OpenRows {
  return new Map([...atBegin, ...atEnd]);
}

/** Of the affected rows those that are where they were: not accepted, or accepted and not reported. */
export function stuckRows(affected: OpenRows, now: OpenRows): string[] {
  return [...affected].filter(([key, status]) => (now.get(key) ?? '4') <= status).map(([key]) => key);
}

/** A row of msg_tran or msg_log at the end. */
export interface FoundRow extends CampaignRow {
  readonly msg_status: string;
}

type Decision = Pick<AcceptEntry, 'reference' | 'code'>;

export interface Evidence {
  readonly inserted: ReadonlyMap<string, CampaignRow>;
  /** Every row of both tables. */
  readonly found: readonly FoundRow[];
  readonly acceptLog: readonly Decision[];
}

/** Rows that are not in the log once, and nowhere else, with their contents; and rows of it that the gateway never saw. */
export function lostRows({ inserted, found, acceptLog }: Evidence): string[] {
  const places = new Map<string, FoundRow[]>();
  for (const row of found) places.set(row.client_key, [...(places.get(row.client_key) ?? []), row]);
  const decided = new Set(acceptLog.map(({ reference }) => parseReference(reference)?.clientKey));
  return [...inserted].filter(([key, row]) => !isLogged(row, places.get(key)) || !decided.has(key)).map(([key]) => key);
}

function isLogged(inserted: CampaignRow, [found, ...others]: readonly FoundRow[] = []): boolean {
  const isSame = Object.entries(inserted).every(([name, value]) => found?.[name as keyof CampaignRow] === value);
  return found?.msg_status === '4' && others.length === 0 && isSame;
}

/** Acceptances of a row beyond its first, of whatever row, under whatever key. */
export function countDuplicates(acceptLog: readonly Decision[]): number {
  const accepted = acceptLog.filter(({ code }) => code === 'A000').map(({ reference }) => rowOf(reference));
  return accepted.length - new Set(accepted).size;
}

/** From its INSERT to the gateway's answer; seconds of the database's clock. */
export interface Life {
  readonly from: number;
  /** Null if it has no answer. */
  readonly to: number | null;
}

/** From a fault's beginning to its recovery. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The longest of the lives in which there was no fault, and how many these are. */
export function longestUndisturbed(
  lives: readonly Life[],
  faults: readonly Span[],
): { count: number; seconds: number } {
  const seconds = lives.flatMap(({ from, to }) =>
    to === null || faults.some((fault) => from <= fault.to && to >= fault.from) ? [] : [to - from],
  );
  return { count: seconds.length, seconds: seconds.reduce((longest, one) => Math.max(longest, one), 0) };
}

/** What became of the customer who meddles. */
export interface MeddlingResult {
  /** How often he did each to its end. */
  readonly habits: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Of his rows those that did not end as they should: a line each. */
  readonly wrong: readonly string[];
  /** Statements of his that failed, although each is one that a customer may make. */
  readonly troubles: readonly string[];
}

export interface ChaosResult {
  readonly minutes: number;
  /** SIGKILLs of processes that were at work. */
  readonly kills: Readonly<Record<string, number>>;
  readonly inserted: number;
  readonly duplicates: number;
  readonly lost: number;
  /** Batches whose fate is still unknown at the end. */
  readonly inDoubt: number;
  /** From a fault until every row that it affects was accepted, or reported if it was accepted before. */
  readonly longestRecoverySeconds: number;
  /** How often each happened. */
  readonly faults: Readonly<Record<string, number>>;
  /** Of the messages that nobody meddles with, in whose life there was no fault: how many, and the longest from INSERT to answer. */
  readonly undisturbed: number;
  readonly latestSeconds: number;
  /** Null if nobody meddled. */
  readonly meddling: MeddlingResult | null;
}

/** The time in which there is no fault, as it is called among the faults. */
export const quietName = 'nothing but the customer';

const recoveryLimitSeconds = 90;
/** A run of so many has had every fault. */
const enoughMinutes = 20;

/** Beside a customer who meddles, and with no fault to blame, no message of others takes longer. */
const latestLimitSeconds = 30;
/** From fewer nothing is learnt. One quiet time has twice as many. */
const enoughUndisturbed = 500;

/** Why a run has not shown what it should; empty if it has. */
export function failuresOf(result: ChaosResult): string[] {
  const { minutes, faults, duplicates, lost, inDoubt, longestRecoverySeconds } = result;
  const happened = Object.entries(faults).some(([name, count]) => name !== quietName && count > 0);
  const missed = namesOfNone({ ...faults, ...result.meddling?.habits });
  return [
    ...(happened ? [] : ['no fault happened']),
    ...(minutes >= enoughMinutes && missed.length > 0 ? [`${missed.join(', ')} never happened`] : []),
    ...(duplicates > 0 ? [`${duplicates} messages were sent twice`] : []),
    ...(lost > 0 ? [`${lost} messages are lost`] : []),
    ...(inDoubt > 0 ? [`${inDoubt} batches are in doubt`] : []),
    ...(longestRecoverySeconds >= recoveryLimitSeconds
      ? [`a recovery took ${longestRecoverySeconds} s, expected less than ${recoveryLimitSeconds}`]
      : []),
    ...latenessOf(result),
    ...(result.meddling?.wrong ?? []),
    ...(result.meddling?.troubles ?? []),
  ];
}

function namesOfNone(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [name] : []));
}

function latenessOf({ faults, undisturbed, latestSeconds }: ChaosResult): string[] {
  if (latestSeconds >= latestLimitSeconds) {
    return [`a message took ${latestSeconds} s without a fault, expected less than ${latestLimitSeconds}`];
  }
  // Only a quiet time can have shown it.
  if (undisturbed >= enoughUndisturbed || !faults[quietName]) return [];
  return [`only ${undisturbed} messages met no fault, expected at least ${enoughUndisturbed}`];
}
