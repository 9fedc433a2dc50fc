import type { Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { collectorEnvironment } from '../functions/aws/env.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { loopPeriod, schedule } from './schedule.ts';
import type { SendQueue } from './send-queue.ts';

interface CollectionProps {
  readonly config: AgentConfig;
  readonly database: AgentDatabase;
  readonly sendQueue: SendQueue;
}

/** The Collector: takes due rows of msg_tran and queues their batches. */
export class Collection extends Construct {
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, { config, database, sendQueue }: CollectionProps) {
    super(scope, id);
    const { installation } = config;
    const { VeryFast, Fast, Slow } = sendQueue.queues;
    const collector = new AgentFunction<typeof collectorEnvironment>(this, 'Collector', {
      program: 'collector',
      environment: {
        INSTALLATION: installation,
        ...database.environmentAs('agent'),
        LOOP_SECONDS: String(config.loopSeconds),
        MESSAGES_PER_SECOND: String(config.messagesPerSecond),
        DEFAULT_VALIDITY_SECONDS: String(config.defaultValiditySeconds),
        SEND_QUEUE_LIMIT: String(config.sendQueueLimit),
        COLLECT_INTERVAL_MS: String(config.collectIntervalMs),
        QUEUE_URL_VERYFAST: VeryFast.queueUrl,
        QUEUE_URL_FAST: Fast.queueUrl,
        QUEUE_URL_SLOW: Slow.queueUrl,
      },
    });
    database.grantStatements(collector, 'agent');
    for (const queue of Object.values(sendQueue.queues)) queue.grant(collector, 'sqs:SendMessage');
    this.schedule = schedule(this, collector, { every: loopPeriod });
  }
}
