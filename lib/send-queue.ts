import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { records } from '../functions/settings/sizes.ts';
import { timing } from '../functions/settings/timing.ts';
import { agentAlarm } from './alarm.ts';

export const lanes = ['VeryFast', 'Fast', 'Slow'] as const;
export type Lane = (typeof lanes)[number];

/** The SEND QUEUE: a queue and a dead-letter queue a lane. Records carry batch ids only. */
export class SendQueue extends Construct {
  readonly queues: Readonly<Record<Lane, Queue>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const [VeryFast, Fast, Slow] = [this.#addLane('VeryFast'), this.#addLane('Fast'), this.#addLane('Slow')];
    this.queues = { VeryFast, Fast, Slow };
  }

  #addLane(lane: Lane): Queue {
    const house = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    const deadLetters = new Queue(this, `${lane}DeadLetters`, { ...house, retentionPeriod: Duration.days(14) });
    agentAlarm(this, `${lane}DeadLetterQueueNotEmpty`, {
      name: `Sending/DeadLetterQueueNotEmpty/${lane}`,
      heading: 'Sending/DeadLetterQueueNotEmpty',
      description: `Records failed ${records.mostReceives} times: their batches are found by the sweep, but something is wrong.`,
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      threshold: 0,
      evaluationPeriods: 1,
    });
    return new Queue(this, lane, {
      ...house,
      visibilityTimeout: Duration.seconds(timing.visibilitySeconds),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: records.mostReceives },
    });
  }
}
