import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { ConfigurationError } from '../settings/configuration-error.ts';
import { requestLimits } from '../settings/request-limits.ts';
import type { QueueUrls } from './dead-letters.ts';

/** A deployed agent, as the outputs of its stacks describe it. */
export interface Installation {
  readonly clusterArn: string;
  /** Of the agent's role. */
  readonly secretArn: string;
  readonly database: string;
  readonly timeZone: string;
  readonly defaultValiditySeconds: number;
  readonly queueUrls: QueueUrls;
  readonly gatewaySecretArn: string;
  /** The name of the function. */
  readonly gatewayProbe: string;
  /** Undefined where its stack is not deployed. */
  readonly receiver: { readonly cluster: string; readonly service: string } | undefined;
}

const text = z.string().min(1);

const ofData = z.object({
  DatabaseCluster: text,
  DatabaseName: text,
  TimeZone: text,
  AgentSecret: text,
  GatewaySecret: text,
});

const ofAgent = z.object({
  QueueVeryFast: z.url(),
  QueueFast: z.url(),
  QueueSlow: z.url(),
  DefaultValiditySeconds: z.coerce.number().int(),
  GatewayProbeName: text,
});

const ofReceiver = z.object({ ReceiverCluster: text, ReceiverService: text });

/** Throws a ConfigurationError where a stack is not there, or is of another version. */
export async function readInstallation(name: string): Promise<Installation> {
  const client = new CloudFormationClient({ requestHandler: requestLimits() });
  const [data, agent, receiver] = await Promise.all([
    outputsOf(client, `${name}-data`, ofData),
    outputsOf(client, name, ofAgent),
    outputsOf(client, `${name}-receiver`, ofReceiver),
  ]);
  if (data === undefined || agent === undefined)
    throw new ConfigurationError(
      `expected the stacks of an agent, got no ${data === undefined ? `${name}-data` : name}`,
    );
  return {
    clusterArn: data.DatabaseCluster,
    secretArn: data.AgentSecret,
    database: data.DatabaseName,
    timeZone: data.TimeZone,
    defaultValiditySeconds: agent.DefaultValiditySeconds,
    queueUrls: { veryfast: agent.QueueVeryFast, fast: agent.QueueFast, slow: agent.QueueSlow },
    gatewaySecretArn: data.GatewaySecret,
    gatewayProbe: agent.GatewayProbeName,
    receiver: receiver && { cluster: receiver.ReceiverCluster, service: receiver.ReceiverService },
  };
}

/** Undefined if there is no such stack. */
async function outputsOf<T extends z.ZodType>(
  client: CloudFormationClient,
  StackName: string,
  schema: T,
): Promise<z.output<T> | undefined> {
  const stack = await findStack(client, StackName);
  if (stack === undefined) return undefined;
  const outputs = stack.Outputs?.map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue] as const) ?? [];
  const parsed = schema.safeParse(Object.fromEntries(outputs));
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new ConfigurationError(
    `stack ${StackName}: expected the outputs of this version, got none or others of ${names}`,
  );
}

async function findStack(client: CloudFormationClient, StackName: string) {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks[0];
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}
