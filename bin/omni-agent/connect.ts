import { RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import type { AgentDatabase } from '../../functions/database/agent-database.ts';
import { connectDataApi, type DataApiClient } from '../../functions/database/data-api.ts';
import { dataApi, dataApiPatience } from '../../functions/settings/data-api.ts';
import { statementRequest } from '../local/data-api/requests.ts';
import { Sessions } from '../local/data-api/sessions.ts';
import { UsageError } from '../local/usage-error.ts';
import type { OperatorOptions, Target } from './options.ts';
import { isTimeout, reasonOf } from './problems.ts';

export interface Connection {
  readonly database: AgentDatabase;
  /** What errors and answers call it; without user and password. */
  readonly where: string;
  close(): Promise<void>;
}

/** The agent's database, by whichever way leads to it: both run the same statements. */
export async function connect({ target, timeZone }: OperatorOptions): Promise<Connection> {
  const way = 'url' in target ? await connectDirectly(target) : connectThroughDataApi();
  const names = 'url' in target ? { clusterArn: 'none', secretArn: 'none', database: 'none' } : target;
  const queries = connectDataApi({ ...names, client: withoutPatience(way.client) });
  return { database: { queries, timeZone, now: () => null }, where: whereOf(target), close: way.close };
}

interface Way {
  readonly client: DataApiClient;
  close(): Promise<void>;
}

function connectThroughDataApi(): Way {
  // As the functions': a connection that died silently must not hang.
  const { connectMs, answerMs } = dataApiPatience;
  const requestHandler = { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true };
  const client = new RDSDataClient({ requestHandler });
  return { client, close: async () => client.destroy() };
}

const connectLimitMs = 10_000;

async function connectDirectly(target: Extract<Target, { url: string }>): Promise<Way> {
  const probe = new pg.Client({ connectionString: target.url, connectionTimeoutMillis: connectLimitMs });
  // Whatever ends the session later is told by the statement that fails.
  probe.on('error', () => undefined);
  try {
    await probe.connect();
  } catch (error) {
    throw new UsageError(`${whereOf(target)}: cannot connect: ${reasonOf(error)}`);
  } finally {
    await probe.end().catch(() => undefined);
  }
  const sessions = new Sessions(target.url, {
    maxConnections: 1,
    statementTimeoutMs: dataApi.statementTimeoutMs,
    transactionIdleMs: dataApi.statementTimeoutMs,
  });
  const execute = async (input: unknown) => await sessions.execute(statementRequest.parse(input));
  return {
    client: { send: async ({ input }) => ({ ...(await execute(input)), $metadata: {} }) },
    close: () => sessions.close(),
  };
}

const limitSeconds = dataApi.statementTimeoutMs / 1000;

/** What took too long is not tried again: a person waits, and the database has enough to do. */
function withoutPatience(client: DataApiClient): DataApiClient {
  return {
    async send(command) {
      try {
        return await client.send(command);
      } catch (error) {
        throw isTimeout(error)
          ? new UsageError(`the statement took longer than ${limitSeconds} s: is the database overloaded?`)
          : error;
      }
    },
  };
}

function whereOf(target: Target): string {
  if (!('url' in target)) return `Data API, ${target.clusterArn}`;
  const { host, pathname } = new URL(target.url);
  return `${target.from}, ${host}${pathname}`;
}
