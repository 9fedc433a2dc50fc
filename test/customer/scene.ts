import pg from 'pg';
import { afterEach, beforeEach } from 'vitest';
import type { SendStore } from '../../functions/pipeline/send/ports.ts';
import { agentOn, reportOf } from '../support/agent.ts';
import { cloneDatabase, emptyTables, type TestDatabase, timeZone, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, findMessage } from '../support/messages.ts';

/** Noon in Seoul, when each test begins. */
const noon = new Date('2026-11-24T03:00:00Z');

export const ordinary = {
  channel_order: 'sms',
  request_date: '2026-11-24 11:59:00',
  callback: '0215001500',
  recipient: '01000000001',
  mt_content: 'x',
} satisfies Columns;

/** Where a customer's statement may find a row on its journey. */
export const stages = ['waiting', 'claimed', 'leased', 'called', 'in doubt', 'sent', 'reported'] as const;
export type Stage = (typeof stages)[number];

/** Until the seal a row is its customer's; after it, a change of what is sent comes too late. */
export const beforeSeal = ['waiting', 'claimed', 'leased'] as const satisfies readonly Stage[];
export const afterSeal = ['called', 'in doubt', 'sent', 'reported'] as const satisfies readonly Stage[];

/** A customer and the agent's steps on one database; time stands still until `later`. */
export function sceneOn(database: TestDatabase) {
  const gateway = new FakeGateway();
  const agent = agentOn(database, gateway);
  const reported = new Set<string>();
  const sessions: pg.Client[] = [];
  let seconds = 0;
  let known = 0;
  const now = () => new Date(noon.getTime() + seconds * 1000);
  agent.setNow(now());

  function later(by: number): void {
    seconds += by;
    agent.setNow(now());
  }

  /** A statement of the customer. */
  async function query(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await database.pool.query(text, [...values])).rows;
  }

  /** What takes the owner of the tables: a change of a table, a look into those of the agent. */
  async function administer(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await database.master.query(text, [...values])).rows;
  }

  async function insert(columns: Columns = {}, count = 1): Promise<string[]> {
    const row = { ...ordinary, ...columns };
    const names = Object.keys(row);
    const rows = await query(
      `insert into msg_tran (${names.map((name) => `"${name}"`).join(', ')})
       select ${names.map((_, index) => `$${index + 1}`).join(', ')} from generate_series(1, ${count}) returning client_key`,
      Object.values(row),
    );
    return rows.map((inserted) => String(inserted['client_key']));
  }

  async function sendQueued(store: Parameters<typeof agent.send>[1] = {}): Promise<void> {
    for (; known < agent.queued.length; known++) await agent.send(agent.queued[known]?.batchId ?? '', store);
  }

  /** One turn of the collector, and of the senders that it triggers. */
  async function turn(): Promise<void> {
    await agent.collect();
    await sendQueued();
  }

  /** Reports of delivery, by the first channel of each message that the gateway has accepted. */
  async function report(): Promise<void> {
    const messages = gateway.send.mock.calls.flatMap(([call]) => call.messages);
    const channels = new Map(messages.map(({ reference, fallbackChain }) => [reference, fallbackChain[0]?.channel]));
    const fresh = gateway.accepted.filter((reference) => !reported.has(reference));
    for (const reference of fresh) reported.add(reference);
    if (fresh.length > 0) await agent.store(fresh.map((one) => reportOf(one, channels.get(one) ?? 'sms')));
  }

  async function archive(): Promise<void> {
    for (let turns = 0; turns < 5; turns++) if ((await agent.archive()).next === 'idle') return;
  }

  /** Everything that the agent does, with a minute between two turns. */
  async function finish(turns = 3): Promise<void> {
    for (let count = 0; count < turns; count++) {
      later(61);
      await turn();
      await report();
      await agent.merge();
      await archive();
    }
  }

  /** Brings what was inserted to a stage at which the customer acts. */
  async function at(stage: Stage, act: () => Promise<unknown>): Promise<void> {
    if (stage !== 'waiting') await agent.collect();
    if (stage === 'leased' || stage === 'called') return await sendQueued({ store: acting(stage, act) });
    if (stage === 'in doubt') gateway.fates.push('lost');
    if (stage === 'in doubt' || stage === 'sent' || stage === 'reported') await sendQueued();
    if (stage === 'reported') {
      await report();
      await agent.merge();
    }
    await act();
  }

  /** The sender's store, with a customer who acts just before it seals, or while the answer is on its way. */
  function acting(stage: 'leased' | 'called', act: () => Promise<unknown>): Partial<SendStore> {
    const store = agent.sendStore();
    const before =
      <Asked extends unknown[], Answer>(step: (...asked: Asked) => Promise<Answer>) =>
      async (...asked: Asked) => {
        await act();
        return await step(...asked);
      };
    return stage === 'leased' ? { seal: before(store.seal) } : { settle: before(store.settle) };
  }

  /** A session of the customer, or of the server's administrator; it ends with the test. */
  async function session(role: 'customer' | 'agent' | 'superuser' = 'customer'): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.urlOf(role), options: `-c timezone=${timeZone}` });
    sessions.push(client);
    await client.connect();
    return client;
  }

  return {
    agent,
    gateway,
    database,
    /** Of the database. */
    name: database.name,
    session,
    close: () => Promise.all(sessions.splice(0).map((client) => client.end())),
    later,
    now,
    query,
    administer,
    insert,
    sendQueued,
    turn,
    report,
    archive,
    finish,
    at,

    /** How often the gateway has accepted a message of this key. */
    timesSent: (key: string) => gateway.accepted.filter((reference) => reference.split('.')[1] === key).length,

    /** The rows of this key, the archived ones first. */
    lives: (key: string) =>
      query(
        `select 'msg_log' as place, l.* from msg_log l where client_key = $1
         union all select 'msg_tran', t.* from msg_tran t where client_key = $1 order by archived_at nulls last`,
        [key],
      ),

    row: (key: string) => findMessage(database.pool, key),

    /** What has become of a row, without what distinguishes it from other rows. */
    async end(key: string): Promise<Record<string, unknown>> {
      const {
        client_key: _key,
        msg_key: _messageKey,
        batch_id: _batch,
        reg_date: _date,
        ...row
      } = await findMessage(database.pool, key);
      return row;
    },

    /** What is put aside, as the operator sees it. */
    aside: () => administer(`select client_key, step, error from set_aside order by client_key, step`),
  };
}

export type Scene = ReturnType<typeof sceneOn>;

/** A database for the tests of a file, emptied before each. */
export function useScene(): { readonly current: Scene } {
  const database = useDatabase();
  let scene: Scene | undefined;
  beforeEach(async () => {
    await emptyTables(database.current);
    scene = sceneOn(database.current);
  });
  afterEach(async () => void (await scene?.close()));
  return {
    get current() {
      if (scene === undefined) throw new Error('the scene is there once a test runs');
      return scene;
    },
  };
}

/** A database for each test: for those that change the tables themselves. */
export function useFreshScene(): { readonly current: Scene } {
  let scene: Scene | undefined;
  beforeEach(async () => {
    scene = sceneOn(await cloneDatabase());
  });
  afterEach(async () => {
    await scene?.close();
    await scene?.database.drop();
  });
  return {
    get current() {
      if (scene === undefined) throw new Error('the scene is there once a test runs');
      return scene;
    },
  };
}
