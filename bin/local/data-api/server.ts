import { createServer, type IncomingMessage } from 'node:http';
import * as z from 'zod';
import { listen } from '../listen.ts';
import type { StandIn } from '../stand-in.ts';
import { DataApiError, toDataApiError } from './errors.ts';
import { batchRequest, statementRequest } from './requests.ts';
import { Sessions } from './sessions.ts';

export interface DataApiServerOptions {
  readonly databaseUrl: string;
  /** Zone of the sessions; on Aurora it is UTC unless somebody changed it. */
  readonly timeZone: string;
  readonly port: number;
  readonly maxConnections?: number;
  /** What GetSecretValue answers, by ARN. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * The RDS Data API over a PostgreSQL, as the SDK's client speaks it: names, limits and errors as AWS documents them.
 * Answers Secrets Manager's GetSecretValue too, so that one address serves both.
 */
export async function startDataApi(options: DataApiServerOptions): Promise<StandIn> {
  const { databaseUrl, timeZone, maxConnections = 40 } = options;
  const sessions = new Sessions(databaseUrl, { timeZone, maxConnections });
  const counts: Record<string, number> = { calls: 0, secrets: 0 };
  const server = createServer((request, response) => {
    answer(request, { sessions, counts, secrets: options.secrets ?? {} }).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (thrown: unknown) => {
        const error = toDataApiError(thrown);
        const headers = { 'content-type': 'application/json', 'x-amzn-errortype': error.name };
        response.writeHead(error.status, headers).end(JSON.stringify({ __type: error.name, message: error.message }));
      },
    );
  });
  const url = await listen(server, options.port, 'Data API');
  return {
    url,
    stats: () => counts,
    async close() {
      server.closeAllConnections();
      server.close();
      await sessions.close();
    },
  };
}

interface Served {
  readonly sessions: Sessions;
  readonly counts: Record<string, number>;
  readonly secrets: Readonly<Record<string, string>>;
}

const jsonObject = z.record(z.string(), z.json());
const secretRequest = z.object({ SecretId: z.string() });

async function answer(request: IncomingMessage, { sessions, counts, secrets }: Served): Promise<object> {
  const body = jsonObject.parse(JSON.parse(await readBody(request)));
  if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
    counts['secrets'] = (counts['secrets'] ?? 0) + 1;
    return getSecret(secretRequest.parse(body).SecretId, secrets);
  }
  counts['calls'] = (counts['calls'] ?? 0) + 1;
  const path = request.url ?? '';
  counts[path] = (counts[path] ?? 0) + 1;
  const transactionId = String(body['transactionId']);
  switch (path) {
    case '/Execute':
      return await sessions.execute(statementRequest.parse(body));
    case '/BatchExecute':
      return await sessions.executeBatch(batchRequest.parse(body));
    case '/BeginTransaction':
      return { transactionId: await sessions.begin() };
    case '/CommitTransaction':
      await sessions.end(transactionId, 'commit');
      return { transactionStatus: 'Transaction Committed' };
    case '/RollbackTransaction':
      await sessions.end(transactionId, 'rollback');
      return { transactionStatus: 'Rollback Complete' };
    default:
      throw new DataApiError('NotFoundException', `No operation at ${path}`);
  }
}

function getSecret(arn: string, secrets: Served['secrets']): object {
  const secret = secrets[arn];
  if (secret === undefined) throw new DataApiError('ResourceNotFoundException', `No secret ${arn}`);
  return { ARN: arn, Name: arn.split(':').at(-1), SecretString: secret, VersionId: 'local', CreatedDate: 0 };
}

const maxRequestBytes = 4 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxRequestBytes)
      throw new DataApiError('BadRequestException', `The request has more than ${maxRequestBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
