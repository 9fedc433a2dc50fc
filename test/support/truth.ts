import { newTruth, type RowTruth } from '../simulation/truth.ts';

/** Noon in Seoul. */
export const now = Date.parse('2031-01-15T03:00:00Z');

/** The truth about a waiting row with one SMS. */
export function aTruth(): RowTruth {
  const times = { dueAt: now, expiresAt: now + 86_400_000 };
  return newTruth({ id: 'r1x', clientKey: '1', chain: ['sms'], recipient: '01000000001', ...times, changedAt: 0 }, now);
}
