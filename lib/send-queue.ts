import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { agentAlarm } from './alarm.ts';

export const lanes = ['VeryFast', 'Fast', 'Slow'] as const;
export type Lane = (typeof lanes)[number];

/** Six times the sender's timeout: a record stays hidden until its sender can no longer be at work. */
const visibilityTimeout = Duration.seconds(180);

/** The SEND QUEUE: a queue and a dead-letter queue a lane. Records carry batch ids only. */
export class SendQueue extends Construct {
  readonly queues: Readonly<Record<Lane, Queue>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const make = (lane: Lane) => {
      const house = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
      const deadLetters = new Queue(this, `${lane}DeadLetters`, { ...house, retentionPeriod: Duration.days(14) });
      const queue = new Queue(this, lane, {
        ...house,
        visibilityTimeout,
        retentionPeriod: Duration.days(4),
        deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
      });
      return { queue, deadLetters };
    };
    const [veryFast, fast, slow] = [make('VeryFast'), make('Fast'), make('Slow')];
    this.queues = { VeryFast: veryFast.queue, Fast: fast.queue, Slow: slow.queue };
    const period = Duration.minutes(1);
    const visible = (queue: Queue) => queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' });
    agentAlarm(this, 'DeadLetterQueueNotEmpty', {
      name: 'Sending/DeadLetterQueueNotEmpty',
      description: 'Records failed five times: their batches are found by the sweep, but something is wrong.',
      metric: new MathExpression({
        expression: 'veryFast + fast + slow',
        usingMetrics: {
          veryFast: visible(veryFast.deadLetters),
          fast: visible(fast.deadLetters),
          slow: visible(slow.deadLetters),
        },
        period,
      }),
      threshold: 0,
      evaluationPeriods: 1,
    });
  }
}
