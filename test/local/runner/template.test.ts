import { describe, expect, it } from 'vitest';
import { synthesize } from '../../../bin/local/runner/synth.ts';
import { type AgentPlan, readAssembly } from '../../../bin/local/runner/template.ts';
import {
  aFunction,
  anEventSource,
  aQueue,
  aSchedule,
  aTask,
  type TemplateResource,
  temporaryFolder,
  writeAssembly,
} from '../../support/assembly.ts';

const queueUrl = 'http://127.0.0.1:4100';

function planOf(Resources: Record<string, TemplateResource>): AgentPlan {
  return readAssembly(writeAssembly({ Agent: { Resources } }, { worker: '' }), { queueUrl });
}

/** What a function's variable with this value resolves to, beside a queue and a secret. */
function resolved(value: unknown): unknown {
  const Environment = { Variables: { VALUE: value } };
  const plan = planOf({
    Worker: aFunction('worker', { Environment }),
    Queue: aQueue(),
    Secret: { Type: 'AWS::SecretsManager::Secret' },
    Cluster: { Type: 'AWS::RDS::DBCluster' },
  });
  return plan.functions[0]?.environment['VALUE'];
}

describe('a value of a template', () => {
  it.each([
    ['plain text', 'plain', 'plain'],
    ['Ref of a queue: its URL', { Ref: 'Queue' }, `${queueUrl}/000000000000/Queue`],
    ['Ref of a secret: its ARN', { Ref: 'Secret' }, 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:Secret'],
    ['Ref of a cluster: its name', { Ref: 'Cluster' }, 'Cluster'],
    ['Ref of a function: its name', { Ref: 'Worker' }, 'Worker'],
    ['Ref of the region', { Ref: 'AWS::Region' }, 'ap-northeast-2'],
    ['Ref of the account', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['Ref of the partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['Ref of the URL suffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['Ref of the stack', { Ref: 'AWS::StackName' }, 'Agent'],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:ap-northeast-2:000000000000:Queue'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Partition' }]] }, 'a-aws'],
    ['Join of a Split', { 'Fn::Join': ['+', { 'Fn::Split': ['-', 'a-b'] }] }, 'a+b'],
    ['Select of a Split', { 'Fn::Select': ['1', { 'Fn::Split': [':', { Ref: 'Secret' }] }] }, 'aws'],
    ['Sub', { 'Fn::Sub': `\${AWS::Region}/\${Cluster}/\${!literal}` }, `ap-northeast-2/Cluster/\${literal}`],
    [
      'Sub of an attribute',
      { 'Fn::Sub': `\${Worker.Arn}` },
      'arn:aws:lambda:ap-northeast-2:000000000000:function:Worker',
    ],
    ['Sub with names', { 'Fn::Sub': [`\${Own}`, { Own: { Ref: 'AWS::Partition' } }] }, 'aws'],
  ])('resolves %s', (_, value, expected) => {
    expect(resolved(value)).toBe(expected);
  });

  it.each([
    [{ Ref: 'Nobody' }, 'Worker.Environment: cannot resolve Ref: no resource Nobody in stack Agent'],
    [
      { 'Fn::GetAtt': ['Queue', 'Age'] },
      'Worker.Environment: cannot resolve Fn::GetAtt: the runner knows only the attribute Arn, got Age',
    ],
    [{ 'Fn::Select': [2, ['a']] }, 'Worker.Environment: cannot resolve Fn::Select: expected an index below 1, got 2'],
    [
      { 'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'Nothing' } },
      'Worker.Environment: cannot resolve Fn::GetStackOutput: no output Data.Nothing',
    ],
    [
      { 'Fn::If': ['A', 'b', 'c'] },
      'Worker.Environment: cannot resolve Fn::If: the runner does not know this function',
    ],
  ])('stops the start when it is %j', (value, message) => {
    expect(() => resolved(value)).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });

  it('is resolved in the stack whose output it is', () => {
    const Outputs = { Out: { Value: { Ref: 'Cluster' } } };
    const CLUSTER = { 'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'Out' } };
    const dir = writeAssembly(
      {
        Data: { Resources: { Cluster: { Type: 'AWS::RDS::DBCluster' } }, Outputs },
        Agent: {
          Resources: {
            Worker: aFunction('worker', {
              Environment: { Variables: { CLUSTER } },
            }),
          },
        },
      },
      { worker: '' },
    );

    expect(readAssembly(dir, { queueUrl }).functions[0]?.environment).toEqual({ CLUSTER: 'Cluster' });
  });
});

describe('what the runner cannot follow stops the start', () => {
  const secrets = [{ Name: 'A', ValueFrom: 'b' }];
  it.each<[string, TemplateResource]>([
    ['New: the runner does not know resources of type AWS::Lambda::Alias', { Type: 'AWS::Lambda::Alias' }],
    ['New.Layers: the runner does not follow this property', aFunction('worker', { Layers: ['a'] })],
    ['New.Runtime: Invalid string: must start with "nodejs"', aFunction('worker', { Runtime: 'python3.13' })],
    ['New.Timeout: Invalid input: expected number, received string', aFunction('worker', { Timeout: '30' })],
    ['No asset missing in the assembly', aFunction('missing')],
    ['New.FifoQueue: the runner does not follow this property', aQueue({ FifoQueue: true })],
    ['New.BatchSize: Too big: expected number to be <=10', anEventSource({ BatchSize: 11 })],
    [
      'New.MaximumBatchingWindowInSeconds: Invalid input: expected 0',
      anEventSource({ MaximumBatchingWindowInSeconds: 5 }),
    ],
    ['New.FilterCriteria: the runner does not follow this property', anEventSource({ FilterCriteria: {} })],
    [
      'New.ScheduleExpression: expected rate(n minutes), got cron(0 12 * * ? *)',
      aSchedule('Worker', { ScheduleExpression: 'cron(0 12 * * ? *)' }),
    ],
    [
      'New.ScheduleExpression: expected rate(n minutes), got rate(0 minutes)',
      aSchedule('Worker', { ScheduleExpression: 'rate(0 minutes)' }),
    ],
    [
      'New.ScheduleExpression: expected rate(n minutes), got rate(30 days)',
      aSchedule('Worker', { ScheduleExpression: 'rate(30 days)' }),
    ],
    ['New.EventPattern: the runner does not follow this property', aSchedule('Worker', { EventPattern: {} })],
    [
      'New.MaximumRetryAttempts: Invalid input: expected 0',
      { Type: 'AWS::Lambda::EventInvokeConfig', Properties: { MaximumRetryAttempts: 2 } },
    ],
    [
      'New.ContainerDefinitions.0.Secrets: the runner does not follow this property',
      aTask('worker', { Secrets: secrets }),
    ],
    ['New.Condition: the runner does not follow conditions', { ...aQueue(), Condition: 'InSeoul' }],
  ])('%s', (message, resource) => {
    const read = () => planOf({ Worker: aFunction('worker'), Queue: aQueue(), New: resource });
    expect(read).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });

  it('names on one line a file that is not an assembly', () => {
    expect(() => readAssembly('/nowhere', { queueUrl })).toThrow(/^\/nowhere\/manifest.json: expected .*ENOENT.*$/);
  });
});

describe('the plan', () => {
  it('leaves out what is disabled', () => {
    const plan = planOf({
      Worker: aFunction('worker'),
      Queue: aQueue(),
      Source: anEventSource({ Enabled: false }),
      Rule: aSchedule('Worker', { State: 'DISABLED' }),
    });

    expect(plan).toMatchObject({ eventSources: [], schedules: [] });
  });

  it('holds what the template says', () => {
    const plan = planOf({
      Worker: aFunction('worker', { Timeout: 7, MemorySize: 256, VpcConfig: { SubnetIds: [{ Ref: 'Elsewhere' }] } }),
      Queue: aQueue({ VisibilityTimeout: 42, DelaySeconds: 3 }),
      Source: anEventSource({ BatchSize: 4 }),
      Rule: aSchedule('Worker', { ScheduleExpression: 'rate(5 minutes)' }),
      Task: aTask('worker', {
        Environment: [{ Name: 'SUBSCRIPTION', Value: { Ref: 'AWS::StackName' } }],
        StopTimeout: 60,
      }),
    });

    expect(plan.functions).toMatchObject([{ name: 'Worker', timeoutSeconds: 7, memoryMb: 256 }]);
    expect(plan.queues).toMatchObject([{ name: 'Queue', attributes: { VisibilityTimeout: '42', DelaySeconds: '3' } }]);
    expect(plan.eventSources).toMatchObject([{ batchSize: 4, maximumConcurrency: 2, reportsItemFailures: true }]);
    expect(plan.schedules).toMatchObject([{ name: 'Rule', periodMs: 300_000 }]);
    expect(plan.receiver).toMatchObject({ environment: { SUBSCRIPTION: 'Agent' }, stopTimeoutSeconds: 60 });
  });
});

describe('the synthesized app', () => {
  it('is understood completely', async () => {
    const outDir = temporaryFolder();
    await synthesize({
      settings: { gatewayUrl: 'grpc://127.0.0.1:4200', alarmTopicArn: 'none', messagesPerSecond: 77 },
      outDir,
    });

    const plan = readAssembly(outDir, { queueUrl });

    expect(plan.functions).toHaveLength(12);
    expect(plan.queues).toHaveLength(6);
    expect(plan.queues.filter(({ attributes }) => 'RedrivePolicy' in attributes)).toHaveLength(3);
    expect(plan.eventSources).toHaveLength(3);
    expect(plan.eventSources.every((source) => source.reportsItemFailures)).toBe(true);
    const [minute, hour] = [60_000, 3_600_000];
    const periods = plan.schedules.map(({ periodMs }) => periodMs);
    expect(periods).toEqual([minute, minute, minute, hour, minute, minute, minute, hour, minute]);
    const rates = plan.functions.map(({ environment }) => environment['MESSAGES_PER_SECOND']);
    expect(rates.filter((rate) => rate === '77')).toHaveLength(2);
    expect(plan.receiver?.environment).toMatchObject({
      GATEWAY_URL: 'grpc://127.0.0.1:4200',
      SUBSCRIPTION: 'omni-agent.000000000000.ap-northeast-2',
    });
    // It bundles every function: a loaded machine takes half a minute.
  }, 120_000);

  it('says on one line which setting is wrong', async () => {
    const synthesized = synthesize({ settings: { messagesPerSecnd: 1 }, outDir: temporaryFolder() });
    await expect(synthesized).rejects.toThrow(
      /^The CDK app could not be synthesized: .*messagesPerSecnd: no such setting.*$/,
    );
  });
});
