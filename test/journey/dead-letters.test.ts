import { ReceiveMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { readAcceptLog } from '../../bin/local/simulator/accept-log.ts';
import { steadyClock } from '../../functions/aws/clock.ts';
import { sqsDeadLetters } from '../../functions/aws/dead-letters.ts';
import { batchIdIn, sqsSendQueue } from '../../functions/aws/send-queue.ts';
import { batchStore } from '../../functions/database/batch-store.ts';
import { collectStore } from '../../functions/database/collect-store.ts';
import { sendStore } from '../../functions/database/send-store.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import { readDeadLetters, redrive } from '../../functions/operation/dead-letters.ts';
import { collect } from '../../functions/pipeline/collect.ts';
import type { SendGateway, SendStore } from '../../functions/pipeline/send/ports.ts';
import { send } from '../../functions/pipeline/send/send.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { useDatabase } from '../support/database.ts';
import { createLanes } from '../support/dead-letters.ts';
import { account, aDirectory, aSimulator } from '../support/gateway-parts.ts';
import { insertMessages } from '../support/messages.ts';
import { aQueueServer } from '../support/queue.ts';

const database = useDatabase();
const settings = { messagesPerSecond: 0, defaultValiditySeconds: 86_400 };

/** What a sender that looks at all lanes receives; the records stay hidden for so long. */
async function receive(client: SQSClient, urls: Readonly<Record<string, string>>, VisibilityTimeout: number) {
  const received: string[] = [];
  for (const QueueUrl of Object.values(urls)) {
    const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout });
    const { Messages = [] } = await client.send(command);
    received.push(...Messages.flatMap(({ Body = '' }) => batchIdIn(Body) ?? []));
  }
  return received;
}

/** The agent's own steps on a real database, SQS and gateway; a sender may have another gateway or store. */
async function scene() {
  const { server, client } = await aQueueServer();
  // A record may be received once; then it goes to the dead-letter queue.
  const { urls } = await createLanes(server, client, { maxReceiveCount: 1 });
  const dataDir = await aDirectory();
  const simulator = await aSimulator({ dataDir });
  const gateway = connectGateway({ url: simulator.url, plaintextHost: undefined, credentials: async () => account });
  const { agent } = database.current;
  const store = sendStore(agent, settings);
  const queue = sqsSendQueue(client, urls, () => undefined);

  async function claimed(priority: string): Promise<string> {
    const [clientKey] = await insertMessages(database.current.pool, 2, { priority });
    await collect({ store: collectStore(agent, settings), queue }, { ...settings, sendQueueLimit: 3_000, sizes });
    const { rows } = await database.current.pool.query('select batch_id from msg_tran where client_key = $1', [
      clientKey,
    ]);
    return rows[0].batch_id;
  }
  const sender = (batchId: string, other: { gateway?: SendGateway; store?: SendStore } = {}) =>
    send(batchId, { store, gateway, clock: steadyClock, ...other });
  const queues = sqsDeadLetters({ client, urls, now: Date.now, waitSeconds: 0 });
  const ports = { queues, store: batchStore(agent) };
  return { client, urls, gateway, store, claimed, sender, ports, dataDir };
}

it('what was accepted is never sent again, whatever is redriven', async () => {
  const { client, urls, gateway, store, claimed, sender, ports, dataDir } = await scene();
  const settled = await claimed('veryfast');
  await sender(settled);
  const inDoubt = await claimed('fast');
  const losing: SendGateway = {
    inquire: (key) => gateway.inquire(key),
    send: async (batch) => {
      await gateway.send(batch);
      return { outcome: 'inDoubt', reason: 'its answer was lost' };
    },
  };
  await sender(inDoubt, { gateway: losing });
  const sealed = await claimed('slow');
  const dying: SendStore = { ...store, settle: () => Promise.reject(new Error('the sender died')) };
  await expect(sender(sealed, { store: dying })).rejects.toThrow('the sender died');
  const queued = await claimed('slow');
  await client.send(new SendMessageCommand({ QueueUrl: urls.slow, MessageBody: 'not one of ours' }));
  const batches = [settled, inDoubt, sealed, queued];

  // Each is received once and not deleted; the next look puts it into the dead-letter queue.
  expect(await receive(client, urls, 0)).toEqual(batches);
  expect(await receive(client, urls, 0)).toEqual([]);
  const places = async () => {
    const { letters } = await readDeadLetters(ports, 100);
    return new Map(letters.map(({ batchId, place, fate }) => [batchId, [place, fate]]));
  };
  const found = new Map<string | undefined, string[]>([
    [settled, ['gone', 'dropped']],
    [inDoubt, ['inDoubt', 'redriven']],
    [sealed, ['sending', 'redriven']],
    [queued, ['claimed', 'redriven']],
    [undefined, ['unreadable', 'left']],
  ]);
  expect(await places()).toEqual(found);
  expect(await places(), 'a look leaves everything where it is').toEqual(found);

  await redrive(ports);
  expect(await receive(client, urls, 600)).toEqual([inDoubt, sealed, queued]);
  await database.current.master.query(`update send_batch set not_before = '-infinity'`);
  expect(await sender(inDoubt)).toMatchObject({ outcome: 'sent', accepted: 2 });
  expect(await sender(sealed)).toMatchObject({ outcome: 'held' });
  expect(await sender(queued)).toMatchObject({ outcome: 'sent', accepted: 2 });
  // As if its letter had been redriven by hand; and once more, when the dead sender's lease is over.
  expect(await sender(settled)).toMatchObject({ outcome: 'settled' });
  await database.current.master.query(`update send_batch set lease_until = '-infinity'`);
  expect(await sender(sealed)).toMatchObject({ outcome: 'sent', accepted: 2 });

  const accepted = readAcceptLog(dataDir).map(({ reference }) => reference);
  expect(accepted).toHaveLength(8);
  expect(new Set(accepted).size, 'each message was accepted once').toBe(8);
  const { rows } = await database.current.pool.query(
    `select count(*)::int as sent from msg_tran where msg_status = '2'`,
  );
  expect(rows).toEqual([{ sent: 8 }]);
  expect([...(await places()).keys()], 'what is no record is left').toEqual([undefined]);
  gateway.close();
});
