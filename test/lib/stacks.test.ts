import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  banlistSchedulerEnvironment,
  collectorEnvironment,
  fileUploadSchedulerEnvironment,
  gatewayProbeEnvironment,
  logMigratorEnvironment,
  monitorEnvironment,
  receiverEnvironment,
  reportMigratorEnvironment,
  schemaMigratorEnvironment,
  senderEnvironment,
  tableCreateSchedulerEnvironment,
  tokenSchedulerEnvironment,
  tranCleanerSchedulerEnvironment,
} from '../../functions/aws/env.ts';
import { backoffSeconds } from '../../functions/pipeline/backoff.ts';
import { timing } from '../../functions/settings/timing.ts';
import { synthesizeAgent } from '../support/stacks.ts';

let agent: Template;
let schema: Template;
let receiver: Template;
let checkedEveryFifthMinute: Template;

/** Synthesized once for all tests here: that takes seconds. */
beforeAll(() => {
  const templates = synthesizeAgent();
  const templateOf = (name: string) => templates[name] ?? expect.fail(`no stack ${name}`);
  agent = templateOf('omni-agent');
  schema = templateOf('omni-agent-schema');
  receiver = templateOf('omni-agent-receiver');
});

beforeAll(() => {
  const template = synthesizeAgent({ banCheckMinutes: 5 })['omni-agent'];
  checkedEveryFifthMinute = template ?? expect.fail('no stack omni-agent');
});

const functionProperties = z.object({
  Description: z.string(),
  Timeout: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  VpcConfig: z.unknown().optional(),
});

/** Properties of the function of a program. */
function functionOf(program: string) {
  const found = [agent, schema].flatMap((template) =>
    Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) =>
      functionProperties.parse(Properties),
    ),
  );
  const one = found.find(({ Description }) => Description.endsWith(`: ${program}`));
  if (one === undefined) throw new Error(`no function of ${program}`);
  return one;
}

/** What CloudFormation would put in place of references, good enough for the schemas. */
function resolved(variables: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : name.includes('URL') ? 'https://sqs.example.com/1/q' : 'arn:aws:x',
    ]),
  );
}

describe('the functions', () => {
  it.each([
    ['collector', collectorEnvironment],
    ['sender', senderEnvironment],
    ['report-migrator', reportMigratorEnvironment],
    ['log-migrator', logMigratorEnvironment],
    ['banlist-scheduler', banlistSchedulerEnvironment],
    ['table-create-scheduler', tableCreateSchedulerEnvironment],
    ['monitor', monitorEnvironment],
    ['schema-migrator', schemaMigratorEnvironment],
    ['gateway-probe', gatewayProbeEnvironment],
    ['token-scheduler', tokenSchedulerEnvironment],
    ['tran-cleaner-scheduler', tranCleanerSchedulerEnvironment],
    ['file-upload-scheduler', fileUploadSchedulerEnvironment],
  ])('give %s an environment that it can parse, and nothing else', (program, schema) => {
    const { NODE_OPTIONS: ofNode, ...Variables } = functionOf(program).Environment.Variables;
    expect(ofNode).toBe('--enable-source-maps');
    expect(() => schema.parse(resolved(Variables))).not.toThrow();
    // What may be missing is set by profile local alone.
    const variables = Object.entries<z.ZodType>(schema.shape).filter(([, one]) => !one.safeParse(undefined).success);
    expect(Object.keys(Variables).toSorted()).toEqual(variables.map(([name]) => name).toSorted());
  });

  it('run on Node 24 and arm64, eleven of them', () => {
    agent.resourceCountIs('AWS::Lambda::Function', 11);
    agent.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'nodejs24.x', Architectures: ['arm64'] });
  });

  it('are never invoked again by Lambda, and never late', () => {
    agent.resourceCountIs('AWS::Lambda::EventInvokeConfig', 11);
    agent.allResourcesProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });

  it('turn for longer than the minute between two firings, and have time to end', () => {
    for (const program of ['collector', 'report-migrator']) {
      const { Timeout, Environment } = functionOf(program);
      expect(Number(Environment.Variables['LOOP_SECONDS'])).toBeGreaterThan(60);
      expect(Timeout).toBeGreaterThan(Number(Environment.Variables['LOOP_SECONDS']) + 20);
    }
  });

  it('leave who calls the gateway alone in the network with the registered address, in the same subnets', () => {
    const placeOf = (program: string) => z.object({ SubnetIds: z.unknown() }).parse(functionOf(program).VpcConfig);
    expect(placeOf('sender').SubnetIds).toBeDefined();
    for (const program of ['gateway-probe', 'token-scheduler', 'tran-cleaner-scheduler', 'file-upload-scheduler'])
      expect(placeOf(program)).toEqual(placeOf('sender'));
    const others = ['collector', 'report-migrator', 'log-migrator', 'banlist-scheduler'];
    for (const program of [...others, 'table-create-scheduler', 'schema-migrator', 'monitor']) {
      expect(functionOf(program).VpcConfig).toBeUndefined();
    }
  });
});

describe('the SEND QUEUE', () => {
  it('has a lane for each priority, each with a dead-letter queue', () => {
    agent.resourceCountIs('AWS::SQS::Queue', 6);
    const lanes = agent.findResources('AWS::SQS::Queue', { Properties: { RedrivePolicy: Match.anyValue() } });
    expect(Object.values(lanes).map((lane) => lane['Properties'].RedrivePolicy.maxReceiveCount)).toEqual([5, 5, 5]);
  });

  it('hides a record for six times the sender’s timeout', () => {
    const { Timeout } = functionOf('sender');
    expect(Timeout).toBe(timing.senderTimeoutSeconds);
    expect(timing.visibilitySeconds).toBeGreaterThanOrEqual(6 * Timeout);
    const lanes = { RedrivePolicy: Match.anyValue(), VisibilityTimeout: timing.visibilitySeconds };
    agent.resourcePropertiesCountIs('AWS::SQS::Queue', lanes, 3);
  });

  it('is consumed five records at a time, with partial answers and at most the sessions at once', () => {
    agent.resourceCountIs('AWS::Lambda::EventSourceMapping', 3);
    agent.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumBatchingWindowInSeconds: Match.absent(),
    });
    const mappings = Object.values(agent.findResources('AWS::Lambda::EventSourceMapping'));
    const concurrency = mappings.map((mapping) => mapping['Properties'].ScalingConfig.MaximumConcurrency);
    expect(concurrency).toEqual([5, 3, 2]);
  });

  it('takes nothing over an unencrypted connection', () => {
    agent.resourceCountIs('AWS::SQS::QueuePolicy', 6);
  });
});

describe('the schedules', () => {
  it('fire seven functions once a minute and two each hour, without retries', () => {
    const rules = Object.values(agent.findResources('AWS::Events::Rule'));
    const often = rules.map((rule) => rule['Properties'].ScheduleExpression);
    expect(often.toSorted()).toEqual(['rate(1 hour)', 'rate(1 hour)', ...Array(7).fill('rate(1 minute)')]);
    agent.allResourcesProperties('AWS::Events::Rule', {
      State: 'ENABLED',
      Targets: [Match.objectLike({ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } })],
    });
  });
});

describe('the check of the ban list', () => {
  it.each([
    ['once a minute', () => agent, 'rate(1 minute)'],
    ['every five minutes, if banCheckMinutes is 5', () => checkedEveryFifthMinute, 'rate(5 minutes)'],
  ])('is fired %s', (_often, template, rate) => {
    template().hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: rate,
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^UpkeepBanlistScheduler'), 'Arn'] } }],
    });
  });

  it('ends before the next begins', () => {
    expect(functionOf('banlist-scheduler').Timeout).toBeLessThan(60);
  });
});

describe('the grants', () => {
  const statement = z.object({ Action: z.union([z.string(), z.array(z.string())]), Resource: z.unknown() });
  const policy = z.object({ PolicyDocument: z.object({ Statement: z.array(statement) }) });

  const statementsOf = (template: Template, id = /./) =>
    Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([name]) => id.test(name))
      .flatMap(([, { Properties }]) => policy.parse(Properties).PolicyDocument.Statement)
      .map(({ Action, Resource }) => ({ actions: [Action].flat(), resource: JSON.stringify(Resource) }));
  const everyone = () => [agent, schema, receiver].flatMap((template) => statementsOf(template));
  const actionsOf = (template: Template, id: RegExp, service: string) =>
    statementsOf(template, id)
      .flatMap(({ actions }) => actions)
      .filter((action) => action.startsWith(`${service}:`));

  it('name what they allow, never everything, and nobody has a policy of AWS’s own', () => {
    for (const { actions } of everyone()) for (const action of actions) expect(action).not.toMatch(/\*/);
    for (const template of [agent, schema, receiver])
      template.allResourcesProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  it('are on single resources, but for listings, traces, files and the network of who calls the gateway', () => {
    const wide = everyone().filter(({ resource }) => resource.includes('*'));
    expect([...new Set(wide.flatMap(({ actions }) => actions))].toSorted()).toEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
      'ecr:GetAuthorizationToken',
      's3:GetObject',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('let the collector send and the sender receive, and nobody else', () => {
    expect(new Set(actionsOf(agent, /Collector/, 'sqs'))).toEqual(new Set(['sqs:SendMessage']));
    expect(actionsOf(agent, /Sender/, 'sqs')).toEqual(
      expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage']),
    );
    expect(actionsOf(agent, /Migrator|Scheduler|Probe/, 'sqs')).toEqual([]);
    expect(actionsOf(agent, /Probe/, 'rds-data')).toEqual([]);
  });

  it('give a part single statements, and transactions to those that change the schema', () => {
    const transactions = ['BeginTransaction', 'CommitTransaction', 'RollbackTransaction'];
    const all = ['ExecuteStatement', ...transactions].map((name) => `rds-data:${name}`);
    for (const id of [
      /Collector/,
      /Sender/,
      /ReportM/,
      /LogM/,
      /Banlist/,
      /TranCleaner/,
      /MonitoringMonitor/,
      /FileUpload/,
    ])
      expect(actionsOf(agent, id, 'rds-data')).toEqual(['rds-data:ExecuteStatement']);
    expect(actionsOf(receiver, /TaskRole/, 'rds-data')).toEqual(['rds-data:ExecuteStatement']);
    expect(actionsOf(agent, /TableCreateScheduler/, 'rds-data').toSorted()).toEqual(all.toSorted());
    expect(actionsOf(schema, /SchemaMigrator/, 'rds-data').toSorted()).toEqual(all.toSorted());
  });

  it.each([
    ['the collector', () => statementsOf(agent, /Collector/), ['Agent']],
    ['the sender', () => statementsOf(agent, /Sender/), ['Agent', 'Gateway', 'Token']],
    ['the migrator of reports', () => statementsOf(agent, /ReportMigrator/), ['Agent']],
    ['the migrator of the log', () => statementsOf(agent, /LogMigrator/), ['Agent']],
    ['the check of the ban list', () => statementsOf(agent, /BanlistScheduler/), ['Agent']],
    ['the monitor', () => statementsOf(agent, /MonitoringMonitor/), ['Agent']],
    ['the cleaner', () => statementsOf(agent, /TranCleanerScheduler/), ['Agent', 'Gateway', 'Token']],
    ['the receiver', () => statementsOf(receiver, /TaskRole/), ['Agent', 'Gateway', 'Token']],
    ['the probe', () => statementsOf(agent, /GatewayProbe/), ['Gateway']],
    ['the keeper of the token', () => statementsOf(agent, /TokenScheduler/), ['Gateway', 'Token']],
    ['the uploader', () => statementsOf(agent, /FileUploadScheduler/), ['Agent', 'Gateway', 'Token']],
    ['the creator of tables', () => statementsOf(agent, /TableCreateScheduler/), ['Owner']],
    ['the migrator of the schema', () => statementsOf(schema), ['Agent', 'Customer', 'Master', 'Owner']],
  ])('let %s read the secrets that it needs', (_who, statements, secrets) => {
    const reading = statements().filter(({ actions }) => actions.includes('secretsmanager:GetSecretValue'));
    const of = reading.flatMap(({ resource }) => resource.match(/MasterUserSecret|Secrets(?:[A-Z][a-z]+)/g) ?? []);
    const names = of.map((name) => (name === 'MasterUserSecret' ? 'Master' : name.replace('Secrets', '')));
    expect(names.toSorted()).toEqual(secrets);
    expect(new Set(reading.flatMap(({ actions }) => actions))).toEqual(new Set(['secretsmanager:GetSecretValue']));
  });

  it('let those that share the token write it, and no other secret', () => {
    const writing = [agent, receiver, schema].flatMap((template) =>
      statementsOf(template).filter(({ actions }) =>
        actions.some((one) => /^secretsmanager:(?!GetSecretValue)/.test(one)),
      ),
    );
    expect(writing).toHaveLength(5);
    for (const { actions, resource } of writing) {
      expect(actions).toEqual(['secretsmanager:PutSecretValue']);
      expect(resource).toMatch(/SecretsToken/);
    }
  });

  it('let the uploader alone read files', () => {
    const reading = [agent, receiver, schema].flatMap((template) =>
      statementsOf(template).filter(({ actions }) => actions.some((one) => one.startsWith('s3:'))),
    );
    expect(reading.map(({ actions }) => actions)).toEqual([['s3:GetObject'], ['s3:ListBucket']]);
    expect(actionsOf(agent, /FileUploadScheduler/, 's3').toSorted()).toEqual(['s3:GetObject', 's3:ListBucket']);
  });
});

describe('the receiver', () => {
  it('is one arm64 task with an environment that it can parse, and time to drain', () => {
    receiver.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 1, LaunchType: 'FARGATE' });
    const [task] = Object.values(receiver.findResources('AWS::ECS::TaskDefinition'));
    const [container] = task?.['Properties'].ContainerDefinitions ?? [];
    const variables = container.Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]);
    expect(() => receiverEnvironment.parse(resolved(Object.fromEntries(variables)))).not.toThrow();
    const subscription = Object.fromEntries(variables)['SUBSCRIPTION'];
    expect(subscription).toEqual({
      'Fn::Join': ['', ['omni-agent.', { Ref: 'AWS::AccountId' }, '.', { Ref: 'AWS::Region' }]],
    });
    expect(container.StopTimeout).toBe(60);
    expect(task?.['Properties'].RuntimePlatform.CpuArchitecture).toBe('ARM64');
  });
});

describe('the alarms', () => {
  const dimensionsOf = (part: string) => [
    { Name: 'installation', Value: 'omni-agent' },
    { Name: 'service', Value: part },
  ];
  /** On a schedule whose function ended well in none of so many periods. */
  const notDone = (name: string, period: number, periods: number) => {
    const metric = (Id: string, MetricName: string) =>
      Match.objectLike({ Id, MetricStat: { Metric: Match.objectLike({ MetricName }), Period: period, Stat: 'Sum' } });
    return {
      AlarmName: `omni-agent/${name}`,
      Metrics: [
        Match.objectLike({ Expression: 'invocations - errors' }),
        metric('invocations', 'Invocations'),
        metric('errors', 'Errors'),
      ],
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: periods,
      TreatMissingData: 'breaching',
    };
  };

  it('goes off when requests are refused for five minutes, more often than a single message is tried again', () => {
    const longestPause = backoffSeconds(100, 0);
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'RequestsRefused',
      Dimensions: dimensionsOf('sender'),
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: Math.ceil(60 / longestPause),
      Period: 60,
      EvaluationPeriods: 5,
      TreatMissingData: 'notBreaching',
    });
  });

  it.each([
    ['every minute', () => agent, 60],
    ['every fifth', () => checkedEveryFifthMinute, 300],
  ])('goes off when five checks of the ban list are missing that are due %s', (_due, template, period) => {
    template().hasResourceProperties('AWS::CloudWatch::Alarm', notDone('Upkeep/BanListNotChecked', period, 5));
  });

  it('goes off when five looks for rows that have waited too long are missing', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', notDone('Upkeep/RowsNotCleaned', 60, 5));
  });

  it('goes off when nobody checked the tables for two hours', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', notDone('Upkeep/TablesNotChecked', 3_600, 2));
  });

  it('goes off when nobody checked the token for as long as it lasts without a new one', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', notDone('Authentication/TokenNotChecked', 3_600, 3));
  });

  it('goes off when something is missing in the database', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'SchemaObjectsMissing',
      Dimensions: dimensionsOf('table-create-scheduler'),
      Period: 3_600,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it('goes off when the heartbeat is missing altogether', () => {
    receiver.hasResourceProperties('AWS::CloudWatch::Alarm', {
      TreatMissingData: 'breaching',
      MetricName: 'StreamHeartbeats',
      Dimensions: [{ Name: 'installation', Value: 'omni-agent' }],
    });
    receiver.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.message = "heartbeat" }',
      MetricTransformations: [Match.objectLike({ Dimensions: [{ Key: 'installation', Value: '$.installation' }] })],
    });
  });
});
