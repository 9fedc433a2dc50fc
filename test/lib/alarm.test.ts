import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { OmniAgent } from '../../lib/omni-agent.ts';
import { release } from '../../lib/release.ts';
import { required, resourcesOf, synthesizeAgent, templatesOf } from '../support/stacks.ts';

/** Whom each alarm calls, and whom it tells that it is over. */
function actionsOf(templates: Readonly<Record<string, Template>>): unknown[] {
  const alarms = Object.values(templates)
    .flatMap((template) => Object.values(resourcesOf(template)))
    .filter(({ Type }) => Type.startsWith('AWS::CloudWatch::') && Type.endsWith('Alarm'));
  expect(alarms.length).toBeGreaterThan(10);
  return alarms.map(({ Properties }) => [Properties['AlarmActions'], Properties['OKActions']]);
}

/** Synthesized once for most of the tests here: that takes seconds. */
const ours = synthesizeAgent();
const topicArn = 'arn:aws:sns:ap-northeast-2:111122223333:on-call';

describe('every alarm, of every stack', () => {
  it('calls the topic of the settings, and tells it when it is over', () => {
    for (const actions of actionsOf(synthesizeAgent({ alarmTopicArn: topicArn })))
      expect(actions).toEqual([[topicArn], [topicArn]]);
  });

  it('calls nobody, if the settings say so', () => {
    for (const actions of actionsOf(synthesizeAgent({ alarmTopicArn: 'none' })))
      expect(actions).toEqual([undefined, undefined]);
  });

  it('calls a topic of the app, which takes the place of the setting', () => {
    const app = new App();
    const mine = new Stack(app, 'Mine');
    const alarmTopic = new Topic(mine, 'Alarms');
    const { alarmTopicArn: _, ...settings } = required;
    new OmniAgent(app, 'OmniAgent', { ...settings, alarmTopic });
    const { Mine: __, ...templates } = templatesOf(app);
    const imported = expect.objectContaining({ 'Fn::GetStackOutput': expect.objectContaining({ StackName: 'Mine' }) });
    for (const actions of actionsOf(templates)) expect(actions).toEqual([[imported], [imported]]);
    const both = () => new OmniAgent(new App(), 'OmniAgent', { ...required, alarmTopic });
    expect(both).toThrow('OmniAgent: expected alarmTopic or alarmTopicArn, got both');
  });
});

describe('alarms and runbook', () => {
  const page = `${release.repositoryUrl}/blob/v${release.version}/docs/runbook.md#`;
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const headings = [...runbook.matchAll(/^## (\w+\/\w+)$/gm)].map(([, heading = '']) => heading);
  const urlOf = (heading: string) => `${page}${heading.toLowerCase().replace('/', '')}`;
  const alarms = Object.values(ours)
    .flatMap((template) => Object.values(template.findResources('AWS::CloudWatch::Alarm')))
    .map(({ Properties }) => ({ name: String(Properties.AlarmName), text: String(Properties.AlarmDescription) }));

  it('know each other: no section is of no alarm', () => {
    const linked = new Set(alarms.map(({ text }) => text.split(' ').at(-1)));
    expect(linked).toEqual(new Set(headings.map(urlOf)));
  });

  it('agree on the name, and an alarm says in a sentence what is wrong, then where to read on', () => {
    for (const { name, text } of alarms) {
      const heading = headings.find((one) => name.includes(`/${one}`)) ?? expect.fail(`no section of ${name}`);
      expect(text).toMatch(/^[A-Z].*\. What to do: /);
      expect(text.endsWith(` ${urlOf(heading)}`), text).toBe(true);
    }
  });
});

describe('the alarms on what stands still', () => {
  const agent = ours['omni-agent'] ?? expect.fail('no stack omni-agent');
  const dimensionsOf = (part: string) => [
    { Name: 'installation', Value: 'omni-agent' },
    { Name: 'service', Value: part },
  ];

  it('go off when rows are due and none is accepted for three minutes, or nothing is known of it', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'omni-agent/Sending/NoneAccepted',
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      Metrics: Match.arrayWith([Match.objectLike({ Expression: 'IF(due > 0 AND SUM([accepted, due]) == due, 1, 0)' })]),
    });
  });

  it('go off when nobody has measured for five minutes', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'MessagesToSend',
      Statistic: 'SampleCount',
      Dimensions: dimensionsOf('monitor'),
      ComparisonOperator: 'LessThanThreshold',
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
    });
  });

  it.each([
    ['OldestDueVeryFastSeconds', 30],
    ['OldestInDoubtSeconds', 300],
    ['OldestUnmergedSeconds', 300],
    ['OldestUnarchivedSeconds', 900],
    ['OldestSetAsideSeconds', 300],
    ['GuardDisabled', 0],
    ['TriggersDisabled', 0],
    ['DatabaseZoneDiffers', 0],
  ])('go off when %s is above %i at two looks', (MetricName, Threshold) => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      Threshold,
      Dimensions: dimensionsOf('monitor'),
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
      Period: 60,
      EvaluationPeriods: 2,
      TreatMissingData: 'notBreaching',
    });
  });

  const lasting = { Threshold: 0, EvaluationPeriods: 5, DatapointsToAlarm: 3, TreatMissingData: 'notBreaching' };

  it.each(['collector', 'sender', 'report-migrator', 'log-migrator', 'monitor'])('go off when %s fails', (program) => {
    const AlarmName = `omni-agent/Functions/Errors/${program}`;
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName, MetricName: 'Errors', ...lasting });
  });

  it('go off when functions are throttled', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'omni-agent/Functions/Throttled',
      Metrics: Match.arrayWith([Match.objectLike({ Expression: 'SUM([collector, sender])' })]),
      ...lasting,
    });
  });

  it.each([
    ['Database/DataApiErrors', 'StatementsFailed'],
    ['Sending/CredentialsRefused', 'CredentialsRefused'],
    ['Functions/NearTimeout', 'NearTimeouts'],
  ])('%s goes off when any part tells of it in three of five minutes', (name, MetricName) => {
    const AlarmName = `omni-agent/${name}`;
    const Dimensions = dimensionsOf('agent');
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName, MetricName, Dimensions, ...lasting });
  });

  it('go off when most results of a channel are failures, if there are enough to judge by', () => {
    agent.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'omni-agent/Reporting/ResultsFail/sms',
      MetricName: 'UndeliveredExcess',
      Dimensions: Match.arrayWith([{ Name: 'channel', Value: 'sms' }]),
      Statistic: 'Sum',
      Period: 900,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 100,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it('go off when the receiver has no task for five minutes', () => {
    ours['omni-agent-receiver']?.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'omni-agent-receiver/Reporting/TaskNotRunning',
      MetricName: 'CPUUtilization',
      Namespace: 'AWS/ECS',
      Statistic: 'SampleCount',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
    });
  });

  it('go off when the cluster is at its maximum for longer than a campaign takes', () => {
    ours['omni-agent-data']?.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'omni-agent-data/Database/CapacityAtMaximum',
      MetricName: 'ACUUtilization',
      Namespace: 'AWS/RDS',
      Threshold: 95,
      Period: 300,
      EvaluationPeriods: 6,
    });
  });
});
