import * as z from 'zod';
import { messageRow } from '../message/message-row.ts';
import type { Lease, Member, Release, Seal, SendStore, SettledResult, Split } from '../pipeline/send/ports.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { banTexts } from './ban-list-store.ts';
import { StatementError } from './data-api.ts';
import { queryOneIsolated } from './isolate.ts';
import { leaseBatch, releaseBatch, reserveSlot, sealBatch, settleBatch, splitBatch } from './sql.generated.ts';

const batchColumns = {
  idempotency_key: z.uuid(),
  state: z.enum(['claimed', 'sealed']),
  request_hash: z.string().nullable(),
  requeues: count,
  others_answered: z.boolean(),
  wait_seconds: z.coerce.number(),
  sealed_seconds: z.coerce.number().nullable(),
  installation: z.string(),
  ban_version: z.coerce.bigint(),
  ban_digest: z.string(),
  ban_checked: z.coerce.number(),
};

const leaseRow = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['settled', 'held', 'slotTooFar']) }),
  z.object({
    outcome: z.literal('leased'),
    ...batchColumns,
    member: z.union([
      z.object({ gone: z.literal(true) }),
      // Before the others: what is wrong with a refused row must not fail the batch.
      z.object({
        gone: z.literal(false),
        client_key: key,
        code: z.string(),
        reason: z.string(),
      }),
      z.object({ gone: z.literal(false), client_key: key, postponed: z.literal(true) }),
      messageRow.extend({ gone: z.literal(false), code: z.null() }),
    ]),
  }),
]);

const slotRow = z.object({ wait_seconds: z.coerce.number() });

const keys = z
  .string()
  .nullable()
  .transform((list) => new Set(list?.split(',')));

const refusals = z
  .string()
  .nullable()
  .transform((json) => JSON.parse(json ?? '[]'))
  .pipe(z.array(z.object({ clientKey: z.string(), code: z.string(), reason: z.string() })));

const sealRow = z.object({ outcome: z.enum(['sealed', 'empty', 'refused']), taken: keys, ended: refusals });

const settleRow = z
  .object({
    accepted_count: count,
    rejected_count: count,
    open_count: count,
    aside_count: count,
    aside_seconds: z.coerce.number().nullable(),
  })
  .transform((row) => ({
    acceptedCount: row.accepted_count,
    rejectedCount: row.rejected_count,
    openCount: row.open_count,
    asideCount: row.aside_count,
    asideSeconds: row.aside_seconds ?? 0,
  }));

/** The row's own columns stand beside those of the batch; the schema wants them apart. */
const flatLeaseRow = z.preprocess((row) => (row instanceof Object ? { ...row, member: row } : row), leaseRow);

interface SendStoreSettings {
  readonly messagesPerSecond: number;
  readonly defaultValiditySeconds: number;
}

/** The sender's view of the database. */
export function sendStore(database: AgentDatabase, settings: SendStoreSettings): SendStore {
  const moment = () => momentOf(database);
  const bansOf = banTexts(database);
  return {
    async lease(batchId, leaseToken) {
      const limits = { leaseSeconds: timing.leaseSeconds, aheadSeconds: timing.slotsAheadSeconds };
      const parameters = { ...moment(), ...settings, ...limits, batchId, leaseToken };
      const rows = await unlessLocked(database.queries.query(leaseBatch, parameters, flatLeaseRow));
      return rows === undefined ? { outcome: 'held', reason: 'somebody holds a table' } : toLease(batchId, rows);
    },

    readBans: (published) => unlessLocked(bansOf(published)),

    async reserveSlot(messageCount) {
      const { messagesPerSecond } = settings;
      if (messagesPerSecond === 0) return 0;
      const parameters = { now: moment().now, messageCount, messagesPerSecond };
      return (await queryOne(database, { statement: reserveSlot, parameters }, slotRow)).wait_seconds;
    },

    async seal(seal: Seal) {
      const parameters = { ...moment(), ...toSealParameters(seal) };
      // Also those that stay: one that is banned since is written too.
      const keys = [...seal.left, ...seal.kept].map((member) => member.clientKey);
      const call = { step: 'seal', statement: sealBatch, parameters, keys } as const;
      const sealed = await unlessLocked(queryOneIsolated(database, call, sealRow));
      return sealed ?? { outcome: 'refused', taken: new Set(), ended: [] };
    },

    async settle(batchId, results) {
      const parameters = { ...moment(), batchId, results: JSON.stringify(results.map(toResultRow)) };
      const keys = results.map((result) => result.clientKey);
      const call = { step: 'settle', statement: settleBatch, parameters, keys } as const;
      return await queryOneIsolated(database, call, settleRow);
    },

    async split({ messages, ...split }: Split) {
      const parameters = { ...moment(), ...split };
      const keys = messages.map((message) => message.clientKey);
      const call = { step: 'split', statement: splitBatch, parameters, keys } as const;
      await queryOneIsolated(database, call, z.object({ moved_count: count }));
    },

    async release(release: Release) {
      const parameters = { now: moment().now, ...release };
      await database.queries.query(releaseBatch, parameters, z.object({ batch_id: key }));
    },
  };
}

function toSealParameters({ kept, left, ...seal }: Seal) {
  return {
    ...seal,
    marginSeconds: timing.sealMarginSeconds,
    kept: JSON.stringify(kept.map(({ clientKey, requestHash }) => ({ k: clientKey, h: requestHash }))),
    left: JSON.stringify(left.map(({ clientKey, ...why }) => ({ k: clientKey, ...why }))),
  };
}

function toResultRow(result: SettledResult) {
  const { clientKey, accepted, messageKey, code, reason } = result;
  return { k: clientKey, accepted, key: messageKey, code, reason };
}

function toLease(batchId: string, rows: readonly z.output<typeof leaseRow>[]): Lease {
  const [first] = rows;
  if (first === undefined) throw new Error('leaseBatch: expected at least one row, got none');
  if (first.outcome !== 'leased') return { outcome: first.outcome };
  return {
    outcome: first.outcome,
    batchId,
    idempotencyKey: first.idempotency_key,
    sealed:
      first.state === 'sealed'
        ? { requestHash: first.request_hash ?? '', seconds: first.sealed_seconds ?? Number.POSITIVE_INFINITY }
        : undefined,
    requeues: first.requeues,
    othersAnswered: first.others_answered,
    waitSeconds: first.wait_seconds,
    installation: first.installation,
    published: { version: first.ban_version, digest: first.ban_digest, checkedAt: first.ban_checked },
    members: rows.flatMap(toMember),
  };
}

function toMember(row: z.output<typeof leaseRow>): Member[] {
  if (row.outcome !== 'leased' || row.member.gone) return [];
  const { member } = row;
  const { client_key: clientKey } = member;
  if ('postponed' in member) return [{ clientKey, row: undefined, refusal: undefined }];
  if (member.code === null) return [{ clientKey, row: member, refusal: undefined }];
  return [{ clientKey, row: undefined, refusal: { code: member.code, reason: member.reason } }];
}

/**
 * Undefined if somebody holds a table for longer than a statement waits, as one who truncates and fills the ban list in one
 * transaction: that is no failure, and uses up no try of the record.
 */
async function unlessLocked<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StatementError && error.sqlState === '55P03') return undefined;
    throw error;
  }
}
