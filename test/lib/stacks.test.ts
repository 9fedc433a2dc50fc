import { readFileSync } from 'node:fs';
import { App, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  banlistSchedulerEnvironment,
  collectorEnvironment,
  logMigratorEnvironment,
  receiverEnvironment,
  reportMigratorEnvironment,
  senderEnvironment,
} from '../../functions/aws/env.ts';
import { backoffSeconds } from '../../functions/pipeline/backoff.ts';
import { timing } from '../../functions/settings/timing.ts';
import { addStacks } from '../../lib/agent-app.ts';
import { readConfig } from '../../lib/agent-config.ts';

let data: Template;
let agent: Template;
let receiver: Template;
let checkedEveryFifthMinute: Template;

/** Synthesized once for all tests here: that takes seconds. */
beforeAll(() => {
  const templateOf = synthesize({});
  data = templateOf('omni-agent-data');
  agent = templateOf('omni-agent');
  receiver = templateOf('omni-agent-receiver');
});

beforeAll(() => {
  checkedEveryFifthMinute = synthesize({ banCheckMinutes: '5' })('omni-agent');
});

function synthesize(settings: Record<string, string>) {
  const app = new App();
  addStacks(app, readConfig({ gatewayUrl: 'grpcs://gateway.example.com:443', ...settings }));
  return (id: string) => Template.fromStack(app.node.findChild(id) as Stack);
}

const functionProperties = z.object({
  Description: z.string(),
  Timeout: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  VpcConfig: z.unknown().optional(),
});

/** Properties of the function of a program. */
function functionOf(program: string) {
  const found = Object.values(agent.findResources('AWS::Lambda::Function')).map(({ Properties }) =>
    functionProperties.parse(Properties),
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
  ])('give %s an environment that it can parse, and nothing else', (program, schema) => {
    const { NODE_OPTIONS: ofNode, ...Variables } = functionOf(program).Environment.Variables;
    expect(ofNode).toBe('--enable-source-maps');
    expect(() => schema.parse(resolved(Variables))).not.toThrow();
    // What may be missing is set by profile local alone.
    const variables = Object.entries<z.ZodType>(schema.shape).filter(([, one]) => !one.safeParse(undefined).success);
    expect(Object.keys(Variables).toSorted()).toEqual(variables.map(([name]) => name).toSorted());
  });

  it('run on Node 24 and arm64, five of them', () => {
    agent.resourceCountIs('AWS::Lambda::Function', 5);
    agent.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'nodejs24.x', Architectures: ['arm64'] });
  });

  it('are never invoked again by Lambda, and never late', () => {
    agent.resourceCountIs('AWS::Lambda::EventInvokeConfig', 5);
    agent.allResourcesProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });

  it('turn for longer than the minute between two firings, and have time to end', () => {
    for (const program of ['collector', 'report-migrator', 'log-migrator']) {
      const { Timeout, Environment } = functionOf(program);
      expect(Number(Environment.Variables['LOOP_SECONDS'])).toBeGreaterThan(60);
      expect(Timeout).toBeGreaterThan(Number(Environment.Variables['LOOP_SECONDS']) + 20);
    }
  });

  it('leave the sender alone in the network with the registered address', () => {
    expect(functionOf('sender').VpcConfig).toBeDefined();
    for (const program of ['collector', 'report-migrator', 'log-migrator', 'banlist-scheduler']) {
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
  it('fire four functions once a minute, without retries', () => {
    agent.resourceCountIs('AWS::Events::Rule', 4);
    agent.allResourcesProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
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

  const statementsOf = (template: Template) =>
    Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => policy.parse(Properties).PolicyDocument.Statement,
    );

  it('name what they allow, never everything', () => {
    for (const { Action } of [...statementsOf(agent), ...statementsOf(receiver)]) {
      for (const action of [Action].flat()) expect(action).not.toMatch(/\*/);
    }
  });

  it('are on single resources, but for the one that the registry’s login has', () => {
    const wide = [...statementsOf(agent), ...statementsOf(receiver)].filter(({ Resource }) => Resource === '*');
    expect(wide.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken']);
  });

  it('let the collector send and the sender receive, and nobody else', () => {
    const actionsOf = (id: RegExp) =>
      Object.entries(agent.findResources('AWS::IAM::Policy'))
        .filter(([name]) => id.test(name))
        .flatMap(([, { Properties }]) => policy.parse(Properties).PolicyDocument.Statement)
        .flatMap(({ Action }) => Action)
        .filter((action) => action.startsWith('sqs:'));
    expect(new Set(actionsOf(/Collector/))).toEqual(new Set(['sqs:SendMessage']));
    expect(actionsOf(/Sender/)).toEqual(expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage']));
    expect(actionsOf(/Migrator|Scheduler/)).toEqual([]);
  });

  it('give every part the Data API', () => {
    const data = [...statementsOf(agent), ...statementsOf(receiver)].flatMap(({ Action }) => Action);
    expect(data.filter((action) => action === 'rds-data:ExecuteStatement')).toHaveLength(6);
  });

  it('give the ban list’s check the Data API and its secret, nothing else', () => {
    const ofScheduler = Object.entries(agent.findResources('AWS::IAM::Policy'))
      .filter(([name]) => name.startsWith('UpkeepBanlistScheduler'))
      .flatMap(([, { Properties }]) => policy.parse(Properties).PolicyDocument.Statement)
      .flatMap(({ Action }) => Action);
    expect(ofScheduler).toContain('rds-data:ExecuteStatement');
    expect(ofScheduler.filter((action) => !/^(rds-data|secretsmanager):/.test(action))).toEqual([]);
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

  it('are of six kinds, each with a heading in the runbook by its name', () => {
    const alarms = [agent, receiver].flatMap((template) =>
      Object.values(template.findResources('AWS::CloudWatch::Alarm')),
    );
    const descriptions = alarms.map((alarm) => alarm['Properties'].AlarmDescription);
    expect(alarms.map((alarm) => alarm['Properties'].AlarmName).toSorted()).toEqual([
      'omni-agent-receiver/Reporting/StreamHeartbeatMissing',
      'omni-agent/Collection/OldestWaitingRow',
      'omni-agent/Collection/RowsSetAside',
      'omni-agent/Sending/DeadLetterQueueNotEmpty/Fast',
      'omni-agent/Sending/DeadLetterQueueNotEmpty/Slow',
      'omni-agent/Sending/DeadLetterQueueNotEmpty/VeryFast',
      'omni-agent/Sending/RequestRefused',
      'omni-agent/Upkeep/BanListNotChecked',
    ]);
    const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
    for (const description of descriptions) {
      const heading = /docs\/runbook\.md, "(\w+\/\w+)"/.exec(description)?.[1];
      expect(runbook).toContain(`\n## ${heading}\n`);
    }
  });

  it('goes off when rows are put aside at every look of five minutes', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'RowsSetAside',
      Dimensions: dimensionsOf('collector'),
      Statistic: 'Minimum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      Period: 60,
      EvaluationPeriods: 5,
    });
  });

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
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'BanListChecked',
      Dimensions: dimensionsOf('banlist-scheduler'),
      Statistic: 'Sum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Period: period,
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
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

describe('what lives long', () => {
  it('is encrypted, speaks the Data API, and is kept when the stack goes', () => {
    data.hasResource('AWS::RDS::DBCluster', {
      Properties: { EnableHttpEndpoint: true, StorageEncrypted: true, DeletionProtection: true },
      DeletionPolicy: 'Snapshot',
    });
  });

  it('leaves through one fixed address', () => {
    data.resourceCountIs('AWS::EC2::NatGateway', 1);
    data.resourceCountIs('AWS::EC2::EIP', 1);
  });
});
