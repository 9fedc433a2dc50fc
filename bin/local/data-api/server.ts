import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { dataApi } from '../../../functions/settings/data-api.ts';
import { listen } from '../listen.ts';
import type { StandIn } from '../stand-in.ts';
import { DataApiError, toDataApiError } from './errors.ts';
import { ConnectionReset, type Fault, Faults } from './faults.ts';
import { Logins, type ReadSecret } from './logins.ts';
import { anyRequest, batchRequest, statementRequest } from './requests.ts';
import type { Sessions } from './sessions.ts';

export interface DataApiServerOptions {
  /** Its user does not matter: each call logs in as what its secret names. */
  readonly databaseUrl: string;
  /** Time zone of the sessions; on Aurora it is UTC unless changed. */
  readonly timeZone: string;
  readonly port: number;
  /** The address of this machine to listen on, 127.0.0.1 if not given. */
  readonly host?: string;
  readonly maxConnections?: number;
  /** By ARN: what GetSecretValue answers, and {"username", "password"} to log in with. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Where the other secrets of logins are, if not here: an emulator of AWS. */
  readonly secretsManager?: SecretsManagerClientConfig;
  /** As long as the Data API's own if not given. */
  readonly statementTimeoutMs?: number;
  /** As long as the Data API's own if not given. */
  readonly transactionIdleMs?: number;
}

export interface DataApiServer extends StandIn {
  /** The same without a socket: an operation by its path. */
  call(path: string, request: object): Promise<object>;
  /** Makes calls fail, for tests. */
  failNext(fault: Fault): void;
}

/**
 * The RDS Data API in front of PostgreSQL, as the SDK's client speaks it: names, limits and errors as AWS documents them.
 * Also answers Secrets Manager's GetSecretValue and PutSecretValue, so that one address serves both.
 */
export async function startDataApi(options: DataApiServerOptions): Promise<DataApiServer> {
  const settings = {
    timeZone: options.timeZone,
    maxConnections: options.maxConnections ?? 40,
    statementTimeoutMs: options.statementTimeoutMs ?? dataApi.statementTimeoutMs,
    transactionIdleMs: options.transactionIdleMs ?? dataApi.transactionIdleMs,
  };
  const secrets = { ...options.secrets };
  const elsewhere = options.secretsManager === undefined ? undefined : secretsManager(options.secretsManager);
  const logins = new Logins(options.databaseUrl, settings, async (arn) => secrets[arn] ?? (await elsewhere?.(arn)));
  const faults = new Faults();
  const counts: Record<string, number> = { calls: 0, secrets: 0 };
  const served = { logins, faults, counts, secrets };
  const server = createServer((request, response) => {
    answer(request, served).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      (error: unknown) => refuse(response, error),
    );
  });
  const url = await listen(server, {
    port: options.port,
    host: options.host ?? '127.0.0.1',
    purpose: 'Data API',
  });
  return {
    url,
    stats: () => counts,
    call: (path, request) => serve(path, jsonObject.parse(request), served),
    failNext: (fault) => faults.failNext(fault),
    async close() {
      server.closeAllConnections();
      server.close();
      await logins.close();
    },
  };
}

function secretsManager(config: SecretsManagerClientConfig): ReadSecret {
  const client = new SecretsManagerClient(config);
  return async (arn) => {
    try {
      return (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}

function refuse(response: ServerResponse, thrown: unknown): void {
  if (thrown instanceof ConnectionReset) {
    response.destroy();
    return;
  }
  const { name, status, message } = toDataApiError(thrown);
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': name };
  response.writeHead(status, headers).end(JSON.stringify({ __type: name, message }));
}

interface Served {
  readonly logins: Logins;
  readonly faults: Faults;
  readonly counts: Record<string, number>;
  readonly secrets: Record<string, string>;
}

const jsonObject = z.record(z.string(), z.json());
const secretRequest = z.object({ SecretId: z.string() });
const newSecret = z.object({ SecretId: z.string(), SecretString: z.string() });

async function answer(request: IncomingMessage, served: Served): Promise<string> {
  const text = await readBody(request);
  const body = jsonObject.parse(JSON.parse(text));
  if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
    count(served, 'secrets');
    return JSON.stringify(getSecret(secretRequest.parse(body).SecretId, served.secrets));
  }
  if (request.headers['x-amz-target'] === 'secretsmanager.PutSecretValue') {
    const { SecretId, SecretString } = newSecret.parse(body);
    const { ARN, Name, VersionId } = getSecret(SecretId, served.secrets);
    served.secrets[SecretId] = SecretString;
    return JSON.stringify({ ARN, Name, VersionId });
  }
  const answered = JSON.stringify(await serve(request.url ?? '', body, served));
  const bytes = Buffer.byteLength(text) + Buffer.byteLength(answered);
  count(served, 'bytes', bytes);
  count(served, 'billed', Math.ceil(bytes / dataApi.billedBytes));
  return answered;
}

function count({ counts }: Served, what: string, by = 1): void {
  counts[what] = (counts[what] ?? 0) + by;
}

async function serve(path: string, body: z.output<typeof jsonObject>, served: Served): Promise<object> {
  const { logins, faults } = served;
  count(served, 'calls');
  count(served, path);
  const sql = z.string().optional().parse(body['sql']);
  return await faults.around(sql, async () =>
    operate(path, body, await logins.sessionsOf(anyRequest.parse(body).secretArn)),
  );
}

const transactionRequest = z.object({ transactionId: z.string() });

async function operate(path: string, body: z.output<typeof jsonObject>, sessions: Sessions): Promise<object> {
  switch (path) {
    case '/Execute':
      return await sessions.execute(statementRequest.parse(body));
    case '/BatchExecute':
      return await sessions.executeBatch(batchRequest.parse(body));
    case '/BeginTransaction':
      return { transactionId: await sessions.begin() };
    case '/CommitTransaction':
      await sessions.commit(transactionRequest.parse(body).transactionId);
      return { transactionStatus: 'Transaction Committed' };
    case '/RollbackTransaction':
      await sessions.rollback(transactionRequest.parse(body).transactionId);
      return { transactionStatus: 'Rollback Complete' };
    default:
      throw new DataApiError('NotFoundException', `No operation at ${path}`);
  }
}

function getSecret(arn: string, secrets: Served['secrets']) {
  const secret = secrets[arn];
  if (secret === undefined) throw new DataApiError('ResourceNotFoundException', `No secret ${arn}`);
  return { ARN: arn, Name: arn.split(':').at(-1), SecretString: secret, VersionId: 'local', CreatedDate: 0 };
}

const { maxRequestBytes } = dataApi;

/** Reads even an oversized request to its end: a client that is still sending would miss the answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= maxRequestBytes) chunks.push(chunk);
  }
  if (bytes > maxRequestBytes)
    throw new DataApiError('BadRequestException', `The request has more than ${maxRequestBytes} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}
