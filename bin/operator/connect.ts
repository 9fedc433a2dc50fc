import type { AgentDatabase } from '../../functions/database/agent-database.ts';
import { connectDataApi, type DataApiClient } from '../../functions/database/data-api.ts';
import { toDataApiError } from '../local/data-api/errors.ts';
import { statementRequest } from '../local/data-api/requests.ts';
import { Sessions } from '../local/data-api/sessions.ts';
import { UsageError } from '../local/usage-error.ts';
import type { OperatorOptions } from './options.ts';

/** The agent's database, by whichever way leads to it: both run the same statements. */
export function connect({ target, timeZone }: OperatorOptions): {
  database: AgentDatabase;
  close(): Promise<void>;
} {
  const toDatabase = (queries: AgentDatabase['queries']) => ({ queries, timeZone, now: () => null });
  if (!('url' in target)) return { database: toDatabase(connectDataApi(target)), close: async () => undefined };
  const sessions = new Sessions(target.url, {
    maxConnections: 1,
    statementTimeoutMs: 45_000,
    transactionIdleMs: 45_000,
  });
  const client: DataApiClient = {
    async send({ input }) {
      try {
        return { ...(await sessions.execute(statementRequest.parse(input))), $metadata: {} };
      } catch (error) {
        const { name, message } = toDataApiError(error);
        throw name === 'DatabaseUnavailableException' ? new UsageError(`Cannot connect: ${message}`) : error;
      }
    },
  };
  const arns = { clusterArn: 'none', secretArn: 'none', database: 'none' };
  return { database: toDatabase(connectDataApi({ ...arns, client })), close: () => sessions.close() };
}
