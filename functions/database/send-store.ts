import * as z from 'zod';
import type { Lease, Member, Release, Seal, SendStore, SettledResult, Split } from '../pipeline/send-ports.ts';
import { timing } from '../pipeline/timing.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { queryOneIsolated } from './isolate.ts';
import { messageRow, toMessage } from './message-row.ts';
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

const sealRow = z.object({ outcome: z.enum(['sealed', 'empty', 'refused']), taken: keys, ended: keys });

const settleRow = z
  .object({ open_count: count, aside_count: count, aside_seconds: z.coerce.number().nullable() })
  .transform((row) => ({
    openCount: row.open_count,
    asideCount: row.aside_count,
    asideSeconds: row.aside_seconds ?? 0,
  }));

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
      return (await queryOne(database, { statement: reserveSlot, parameters }, slotRow)).wait_seconds;
    },

    async seal({ kept, left, ...seal }: Seal) {
      const parameters = {
        ...moment(),
        ...seal,
        marginSeconds: timing.sealMarginSeconds,
        kept: JSON.stringify(kept.map(({ clientKey, requestHash }) => ({ k: clientKey, h: requestHash }))),
        left: JSON.stringify(left.map(({ clientKey, ...why }) => ({ k: clientKey, ...why }))),
      };
      const leaving = left.map((member) => member.clientKey);
      const call = { step: 'seal', statement: sealBatch, parameters, keys: leaving } as const;
      return await queryOneIsolated(database, call, sealRow);
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

function toResultRow(result: SettledResult) {
  const { clientKey, accepted, messageKey, code, reason } = result;
  return { k: clientKey, accepted, key: messageKey, code, reason };
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
    othersAnswered: first.others_answered,
    waitSeconds: first.wait_seconds,
    members: rows.flatMap((row) => (row.outcome === 'leased' ? toMember(batchId, row) : [])),
  };
}

function toMember(batchId: string, { installation, member }: LeasedRow): Member[] {
  if (member.gone) return [];
  const { client_key: clientKey } = member;
  if ('postponed' in member) return [{ clientKey, content: { code: null } }];
  if (member.code === null) return [{ clientKey, content: toMessage(member, { installation, batchId }) }];
  return [{ clientKey, content: { code: member.code, reason: member.reason } }];
}
