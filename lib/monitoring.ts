import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { monitorEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { agentDashboard } from './dashboard.ts';
import type { AgentDatabase } from './database.ts';
import { failureAlarms } from './failure-alarms.ts';
import { functionAlarms } from './function-alarms.ts';
import { monitorAlarms } from './monitor-alarms.ts';
import { rulesBelow, schedule } from './schedule.ts';

interface MonitoringProps {
  readonly config: AgentConfig;
  readonly database: AgentDatabase;
  /** The rule whose tag says that the agent is paused. */
  readonly pauseRule: Rule;
}

/** The Monitor: measures each minute what waits for each step, and whether one of the schedules and event sources is disabled. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { config, database, pauseRule }: MonitoringProps) {
    super(scope, id);
    // All that there are, before its own.
    const rules = rulesBelow(Stack.of(this));
    const sources = Stack.of(this)
      .node.findAll()
      .filter((one) => one instanceof EventSourceMapping)
      .map((one) => one.eventSourceMappingId);
    const monitor = new AgentFunction<typeof monitorEnvironment>(this, 'Monitor', {
      program: 'monitor',
      timeout: Duration.seconds(timing.singleTimeoutSeconds),
      environment: {
        INSTALLATION: config.installation,
        ...database.environmentAs('agent'),
        RULES: rules.map(({ ruleName }) => ruleName).join(','),
        EVENT_SOURCES: sources.join(','),
        PAUSE_RULE_ARN: pauseRule.ruleArn,
      },
    });
    database.grantStatements(monitor, 'agent');
    const grant = (action: string, resourceArns: string[]) =>
      Grant.addToPrincipal({ grantee: monitor, actions: [action], resourceArns });
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    const arnOfSource = (resourceName: string) =>
      Stack.of(this).formatArn({ service: 'lambda', resource: 'event-source-mapping', resourceName, arnFormat });
    grant(
      'events:DescribeRule',
      rules.map(({ ruleArn }) => ruleArn),
    );
    grant('events:ListTagsForResource', [pauseRule.ruleArn]);
    grant('lambda:GetEventSourceMapping', sources.map(arnOfSource));
    schedule(this, monitor, { every: Duration.minutes(1) });
    monitorAlarms(this, config);
    failureAlarms(this, config);
    functionAlarms(this);
    agentDashboard(this, config);
  }
}
