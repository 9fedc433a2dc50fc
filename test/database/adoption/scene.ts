import type { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { applySchema, schemaText } from '../../../bin/local/database/schema.ts';
import { sceneOn } from '../../customer/scene.ts';
import { cloneDatabase } from '../../support/database.ts';
import { originalSchema, write } from '../../support/original.ts';

export interface AdoptionSceneOptions {
  /** SQL that makes what is there before the agent; by default the original's tables, with a log of three months. */
  readonly tables?: string;
}

/** A database of the original agent, and our agent's steps on it once it is taken over. */
export async function adoptionScene({ tables }: AdoptionSceneOptions = {}) {
  const database = await cloneDatabase('template1');
  const scene = sceneOn(database);
  onTestFinished(async () => {
    await scene.close();
    await database.drop();
  });
  const { pool } = database;
  await pool.query(tables ?? originalSchema('msg_log_202609', 'msg_log_202610', 'msg_log_202611'));
  return {
    ...scene,
    write: (table: string, row: Parameters<typeof write>[2]) => write(pool, table, row),
    /** Takes the tables over, as a deployment does. */
    adopt: ({ rowLimit = 1000 } = {}) => applySchema(database.url, rowLimit),
    /** The same in this session of the test. */
    adoptWith: async (client: Client, settings: string) => {
      await client.query(settings);
      await client.query(schemaText());
      while ((await client.query(`select adopt_next(null, 'Asia/Seoul', 1000) as step`)).rows[0].step !== null);
    },
    /** The client_keys of the messages that the gateway has accepted from us. */
    sentKeys: () => scene.gateway.accepted.map((reference) => reference.split('.')[1]),
    /** The rows of this key, with the table that holds each. */
    places: (clientKey: number) =>
      scene.query(
        `select 'msg_tran' as place, t.* from msg_tran t where client_key = $1
         union all select tableoid::regclass::text, l.* from msg_log l where client_key = $1`,
        [clientKey],
      ),
  };
}

export type AdoptionScene = Awaited<ReturnType<typeof adoptionScene>>;
