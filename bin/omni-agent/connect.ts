import { RDSDataClient } from '@aws-sdk/client-rds-data';
import type { AgentDatabase } from '../../functions/database/agent-database.ts';
import { connectDataApi, type DataApiClient, requestHandler } from '../../functions/database/data-api.ts';
import { dataApi } from '../../functions/settings/data-api.ts';
import { findAnnounced } from '../local/announcement.ts';
import { UsageError } from '../local/usage-error.ts';
import type { AgentAddress, Place } from './options.ts';
import { isTimeout } from './problems.ts';

export interface Connection {
  readonly database: AgentDatabase;
  readonly databaseName: string;
  /** In which a row without a ttl may be sent. */
  readonly defaultValiditySeconds: number;
  /** What errors call the agent. */
  readonly where: string;
  close(): void;
}

/** The agent's database, behind the Data API: of AWS, or the one that stands in for it on this machine. */
export function connect(target: Place): Connection {
  if (!('local' in target)) {
    return connectTo(target, new RDSDataClient({ requestHandler }), `Data API, ${target.clusterArn}`);
  }
  const agent = findAnnounced(target.local.data);
  // Nothing of the person's own AWS settings.
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new RDSDataClient({ requestHandler, endpoint: agent.dataApiUrl, region: 'local', credentials });
  return connectTo(agent, client, `local agent, ${agent.dataDir}`);
}

function connectTo(
  {
    clusterArn,
    secretArn,
    database,
    timeZone,
    defaultValiditySeconds,
  }: Omit<AgentAddress, 'gatewaySecretArn' | 'services'>,
  client: RDSDataClient,
  where: string,
): Connection {
  const queries = connectDataApi({ clusterArn, secretArn, database, client: withoutPatience(client) });
  return {
    databaseName: database,
    database: { queries, timeZone, now: () => null },
    defaultValiditySeconds,
    where,
    close: () => client.destroy(),
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
