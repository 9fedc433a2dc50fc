import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type handleUnaryCall, type Metadata, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type {
  GatewayServiceServer,
  SendRequest,
  SendResponse,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { type Acceptance, StatusError } from './acceptance.ts';
import { answerMsOf, type Fate } from './fate.ts';
import { type Fault, type FaultName, faultStatus } from './faults.ts';
import { inquireReports } from './inquiry.ts';
import type { ReportDesk } from './report-desk.ts';
import { serveReports } from './report-stream.ts';
import type { Tokens } from './tokens.ts';
import { receiveFile } from './uploads.ts';

export interface ServiceParts {
  /** Where its logs are kept. */
  readonly dataDir: string;
  readonly acceptance: Acceptance;
  readonly desk: ReportDesk;
  readonly tokens: Tokens;
  readonly fate: Fate;
  readonly now: () => number;
  /** Faults of the next Sends, in order. */
  readonly faults: Fault[];
  /** Breaks the peer's connection. */
  readonly reset: (peer: string) => void;
}

/** The calls of the contract, and counts of how often each was made. */
export function gatewayService(parts: ServiceParts) {
  const calls = { send: 0, inquire: 0, inquireReports: 0, token: 0, uploadFile: 0 };
  const { dataDir, acceptance, desk, tokens, fate, now } = parts;
  const authorize = (metadata: Metadata) => {
    const [authorization = ''] = metadata.get('authorization').map(String);
    const token = authorization.replace(/^Bearer /, '');
    if (!tokens.isValid(token, now())) throw new StatusError(status.UNAUTHENTICATED, 'no valid token');
  };
  const service: GatewayServiceServer = {
    send: unary(async (call) => {
      calls.send += 1;
      authorize(call.metadata);
      return await answerSend(call, parts);
    }),
    inquire: unary(async ({ metadata, request }) => {
      calls.inquire += 1;
      authorize(metadata);
      const key = request.idempotencyKey ?? '';
      const answer = acceptance.inquire(key, now());
      await sleep(answerMsOf(key, fate));
      return answer;
    }),
    inquireReports: unary(async ({ metadata, request }) => {
      calls.inquireReports += 1;
      authorize(metadata);
      return { results: inquireReports({ dataDir, fate }, request.messages, now()) };
    }),
    token: unary(async ({ request }) => {
      calls.token += 1;
      if (!tokens.knows(request.clientId, request.clientSecret)) {
        throw new StatusError(status.UNAUTHENTICATED, 'unknown client id or wrong secret');
      }
      const expiresAt = now() + fate.behaviour.tokenLifetimeMs;
      return { token: tokens.issue(expiresAt), expiresAt: new Date(expiresAt) };
    }),
    uploadFile: (call, callback) => {
      calls.uploadFile += 1;
      const answer = async () => {
        authorize(call.metadata);
        return await receiveFile(call, now);
      };
      answer().then((response) => callback(null, response), callback);
    },
    reports: (call) => {
      try {
        authorize(call.metadata);
        serveReports(call, desk, fate.behaviour);
      } catch (error) {
        call.emit('error', error);
      }
    },
  };
  return { service, calls };
}

type SendCall = ServerUnaryCall<SendRequest, SendResponse>;

async function answerSend(call: SendCall, parts: ServiceParts): Promise<SendResponse> {
  const fault = parts.faults.shift();
  if (fault && 'before' in fault) await suffer(fault.before, call, parts);
  const answer = parts.acceptance.send(call.request, parts.now());
  await sleep(answerMsOf(call.request.messages[0]?.reference ?? '', parts.fate));
  if (fault && 'after' in fault) await suffer(fault.after, call, parts);
  return answer;
}

async function suffer(fault: FaultName, call: SendCall, { reset }: ServiceParts): Promise<never> {
  const code = faultStatus[fault];
  if (code !== undefined) throw new StatusError(code, 'scripted fault');
  if (fault === 'reset') reset(call.getPeer());
  // Hangs until the client gives up or its connection is gone.
  if (!call.cancelled) await once(call, 'cancelled');
  throw new StatusError(status.CANCELLED, 'the client gave up');
}

function unary<Request, Response>(
  answer: (call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    answer(call).then((response) => callback(null, response), callback);
  };
}
