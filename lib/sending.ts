import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { senderEnvironment } from '../functions/aws/env.ts';
import { metricNames } from '../functions/settings/metrics.ts';
import { records } from '../functions/settings/sizes.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { agentAlarm, partMetric } from './alarm.ts';
import type { AgentDatabase } from './database.ts';
import { type CallerSecrets, callerEnvironment, grantCalling } from './gateway-access.ts';
import { type AgentNetwork, callerPlace } from './network.ts';
import { type Lane, lanes, type SendQueue } from './send-queue.ts';

interface SendingProps {
  readonly config: AgentConfig;
  readonly database: AgentDatabase;
  readonly sendQueue: SendQueue;
  readonly secrets: CallerSecrets;
  /** None with profile local. */
  readonly network: AgentNetwork | undefined;
}

/** The Sender: sends the batches whose records it gets, each lane with its share of the sessions. */
export class Sending extends Construct {
  constructor(scope: Construct, id: string, { config, database, sendQueue, secrets, network }: SendingProps) {
    super(scope, id);
    const { installation } = config;
    const sender = new AgentFunction<typeof senderEnvironment>(this, 'Sender', {
      program: 'sender',
      timeout: Duration.seconds(timing.senderTimeoutSeconds),
      ...(network && callerPlace(this, network, config)),
      environment: {
        INSTALLATION: installation,
        ...database.environmentAs('agent'),
        ...callerEnvironment(config, secrets),
        MESSAGES_PER_SECOND: String(config.messagesPerSecond),
        DEFAULT_VALIDITY_SECONDS: String(config.defaultValiditySeconds),
      },
    });
    database.grantStatements(sender, 'agent');
    grantCalling(sender, secrets);
    for (const lane of lanes) {
      const source = new SqsEventSource(sendQueue.queues[lane], {
        batchSize: records.perInvocation,
        maxConcurrency: concurrencyOf(lane, config.sessions),
        reportBatchItemFailures: true,
      });
      sender.addEventSource(source);
    }
    agentAlarm(this, 'RequestRefused', {
      name: 'Sending/RequestRefused',
      description: 'The gateway has been refusing requests as a whole for five minutes.',
      metric: partMetric('sender', metricNames.sender.refusedRequests, { installation, statistic: 'Sum' }),
      // One message at fault is found within a minute, and if it must wait it is tried no more often.
      threshold: triesAMinute,
      evaluationPeriods: 5,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** Looks at a batch whose back-off is at its longest. */
const triesAMinute = Math.ceil(60 / (timing.maxBackoffSeconds * (1 - timing.backoffJitter)));

/** Half of the sessions for the most urgent lane; Lambda takes no less than two. */
function concurrencyOf(lane: Lane, sessions: number): number {
  const shares = { VeryFast: 0.5, Fast: 0.3, Slow: 0.2 };
  return Math.max(2, Math.floor(sessions * shares[lane]));
}
