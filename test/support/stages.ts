import { beforeEach, expect } from 'vitest';
import { statusStore } from '../../functions/database/status-store.ts';
import { agentOn } from './agent.ts';
import { emptyTables, type TestDatabase } from './database.ts';
import { FakeGateway } from './fake-gateway.ts';
import { type Columns, insertMessage, insertMessages } from './messages.ts';

/** Noon in Seoul, when everything of a test happens; rows are due since five minutes. */
const noon = new Date('2026-11-24T03:00:00Z');
const due = '2026-11-24 11:55:00';

export const token = (n: number) => `${String(n).repeat(8)}-1111-4111-8111-111111111111`;

/** Brings rows and batches to where an operator may find them, by the agent's own steps. */
export function stagesOn(database: TestDatabase) {
  const gateway = new FakeGateway();
  const agent = agentOn(database, gateway);
  const { pool } = database;
  const later = (seconds: number) => new Date(noon.getTime() + seconds * 1000);
  agent.setNow(noon);

  async function claimed(count = 1, columns: Columns = {}): Promise<string> {
    const keys = await insertMessages(pool, count, { request_date: due, ...columns });
    await agent.collect();
    const { rows } = await pool.query<{ batch_id: string | null }>(
      'select batch_id from msg_tran where client_key = $1',
      [keys[0]],
    );
    const batchId = rows[0]?.batch_id;
    if (batchId == null) throw new Error('nothing was claimed');
    return batchId;
  }

  return {
    agent,
    gateway,
    later,
    claimed,
    insert: (columns: Columns = {}) => insertMessage(pool, { request_date: due, ...columns }),
    /** What an operator reads, so many seconds after noon. */
    store: (secondsLater = 0) => statusStore(database.at(later(secondsLater)), { defaultValiditySeconds: 86_400 }),

    /** A batch whose sender has just sealed it, and holds its lease. */
    async sealed(count = 1, columns: Columns = {}): Promise<string> {
      const batchId = await claimed(count, columns);
      const sender = agent.sendStore();
      const lease = await sender.lease(batchId, token(1));
      const members = lease.outcome === 'leased' ? lease.members : [];
      const kept = members.map(({ clientKey }) => ({ clientKey, requestHash: 'x' }));
      const sealed = await sender.seal({ batchId, leaseToken: token(1), kept, left: [] });
      expect(sealed).toMatchObject({ outcome: 'sealed' });
      return batchId;
    },

    /** A batch whose call was received, and whose answer was lost. */
    async inDoubt(count = 1, columns: Columns = {}): Promise<string> {
      gateway.fates.push('lost');
      const batchId = await claimed(count, columns);
      expect(await agent.send(batchId)).toMatchObject({ outcome: 'inDoubt' });
      return batchId;
    },

    /** As if the pauses of all batches were over. */
    awaken: () => database.master.query(`update send_batch set not_before = '-infinity'`),

    /** The reference of a row that was accepted. */
    async accepted(columns: Columns = {}): Promise<string> {
      await agent.send(await claimed(1, columns));
      return gateway.accepted.at(-1) ?? '';
    },
  };
}

export type Stages = ReturnType<typeof stagesOn>;

/** Stages on empty tables, anew for each test of this file. */
export function useStages(database: { readonly current: TestDatabase }): { readonly current: Stages } {
  let stages: Stages | undefined;
  beforeEach(async () => {
    await emptyTables(database.current);
    stages = stagesOn(database.current);
  });
  return {
    get current() {
      if (stages === undefined) throw new Error('the stages are there once a test runs');
      return stages;
    },
  };
}
