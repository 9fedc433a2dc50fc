import * as z from 'zod';
import { type Part, parts } from '../../../functions/settings/part.ts';
import { countMetrics } from './emission.ts';

/** What of an agent's templates is paid for. */
export interface Inventory {
  readonly functions: readonly FunctionItem[];
  readonly natGateways: number;
  /** An instance in the place of a gateway is not in the templates: its owner adds it. */
  readonly natInstances: number;
  readonly publicAddresses: number;
  /** Least capacity of the database, over its instances; none of an existing one. */
  readonly capacity: number;
  readonly processors: number;
  readonly taskGb: number;
  readonly queues: number;
  readonly secrets: number;
  readonly keys: number;
  readonly alarms: number;
  readonly dashboards: number;
  /** Metrics of every hour, and those of an hour in which messages travel. */
  readonly metrics: { readonly always: number; readonly withMessages: number };
}

export interface FunctionItem {
  readonly part: Part;
  readonly memoryGb: number;
  /** Seconds between two firings; undefined if records start it, or a deployment. */
  readonly firedEvery: number | undefined;
  /** How long a firing loops, and how often it looks at the database meanwhile; undefined of one that does not loop. */
  readonly loop: { readonly seconds: number; readonly intervalMs: number } | undefined;
  readonly hasQueues: boolean;
  readonly isTraced: boolean;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Nothing is billed for these themselves; what they write or carry is, elsewhere. */
const free = [
  /^AWS::IAM::/,
  /^AWS::EC2::(VPC|Subnet|RouteTable|Route|SubnetRouteTableAssociation|InternetGateway|VPCGatewayAttachment)$/,
  /^AWS::EC2::(SecurityGroup|SecurityGroupIngress|SecurityGroupEgress|FlowLog)$/,
  /^AWS::RDS::(DBSubnetGroup|DBClusterParameterGroup)$/,
  /^AWS::SecretsManager::(ResourcePolicy|SecretTargetAttachment)$/,
  /^AWS::SQS::QueuePolicy$/,
  /^AWS::Lambda::(EventInvokeConfig|Permission)$/,
  /^AWS::Events::Rule$/,
  /^AWS::Logs::LogGroup$/,
  /^AWS::S3::(Bucket|BucketPolicy)$/,
  /^AWS::ECS::(Cluster|Service)$/,
  /^AWS::CloudFormation::/,
  /^Custom::/,
  /^AWS::CDK::Metadata$/,
];
const paid = [
  ...['AWS::Lambda::Function', 'AWS::Lambda::EventSourceMapping', 'AWS::EC2::NatGateway', 'AWS::EC2::EIP'],
  ...['AWS::RDS::DBCluster', 'AWS::RDS::DBInstance', 'AWS::ECS::TaskDefinition', 'AWS::SQS::Queue', 'AWS::KMS::Key'],
  ...['AWS::SecretsManager::Secret', 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::Dashboard', 'AWS::Logs::MetricFilter'],
];

/** Counts what is paid for in a template; throws if it does not know whether something is. */
export function takeInventory(resources: Readonly<Record<string, TemplateResource>>): Inventory {
  for (const { Type } of Object.values(resources))
    if (!paid.includes(Type) && !free.some((one) => one.test(Type)))
      throw new Error(`${Type}: expected a type of resource that is known to be paid for or free, got this one`);
  const ofType = <Shape extends z.ZodRawShape>(type: string, shape: Shape) =>
    Object.values(resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties = {} }) => z.object(shape).parse(Properties));
  const countOf = (type: string) => ofType(type, {}).length;
  const functions = functionsOf(resources, ofType('AWS::Lambda::EventSourceMapping', { FunctionName: reference }));
  const tasks = ofType('AWS::ECS::TaskDefinition', { Cpu: z.coerce.number(), Memory: z.coerce.number() });
  const clusters = ofType('AWS::RDS::DBCluster', {
    ServerlessV2ScalingConfiguration: z.object({ MinCapacity: z.number() }),
    ManageMasterUserPassword: z.boolean().default(false),
  });
  const capacity = clusters.map((one) => one.ServerlessV2ScalingConfiguration.MinCapacity).reduce(sum, 0);
  const deployed = functions.map(({ part }) => part);
  return {
    functions,
    natGateways: countOf('AWS::EC2::NatGateway'),
    natInstances: 0,
    publicAddresses: Math.max(countOf('AWS::EC2::EIP'), countOf('AWS::EC2::NatGateway')),
    capacity: capacity * countOf('AWS::RDS::DBInstance'),
    processors: tasks.map(({ Cpu }) => Cpu / 1024).reduce(sum, 0),
    taskGb: tasks.map(({ Memory }) => Memory / 1024).reduce(sum, 0),
    queues: countOf('AWS::Lambda::EventSourceMapping'),
    secrets: countOf('AWS::SecretsManager::Secret') + clusters.filter((one) => one.ManageMasterUserPassword).length,
    keys: countOf('AWS::KMS::Key'),
    alarms: ofType('AWS::CloudWatch::Alarm', { Metrics: z.array(alarmMetric).default([]) })
      .map(({ Metrics }) => Math.max(1, Metrics.filter((one) => one.MetricStat !== undefined).length))
      .reduce(sum, 0),
    dashboards: countOf('AWS::CloudWatch::Dashboard'),
    metrics: {
      always: countMetrics(deployed, 'always') + countOf('AWS::Logs::MetricFilter'),
      withMessages: countMetrics(deployed, 'withMessages'),
    },
  };
}

export function addUp(all: readonly Inventory[]): Inventory {
  const total = (amountOf: (one: Inventory) => number) => all.map(amountOf).reduce(sum, 0);
  return {
    functions: all.flatMap(({ functions }) => functions),
    natGateways: total((one) => one.natGateways),
    natInstances: total((one) => one.natInstances),
    publicAddresses: total((one) => one.publicAddresses),
    capacity: total((one) => one.capacity),
    processors: total((one) => one.processors),
    taskGb: total((one) => one.taskGb),
    queues: total((one) => one.queues),
    secrets: total((one) => one.secrets),
    keys: total((one) => one.keys),
    alarms: total((one) => one.alarms),
    dashboards: total((one) => one.dashboards),
    metrics: {
      always: total(({ metrics }) => metrics.always),
      withMessages: total(({ metrics }) => metrics.withMessages),
    },
  };
}

const sum = (a: number, b: number) => a + b;
const reference = z.object({ Ref: z.string() });
const alarmMetric = z.looseObject({ MetricStat: z.unknown().optional() });

const ofFunction = z.object({
  Description: z.string().transform((text, context) => {
    const part = parts.find((one) => text.endsWith(`: ${one}`));
    if (part === undefined) context.addIssue(`expected "installation: part", got ${JSON.stringify(text)}`);
    return part ?? z.NEVER;
  }),
  MemorySize: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  TracingConfig: z.object({ Mode: z.string() }).optional(),
});

const ofRule = z.object({
  ScheduleExpression: z.string(),
  Targets: z.array(z.object({ Arn: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }) })),
});

function functionsOf(
  resources: Readonly<Record<string, TemplateResource>>,
  mappings: readonly { readonly FunctionName: { readonly Ref: string } }[],
): FunctionItem[] {
  const fired = new Map(
    Object.values(resources)
      .filter(({ Type }) => Type === 'AWS::Events::Rule')
      .map(({ Properties }) => ofRule.parse(Properties))
      .flatMap((rule) => rule.Targets.map(({ Arn }) => [Arn['Fn::GetAtt'][0], secondsOf(rule.ScheduleExpression)])),
  );
  const found = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  return found.map(([id, { Properties }]) => {
    const { Description: part, MemorySize, Environment, TracingConfig } = ofFunction.parse(Properties);
    const { LOOP_SECONDS: seconds, ...others } = Environment.Variables;
    const interval = Object.entries(others).find(([name]) => name.endsWith('_INTERVAL_MS'))?.[1];
    return {
      part,
      memoryGb: MemorySize / 1024,
      firedEvery: fired.get(id),
      loop: seconds === undefined ? undefined : { seconds: Number(seconds), intervalMs: Number(interval) },
      hasQueues: mappings.some(({ FunctionName }) => FunctionName.Ref === id),
      isTraced: TracingConfig?.Mode === 'Active',
    };
  });
}

function secondsOf(rate: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour)s?\)$/.exec(rate) ?? [];
  if (count === undefined) throw new Error(`expected a rate in minutes or hours, got ${rate}`);
  return Number(count) * (unit === 'hour' ? 3_600 : 60);
}
