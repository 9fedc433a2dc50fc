import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { listen } from '../../bin/local/listen.ts';

/** The answer to an action: an object as JSON, a text as it is (XML, of the services that speak it), or none at all. */
export type Answer = object | string | Whole | typeof silence;

/** Of a service that takes the request, and says nothing. */
export const silence = Symbol('silence');

interface Whole {
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was asked: the action, and its parameters as the service's protocol carries them. */
export interface Asked {
  readonly action: string;
  readonly body: string;
}

/** The endpoints of AWS's services, on this machine. Each action is answered as the test says, any other with an error. */
export async function aFakeAws(answers: Readonly<Record<string, Answer>>): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const action = actionOf(request, body);
    asked.push({ action, body });
    const answer = answers[action] ?? {
      status: 400,
      body: { __type: 'NotScripted', message: `no answer to ${action}` },
    };
    if (answer === silence) return;
    const { status, body: said, headers = {} } = isWhole(answer) ? answer : { status: 200, body: answer };
    const type = typeof said === 'string' ? 'text/xml' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  });
  onTestFinished(() => void server.close());
  const url = await listen(server, { port: 0, host: '127.0.0.1', purpose: 'test' });
  return { url, asked };
}

function isWhole(answer: object | string): answer is Whole {
  return typeof answer === 'object' && 'status' in answer && 'body' in answer;
}

/** By the form (RDS, IAM, CloudFormation), by the header (ECS, Secrets Manager), or by the path (Lambda). */
function actionOf({ headers, method, url = '' }: IncomingMessage, body: string): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? '';
  const form = new URLSearchParams(body);
  const [action, stack] = [form.get('Action'), form.get('StackName')];
  if (action !== null) return stack === null ? action : `${action} ${stack}`;
  return `${method} ${url.replace(/^\/[\d-]+/, '').replace(/\?.*$/, '')}`;
}

/** An error as the services that speak XML have it. */
export function xmlError(code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status: 400, body: `<ErrorResponse>${error}</ErrorResponse>` };
}

/** The SDK's clients of this process then find them there. */
export const awsAt = (url: string) => ({
  AWS_ENDPOINT_URL: url,
  AWS_REGION: 'ap-northeast-2',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

export function useAws(url: string): void {
  for (const [name, value] of Object.entries(awsAt(url))) vi.stubEnv(name, value);
}

/** A stack with these outputs, as DescribeStacks tells it. */
export function stackWith(name: string, outputs: Readonly<Record<string, string>>): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stack = `<StackName>${name}</StackName><CreationTime>2026-11-24T03:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus>`;
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${stack}<Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}
