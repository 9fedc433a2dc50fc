import type { RowTruth } from '../../bin/simulate/ledger.ts';

/** Noon in Seoul. */
export const now = Date.parse('2031-01-15T03:00:00Z');

/** What is true of a row that waits: one SMS. */
export function aTruth(): RowTruth {
  const times = { dueAt: now, expiresAt: now + 86_400_000, changedAt: 0, deletedAt: undefined, bannedAt: undefined };
  const row = { id: 'r1x', clientKey: '1', chain: ['sms'], recipient: '01000000001', month: '203101' };
  return {
    ...row,
    ...times,
    isMalformed: false,
    version: 0,
    accepted: [],
    rejectedCode: undefined,
    told: [],
    reports: new Map(),
  };
}
