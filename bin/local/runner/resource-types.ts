import * as z from 'zod';

/**
 * The resources that the runner runs: the properties that it follows and, as optional unknowns, those that mean nothing
 * on one machine. Any other property stops the start, so that nothing new is silently ignored.
 */

/** Not even resolved: it may refer to what only an AWS account has. */
export const meaningless = z.unknown().optional();

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The longest delay of a timer: 24.8 days. */
const maxTimerMs = 2 ** 31 - 1;

/** Milliseconds between two firings. */
const rate = z.string().transform((expression, context) => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const periodMs = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (periodMs > 0 && periodMs <= maxTimerMs) return periodMs;
  context.addIssue({ code: 'custom', message: `expected rate(n minutes), got ${expression}` });
  return z.NEVER;
});

/** Text that holds JSON, like EventBridge's `Input`. */
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: `expected JSON, got ${text}` });
    return z.NEVER;
  }
});

/** EventBridge and Lambda retry by default; the runner never does. */
const noRetries = { MaximumEventAgeInSeconds: meaningless, MaximumRetryAttempts: z.literal(0) };

export const functionProperties = z.strictObject({
  Architectures: meaningless,
  Code: z.object({ S3Key: z.string() }),
  Description: meaningless,
  Environment: z.object({ Variables: z.record(z.string(), z.string()).default({}) }).default({ Variables: {} }),
  Handler: z.string(),
  LoggingConfig: meaningless,
  MemorySize: z.number().default(128),
  Role: meaningless,
  Runtime: z.string().startsWith('nodejs'),
  Tags: meaningless,
  Timeout: z.number().default(3),
  TracingConfig: meaningless,
  VpcConfig: meaningless,
});

export const invokeProperties = z.strictObject({
  ...noRetries,
  FunctionName: meaningless,
  Qualifier: meaningless,
});

export const queueProperties = z.strictObject({
  DelaySeconds: z.number().optional(),
  MessageRetentionPeriod: z.number().optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() }).optional(),
  SqsManagedSseEnabled: meaningless,
  Tags: meaningless,
  VisibilityTimeout: z.number().optional(),
});

export const eventSourceProperties = z.strictObject({
  /** One receive returns at most ten records, and the runner does not combine receives. */
  BatchSize: z.number().max(10).default(10),
  Enabled: z.boolean().default(true),
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  MaximumBatchingWindowInSeconds: z.literal(0).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).default({ MaximumConcurrency: 1_000 }),
  Tags: meaningless,
});

export const ruleProperties = z.strictObject({
  Description: meaningless,
  ScheduleExpression: rate,
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Tags: meaningless,
  Targets: z.array(
    z.strictObject({
      Arn: z.string(),
      Id: meaningless,
      Input: json.optional(),
      RetryPolicy: z.strictObject(noRetries),
    }),
  ),
});

const container = z.strictObject({
  Environment: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  Essential: meaningless,
  HealthCheck: meaningless,
  Image: z.string(),
  LogConfiguration: meaningless,
  Name: meaningless,
  ReadonlyRootFilesystem: meaningless,
  StopTimeout: z.number().default(30),
});

export const taskProperties = z.strictObject({
  ContainerDefinitions: z.tuple([container]),
  Cpu: meaningless,
  ExecutionRoleArn: meaningless,
  Family: meaningless,
  Memory: meaningless,
  NetworkMode: meaningless,
  RequiresCompatibilities: meaningless,
  RuntimePlatform: meaningless,
  Tags: meaningless,
  TaskRoleArn: meaningless,
});

/** What the runner runs, or at least checks. */
export const runTypes = new Set([
  'AWS::ECS::TaskDefinition',
  'AWS::Events::Rule',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::SQS::Queue',
]);

/** What a single machine does not run. Any other type stops the start, so that nothing new is silently ignored. */
export const ignoredTypes = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::EC2::EIP',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::NatGateway',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::ECS::Cluster',
  'AWS::ECS::Service',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBClusterParameterGroup',
  'AWS::RDS::DBInstance',
  'AWS::RDS::DBSubnetGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SecretsManager::Secret',
  // What it does at deploy, the local start does to its database.
  'Custom::OmniAgentSchema',
]);
