import type * as z from 'zod';
import { UsageError } from '../usage-error.ts';
import { type Assembly, type Resource, readAssemblyFiles } from './assembly.ts';
import { accountId, type LocalNames, Resolver, region } from './intrinsics.ts';
import {
  eventSourceProperties,
  functionProperties,
  ignoredTypes,
  invokeProperties,
  meaningless,
  queueProperties,
  ruleProperties,
  runTypes,
  taskProperties,
} from './resource-types.ts';

/** The part of the synthesized app that a single machine can run. */
export interface AgentPlan {
  readonly functions: readonly FunctionPlan[];
  readonly queues: readonly QueuePlan[];
  readonly eventSources: readonly EventSourcePlan[];
  readonly schedules: readonly SchedulePlan[];
  readonly receiver: ReceiverPlan | undefined;
}

export interface FunctionPlan {
  readonly name: string;
  readonly assetDir: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

export interface QueuePlan {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** Attributes for CreateQueue. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface EventSourcePlan {
  readonly name: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsItemFailures: boolean;
}

export interface SchedulePlan {
  readonly name: string;
  readonly periodMs: number;
  readonly functionArn: string;
  /** What the rule's target gets instead of EventBridge's own event. */
  readonly input?: unknown;
}

export interface ReceiverPlan {
  readonly assetDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stopTimeoutSeconds: number;
}

/** Reads an assembly; throws a UsageError that names the resource and property that cannot be run. */
export function readAssembly(dir: string, { queueUrl }: { queueUrl: string }): AgentPlan {
  const assembly = readAssemblyFiles(dir);
  const resolver = new Resolver(assembly, localNames(queueUrl));
  for (const resource of assembly.resources) checkType(resource);

  /** All resources of a type, with their properties resolved and checked. */
  function ofType<Shape extends z.ZodRawShape>(type: string, schema: z.ZodObject<Shape>) {
    return assembly.resources
      .filter((resource) => resource.type === type)
      .map((resource) => ({ resource, properties: readProperties(resource, schema, resolver) }));
  }
  ofType('AWS::Lambda::EventInvokeConfig', invokeProperties);
  const [task, ...more] = ofType('AWS::ECS::TaskDefinition', taskProperties);
  if (more[0])
    throw new UsageError(`${more[0].resource.logicalId}: the runner runs one task definition, the receiver's`);
  return {
    functions: ofType('AWS::Lambda::Function', functionProperties).map((one) => toFunction(one, assembly)),
    queues: ofType('AWS::SQS::Queue', queueProperties).map(({ resource, properties }) => ({
      name: resource.logicalId,
      url: `${queueUrl}/${accountId}/${resource.logicalId}`,
      arn: arnOf('sqs', resource.logicalId),
      attributes: queueAttributes(properties),
    })),
    eventSources: ofType('AWS::Lambda::EventSourceMapping', eventSourceProperties)
      .filter(({ properties }) => properties.Enabled)
      .map(({ resource, properties }) => ({
        name: resource.logicalId,
        queueArn: properties.EventSourceArn,
        functionName: properties.FunctionName,
        batchSize: properties.BatchSize,
        maximumConcurrency: properties.ScalingConfig.MaximumConcurrency,
        reportsItemFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      })),
    schedules: ofType('AWS::Events::Rule', ruleProperties)
      .filter(({ properties }) => properties.State === 'ENABLED')
      .flatMap(({ resource, properties }) =>
        properties.Targets.map((target) => ({
          name: resource.logicalId,
          periodMs: properties.ScheduleExpression,
          functionArn: target.Arn,
          ...('Input' in target ? { input: target.Input } : {}),
        })),
      ),
    receiver: task && toReceiver(task.properties, assembly),
  };
}

function checkType({ logicalId, type, hasCondition }: Resource): void {
  if (ignoredTypes.has(type)) return;
  if (!runTypes.has(type)) throw new UsageError(`${logicalId}: the runner does not know resources of type ${type}`);
  if (hasCondition) throw new UsageError(`${logicalId}.Condition: the runner does not follow conditions`);
}

export function arnOf(service: string, name: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${name}`;
}

function localNames(queueUrl: string): LocalNames {
  return {
    ref({ type, logicalId }) {
      if (type === 'AWS::SQS::Queue') return `${queueUrl}/${accountId}/${logicalId}`;
      if (type.startsWith('AWS::SecretsManager::')) return arnOf('secretsmanager', `secret:${logicalId}`);
      return logicalId;
    },
    attribute({ type, logicalId }, name) {
      if (name === 'MasterUserSecret.SecretArn') return arnOf('secretsmanager', `secret:${logicalId}Master`);
      if (name !== 'Arn') throw new Error(`the runner knows only the attribute Arn, got ${name}`);
      if (type === 'AWS::SQS::Queue') return arnOf('sqs', logicalId);
      if (type === 'AWS::Lambda::Function') return arnOf('lambda', `function:${logicalId}`);
      if (type === 'AWS::Events::Rule') return arnOf('events', `rule/${logicalId}`);
      throw new Error(`the runner does not know the Arn of ${type}`);
    },
  };
}

function readProperties<Shape extends z.ZodRawShape>(
  resource: Resource,
  schema: z.ZodObject<Shape>,
  resolver: Resolver,
) {
  const where = (path: readonly PropertyKey[]) => [resource.logicalId, ...path].join('.');
  const resolved = Object.entries(resource.properties)
    .filter(([name]) => schema.shape[name] !== meaningless)
    .map(([name, value]) => [name, resolver.resolve(value, resource.stack, where([name]))]);
  const parsed = schema.safeParse(Object.fromEntries(resolved));
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    if (issue.code !== 'unrecognized_keys') throw new UsageError(`${where(issue.path)}: ${issue.message}`);
    throw new UsageError(`${where([...issue.path, ...issue.keys])}: the runner does not follow this property`);
  }
  throw parsed.error;
}

function toFunction(
  { resource, properties }: { resource: Resource; properties: z.output<typeof functionProperties> },
  assembly: Assembly,
): FunctionPlan {
  return {
    name: resource.logicalId,
    assetDir: assetOf(properties.Code.S3Key.replace(/\.zip$/, ''), assembly),
    handler: properties.Handler,
    environment: properties.Environment.Variables,
    timeoutSeconds: properties.Timeout,
    memoryMb: properties.MemorySize,
  };
}

function toReceiver({ ContainerDefinitions }: z.output<typeof taskProperties>, assembly: Assembly): ReceiverPlan {
  const [container] = ContainerDefinitions;
  return {
    assetDir: assetOf(container.Image.split(':').at(-1) ?? '', assembly),
    environment: Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value])),
    stopTimeoutSeconds: container.StopTimeout,
  };
}

function assetOf(hash: string, { assets }: Assembly): string {
  const dir = assets.get(hash);
  if (dir === undefined) throw new UsageError(`No asset ${hash} in the assembly`);
  return dir;
}

function queueAttributes({ RedrivePolicy, ...numbers }: z.output<typeof queueProperties>): Record<string, string> {
  const attributes = Object.entries(numbers).map(([name, value]) => [name, String(value)]);
  if (RedrivePolicy !== undefined) attributes.push(['RedrivePolicy', JSON.stringify(RedrivePolicy)]);
  return Object.fromEntries(attributes);
}
