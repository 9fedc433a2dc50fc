import * as z from 'zod';
import { type MessageRow, messageRow } from '../message/message-row.ts';
import type { Lease, Member, Release, Seal, SendStore, SettledResult, Split } from '../pipeline/send/ports.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, json, key, momentOf, noRow, queryOne } from './agent-database.ts';
import { banTexts } from './ban-list-store.ts';
import { StatementError } from './data-api.ts';
import { queryIsolated, queryOneIsolated } from './isolate.ts';
import { leaseBatch, releaseBatch, reserveSlot, sealBatch, settleBatch, splitBatch } from './sql.generated.ts';

/** The columns of the batch, the same in each row of a lease. */
const leased = {
  outcome: z.literal('leased'),
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

const memberRow = z.discriminatedUnion('kind', [
  z.object({ ...leased, kind: z.literal('gone') }),
  z.object({ ...leased, kind: z.literal('refused'), client_key: key, code: z.string(), reason: z.string() }),
  z.object({ ...leased, kind: z.literal('postponed'), client_key: key, waits_for_file: z.boolean() }),
  messageRow.extend({
    ...leased,
    kind: z.literal('message'),
    renamed: json(z.record(z.string(), z.string())).nullable(),
  }),
]);

const leaseRow = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['settled', 'held', 'slotTooFar']) }),
  memberRow,
]);

const slotRow = z.object({ wait_seconds: z.coerce.number() });

const keys = z
  .string()
  .nullable()
  .transform((list) => new Set(list?.split(',')));

const refusals = json(z.array(z.object({ clientKey: key, code: z.string(), reason: z.string() })))
  .nullable()
  .transform((rows) => rows ?? []);

const sealRow = z.object({ outcome: z.enum(['sealed', 'empty', 'refused']), taken: keys, ended: refusals });

const settleRow = z
  .object({
    accepted_count: count,
    rejected_count: count,
    open_count: count,
    set_aside_count: count,
    set_aside_seconds: z.coerce.number().nullable(),
  })
  .transform((row) => ({
    acceptedCount: row.accepted_count,
    rejectedCount: row.rejected_count,
    openCount: row.open_count,
    asideCount: row.set_aside_count,
    asideSeconds: row.set_aside_seconds ?? 0,
  }));

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
      const { leaseSeconds, slotsAheadSeconds: aheadSeconds, recentSeconds, fileMarginSeconds } = timing;
      const { rowBytes, batchBytes } = sizes;
      const limits = { leaseSeconds, aheadSeconds, recentSeconds, fileMarginSeconds, rowBytes, batchBytes };
      const parameters = { ...moment(), ...settings, ...limits, batchId, leaseToken };
      const rows = await unlessLocked(database.queries.query(leaseBatch, parameters, leaseRow));
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
      // Also those kept: one that has been banned since the lease is written too.
      const keys = [...seal.left, ...seal.kept].map((member) => member.clientKey);
      const call = { step: 'seal', statement: sealBatch, parameters, keys } as const;
      const sealed = await unlessLocked(queryOneIsolated(database, call, sealRow));
      return sealed ?? { outcome: 'refused', taken: new Set(), ended: [] };
    },

    async settle(batchId, results, leaseToken) {
      const answer = { batchId, results: JSON.stringify(results.map(toResultRow)), leaseToken: leaseToken ?? null };
      const parameters = { ...moment(), ...answer };
      const keys = results.map((result) => result.clientKey);
      const call = { step: 'settle', statement: settleBatch, parameters, keys } as const;
      return await queryOneIsolated(database, call, settleRow);
    },

    async split({ messages, ...split }: Split) {
      const parameters = { ...moment(), ...split };
      const keys = messages.map((message) => message.clientKey);
      const call = { step: 'split', statement: splitBatch, parameters, keys } as const;
      await queryIsolated(database, call, noRow);
    },

    async release(release: Release) {
      const parameters = { now: moment().now, ...release };
      await database.queries.query(releaseBatch, parameters, noRow);
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
  if (row.outcome !== 'leased' || row.kind === 'gone') return [];
  const { client_key: clientKey } = row;
  switch (row.kind) {
    case 'message':
      return [{ clientKey, row: withNewKeys(row, row.renamed), refusal: undefined }];
    case 'refused':
      return [{ clientKey, row: undefined, refusal: { code: row.code, reason: row.reason } }];
    case 'postponed':
      return [
        {
          clientKey,
          row: undefined,
          refusal: undefined,
          waitSeconds: row.waits_for_file ? timing.fileWaitSeconds : undefined,
        },
      ];
  }
}

/** The row with the newest keys of its files in place of those that its customer wrote. */
function withNewKeys(row: MessageRow, renamed: Readonly<Record<string, string>> | null): MessageRow {
  if (renamed === null) return row;
  const keys = row.mt_file_key.split(',').map((key) => renamed[key.trim()] ?? key);
  const content = Object.entries(renamed).reduce(
    (text, [old, newer]) => text.replaceAll(`"${old}"`, JSON.stringify(newer)),
    row.rcs_content,
  );
  return { ...row, mt_file_key: keys.join(','), rcs_content: content };
}

/**
 * Undefined if a table is locked for longer than a statement waits, as by a truncate and reload of the ban list in one
 * transaction: that is no failure, and uses up no try of the record.
 */
async function unlessLocked<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatementError && error.sqlState === '55P03') return undefined;
    throw error;
  }
}
