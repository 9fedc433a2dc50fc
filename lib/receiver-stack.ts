import { CfnOutput, CrossStackReferences, Duration, ReferenceStrength, Stack, type StackProps } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import {
  Cluster,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { FilterPattern, type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { receiverEnvironment } from '../functions/aws/env.ts';
import { memoryMb } from '../functions/settings/memory.ts';
import { heartbeatMetric, installationDimension, metricNamespace } from '../functions/settings/metrics.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import type { EnvironmentOf } from './agent-function.ts';
import { agentAlarm } from './alarm.ts';
import { nodeEnvironment } from './bundle.ts';
import type { DataStack } from './data-stack.ts';
import { callerEnvironment, grantCalling } from './gateway-access.ts';
import { type AgentNetwork, callerGroup } from './network.ts';
import { healthCheck, healthPort, receiverImage } from './receiver-container.ts';

/** The Receiver: a Fargate task that holds the gateway's long-lived report stream. */
export class ReceiverStack extends Stack {
  readonly logGroup: ILogGroup;

  constructor(
    scope: Construct,
    id: string,
    { config, data, network, ...props }: StackProps & { config: AgentConfig; data: DataStack; network: AgentNetwork },
  ) {
    super(scope, id, props);
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    const logGroup = new LogGroup(this, 'Log', { retention: RetentionDays.ONE_MONTH });
    this.logGroup = logGroup;
    new CfnOutput(this, 'ReceiverLogGroup', {
      value: logGroup.logGroupName,
      description: 'The log of report-receiver',
    });
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: memoryMb['report-receiver'],
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
    });
    task.addContainer('Receiver', {
      image: receiverImage(this, config.receiverImage),
      environment: { ...this.#environment(config, data), ...nodeEnvironment },
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'receiver' }),
      readonlyRootFilesystem: true,
      healthCheck,
      // What is being stored is acknowledged before the task ends.
      stopTimeout: Duration.seconds(timing.receiverStopSeconds),
    });
    data.database.grantStatements(task.taskRole, 'agent');
    grantCalling(task.taskRole, data.secrets);
    const cluster = new Cluster(this, 'Cluster', { vpc: network.vpc });
    const service = new FargateService(this, 'Service', {
      cluster: cluster as ICluster,
      taskDefinition: task,
      desiredCount: 1,
      // Two for a moment are harmless: a lease row lets one of them hold the stream.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      vpcSubnets: network.senderSubnets,
      securityGroups: [callerGroup(this, network.vpc, config)],
    });
    this.#describe(cluster, service);
    this.#alarmOnSilence(logGroup, config);
    this.#alarmOnAbsence(service);
  }

  #environment(config: AgentConfig, { database, secrets }: DataStack): EnvironmentOf<typeof receiverEnvironment> {
    return {
      INSTALLATION: config.installation,
      ...database.environmentAs('agent'),
      ...callerEnvironment(config, secrets),
      // Of no other agent anywhere: at the gateway, two that share a subscription take each other's reports.
      SUBSCRIPTION: `${config.installation}.${this.account}.${this.region}`,
      HEALTH_PORT: String(healthPort),
    };
  }

  /** For `omni-agent doctor`. */
  #describe({ clusterName }: Cluster, { serviceName }: FargateService): void {
    new CfnOutput(this, 'ReceiverCluster', { value: clusterName, description: 'The cluster of the receiver' });
    new CfnOutput(this, 'ReceiverService', { value: serviceName, description: 'The service of the receiver' });
  }

  /** ECS measures each running task once a minute; of none it says nothing. */
  #alarmOnAbsence(service: FargateService): void {
    agentAlarm(this, 'TaskNotRunning', {
      name: 'Reporting/TaskNotRunning',
      description: 'For five minutes the service of the receiver has had no running task.',
      metric: service.metricCpuUtilization({ statistic: 'SampleCount', period: Duration.minutes(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 5,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  /** The receiver logs a line for each heartbeat of the stream, one every ten seconds. */
  #alarmOnSilence(logGroup: LogGroup, { installation }: AgentConfig): void {
    const heartbeats = logGroup.addMetricFilter('Heartbeats', {
      filterPattern: FilterPattern.stringValue('$.message', '=', heartbeatMetric.logMessage),
      metricNamespace,
      metricName: heartbeatMetric.name,
      metricValue: '1',
      dimensions: { [installationDimension]: `$.${installationDimension}` },
    });
    agentAlarm(this, 'StreamHeartbeatMissing', {
      name: 'Reporting/StreamHeartbeatMissing',
      description: 'No receiver has had a heartbeat of the report stream for three minutes.',
      metric: heartbeats.metric({
        dimensionsMap: { [installationDimension]: installation },
        statistic: 'Sum',
        period: Duration.minutes(1),
      }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }
}
