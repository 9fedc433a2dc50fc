import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { parseRecord } from '../../functions/aws/send-queue.ts';
import { priorities } from '../../functions/message/priority.ts';
import { queueUrlsAt } from './local-agent.ts';

/** The lanes' queues, each with its dead-letter queue, as the stack has them. */
export async function createLanes({ url }: { url: string }, client: SQSClient, { maxReceiveCount = 5 } = {}) {
  for (const lane of priorities) {
    await client.send(new CreateQueueCommand({ QueueName: `${lane}-dead` }));
    const deadLetterTargetArn = `arn:aws:sqs:ap-northeast-2:000000000000:${lane}-dead`;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
    await client.send(new CreateQueueCommand({ QueueName: lane, Attributes: { RedrivePolicy } }));
  }
  const names = queueUrlsAt(url);
  const urls = { veryfast: names.QUEUE_URL_VERYFAST, fast: names.QUEUE_URL_FAST, slow: names.QUEUE_URL_SLOW };
  return {
    urls,
    /** A record of a batch, as if the sender had failed with it five times. */
    bury: async (lane: keyof typeof urls, batchId: string, body = JSON.stringify({ version: 1, batchId })) => {
      await client.send(new SendMessageCommand({ QueueUrl: `${urls[lane]}-dead`, MessageBody: body }));
    },
    /** Takes the batches that the sender would get next. */
    receive: async (): Promise<string[]> => {
      const lanes = priorities.map(async (lane) => {
        const command = new ReceiveMessageCommand({ QueueUrl: urls[lane], MaxNumberOfMessages: 10 });
        return ((await client.send(command)).Messages ?? []).map(({ Body = '' }) => parseRecord(Body).batchId);
      });
      return (await Promise.all(lanes)).flat();
    },
  };
}
