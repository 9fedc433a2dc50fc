import * as z from 'zod';
import type { Lease, Member, Release, Seal, SendStore, SettledResult } from '../pipeline/send-ports.ts';
import { timing } from '../pipeline/timing.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { messageRow, toMessage } from './message-row.ts';
import { leaseBatch, releaseBatch, reserveSlot, sealBatch, settleBatch } from './sql.generated.ts';

const batchColumns = {
  idempotency_key: z.uuid(),
  state: z.enum(['claimed', 'sealed']),
  request_hash: z.string().nullable(),
  requeues: count,
  wait_seconds: z.coerce.number(),
  sealed_seconds: z.coerce.number().nullable(),
  installation: z.string(),
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
        version: z.string(),
        code: z.string(),
        reason: z.string().nullable(),
      }),
      z.object({ gone: z.literal(false), client_key: key, version: z.string(), postponed: z.literal(true) }),
      messageRow.extend({ gone: z.literal(false), version: z.string(), code: z.null() }),
    ]),
  }),
]);

type LeasedRow = Extract<z.output<typeof leaseRow>, { outcome: 'leased' }>;

/** The row's own columns stand beside those of the batch; the schema wants them apart. */
const flatLeaseRow = z.preprocess((row) => (row instanceof Object ? { ...row, member: row } : row), leaseRow);

interface SendStoreSettings {
  readonly messagesPerSecond: number;
  readonly defaultValiditySeconds: number;
}

/** The sender's view of the database. */
export function sendStore(database: AgentDatabase, settings: SendStoreSettings): SendStore {
  const moment = () => momentOf(database);
  return {
    async lease(batchId, leaseToken) {
      const parameters = {
        ...moment(),
        ...settings,
        batchId,
        leaseToken,
        leaseSeconds: timing.leaseSeconds,
        aheadSeconds: timing.slotsAheadSeconds,
      };
      return toLease(batchId, await database.queries.query(leaseBatch, parameters, flatLeaseRow));
    },

    async reserveSlot(messageCount) {
      const { messagesPerSecond } = settings;
      if (messagesPerSecond === 0) return 0;
      const parameters = { now: moment().now, messageCount, messagesPerSecond };
      const call = { statement: reserveSlot, parameters };
      return (await queryOne(database, call, z.object({ wait_seconds: z.coerce.number() }))).wait_seconds;
    },

    async seal({ kept, left, ...seal }: Seal) {
      const parameters = {
        ...moment(),
        ...seal,
        marginSeconds: timing.sealMarginSeconds,
        kept: JSON.stringify(kept.map((member) => ({ k: member.clientKey, v: member.version }))),
        left: JSON.stringify(left.map((member) => ({ k: member.clientKey, v: member.version, code: member.code }))),
      };
      const row = z.object({ outcome: z.enum(['sealed', 'empty', 'refused']) });
      return (await queryOne(database, { statement: sealBatch, parameters }, row)).outcome;
    },

    async settle(batchId, results) {
      const parameters = { ...moment(), batchId, results: JSON.stringify(results.map(toResultRow)) };
      const call = { statement: settleBatch, parameters };
      return (await queryOne(database, call, z.object({ open_count: count }))).open_count;
    },

    async release(release: Release) {
      const parameters = { now: moment().now, ...release };
      await database.queries.query(releaseBatch, parameters, z.object({ batch_id: key }));
    },
  };
}

function toResultRow(result: SettledResult) {
  return { k: result.clientKey, accepted: result.accepted, key: result.messageKey, code: result.code };
}

function toLease(batchId: string, rows: readonly z.output<typeof leaseRow>[]): Lease {
  const [first] = rows;
  if (first === undefined) throw new Error('leaseBatch: expected at least one row, got none');
  if (first.outcome !== 'leased') return { outcome: first.outcome };
  return {
    outcome: 'leased',
    batchId,
    idempotencyKey: first.idempotency_key,
    sealed:
      first.state === 'sealed'
        ? { requestHash: first.request_hash ?? '', seconds: first.sealed_seconds ?? Number.POSITIVE_INFINITY }
        : undefined,
    requeues: first.requeues,
    waitSeconds: first.wait_seconds,
    members: rows.flatMap((row) => (row.outcome === 'leased' ? toMember(batchId, row) : [])),
  };
}

function toMember(batchId: string, { installation, member }: LeasedRow): Member[] {
  if (member.gone) return [];
  const { client_key: clientKey, version } = member;
  if ('postponed' in member) return [{ clientKey, version, content: { code: null } }];
  if (member.code === null) return [{ clientKey, version, content: toMessage(member, { installation, batchId }) }];
  const { code, reason } = member;
  return [{ clientKey, version, content: { code, reason: reason ?? reasons[code] ?? code } }];
}

const reasons: Readonly<Record<string, string>> = {
  E917: 'number or text is banned',
  E930: 'not sent within its validity period',
};
