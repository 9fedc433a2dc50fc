import type { CampaignRow } from '../../bin/local/campaign/campaign.ts';
import { type AcceptEntry, rowOf } from '../../bin/local/simulator/accept-log.ts';
import { parseReference } from '../../functions/message/reference.ts';

/** Rows that are not sent or not reported: their msg_status by client_key, '1' or '2'. */
export type OpenRows = ReadonlyMap<string, string>;

/** The rows that a fault affects: those open when it began and those open when it was over, each in its latest status. */
export function affectedRows(atBegin: OpenRows, atEnd: OpenRows): OpenRows {
  return new Map([...atBegin, ...atEnd]);
}

/** The affected rows that have not moved on: not accepted, or accepted and not reported. */
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

/** Rows that are not exactly once in the log, and only there, with their contents; and logged rows unknown to the gateway. */
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

/** Acceptances beyond the first one of a row, of any row, under any key. */
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

/** The longest of the lives without a fault, and how many there are. */
export function longestUndisturbed(
  lives: readonly Life[],
  faults: readonly Span[],
): { count: number; seconds: number } {
  const seconds = lives.flatMap(({ from, to }) =>
    to === null || faults.some((fault) => from <= fault.to && to >= fault.from) ? [] : [to - from],
  );
  return { count: seconds.length, seconds: seconds.reduce((longest, one) => Math.max(longest, one), 0) };
}

/** What became of the meddling customer. */
export interface MeddlingResult {
  /** How often each habit was carried to its end. */
  readonly habits: Readonly<Record<string, number>>;
  readonly rows: number;
  /** The meddler's rows that did not end as they should: a line each. */
  readonly wrong: readonly string[];
  /** The meddler's statements that failed, although a customer may make them. */
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
  /** From a fault until every row that it affected was accepted, or reported if it had been accepted before. */
  readonly longestRecoverySeconds: number;
  /** How often each happened. */
  readonly faults: Readonly<Record<string, number>>;
  /** The messages that met no fault and no meddling: how many, and the longest time from INSERT to answer. */
  readonly undisturbed: number;
  readonly latestSeconds: number;
  /** Null if nobody meddled. */
  readonly meddling: MeddlingResult | null;
}

/** The name of a time without a fault, among the faults. */
export const quietName = 'nothing but the customer';

const recoveryLimitSeconds = 90;
/** A run of this length has had every fault. */
const enoughMinutes = 20;

/** With no fault to blame, no message takes longer than this beside a meddling customer. */
const latestLimitSeconds = 30;
/** Fewer would prove nothing. One quiet time has twice as many. */
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
  // Only a quiet time can show it.
  if (undisturbed >= enoughUndisturbed || !faults[quietName]) return [];
  return [`only ${undisturbed} messages met no fault, expected at least ${enoughUndisturbed}`];
}
