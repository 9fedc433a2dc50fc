import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { toDataApiError } from '../../bin/local/data-api/errors.ts';
import type { DataApiServer } from '../../bin/local/data-api/server.ts';

const paths: Readonly<Record<string, string>> = {
  ExecuteStatementCommand: '/Execute',
  BatchExecuteStatementCommand: '/BatchExecute',
  BeginTransactionCommand: '/BeginTransaction',
  CommitTransactionCommand: '/CommitTransaction',
  RollbackTransactionCommand: '/RollbackTransaction',
};

/**
 * The SDK's client, but a call goes straight to the server's function: to sign it and to carry it over a socket costs a test
 * several times what the statement does. test/database/data-api.test.ts holds both to the same.
 */
export function directClientOf(dataApi: DataApiServer): RDSDataClient {
  const client = new RDSDataClient({ region: 'ap-northeast-2' });
  client.middlewareStack.add(
    (_next: unknown, { commandName = '' }: { commandName?: string }) =>
      async ({ input }: { input: object }) => {
        const answer = await dataApi.call(paths[commandName] ?? commandName, asJson(input)).catch(asSdkError);
        return { response: undefined, output: { $metadata: {}, ...asJson(answer) } };
      },
    { step: 'initialize', priority: 'high' },
  );
  return client;
}

const asJson = (value: object) => JSON.parse(JSON.stringify(value));

const asSdkError = (error: unknown): never => {
  throw toDataApiError(error);
};
