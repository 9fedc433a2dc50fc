import { beforeEach, describe, expect, it } from 'vitest';
import { sqsDeadLetters } from '../../functions/aws/dead-letters.ts';
import { batchStore } from '../../functions/database/batch-store.ts';
import { type DeadLetterPorts, readDeadLetters, redrive } from '../../functions/operation/dead-letters.ts';
import { useDatabase } from '../support/database.ts';
import { createLanes } from '../support/dead-letters.ts';
import { aQueueServer, depthOf } from '../support/queue.ts';
import { useStages } from '../support/stages.ts';

/** PostgreSQL, SQS in memory, and a gateway in memory that says how often it accepted each message. */
const database = useDatabase();
const stages = useStages(database);

let lanes: Awaited<ReturnType<typeof createLanes>>;
let depth: (lane: string) => Promise<[number, number, number]>;
let ports: DeadLetterPorts;

beforeEach(async () => {
  const { server, client } = await aQueueServer();
  lanes = await createLanes(server, client);
  depth = (lane) => depthOf(client, `${server.url}/000000000000/${lane}`);
  const now = () => Date.now() + 3_600_000;
  const queues = sqsDeadLetters({ client, urls: lanes.urls, now, waitSeconds: 0 });
  ports = { queues, store: batchStore(database.current.at(stages.current.later(0))) };
});

/** A letter of a batch that was settled, of one whose call got no answer, and of one that was never sent: two messages each. */
async function threeLetters() {
  const { agent, claimed, inDoubt } = stages.current;
  const settled = await claimed(2, { priority: 'veryfast' });
  expect(await agent.send(settled)).toMatchObject({ outcome: 'sent', accepted: 2 });
  const doubtful = await inDoubt(2, { priority: 'fast' });
  const waiting = await claimed(2, { priority: 'slow' });
  await lanes.bury('veryfast', settled);
  await lanes.bury('fast', doubtful);
  await lanes.bury('slow', waiting);
  return { settled, doubtful, waiting };
}

/** As the sender handles what is in its queues. */
async function sendQueued(): Promise<string[]> {
  await stages.current.awaken();
  const batchIds = await lanes.receive();
  for (const batchId of batchIds) await stages.current.agent.send(batchId);
  return batchIds.toSorted();
}

const acceptedOnce = (count: number) => {
  const { accepted } = stages.current.gateway;
  expect(accepted).toHaveLength(count);
  expect(new Set(accepted).size).toBe(count);
};

describe('a look at the dead letters', () => {
  it('says what became of the batch of each, how old it is, and leaves all where they are', async () => {
    const { settled, doubtful, waiting } = await threeLetters();
    const { letters, cut } = await readDeadLetters(ports, 1_000);
    expect(cut).toEqual([]);
    expect(new Map(letters.map((letter) => [letter.batchId, letter]))).toMatchObject(
      new Map([
        [settled, { lane: 'veryfast', place: 'gone', fate: 'dropped' }],
        [doubtful, { lane: 'fast', place: 'inDoubt', fate: 'redriven', batch: { messages: 2, attempts: 1 } }],
        [waiting, { lane: 'slow', place: 'claimed', fate: 'redriven', batch: { messages: 2, attempts: 0 } }],
      ]),
    );
    for (const { ageSeconds } of letters) expect(Math.floor(ageSeconds)).toBeGreaterThanOrEqual(3_600);
    for (const lane of ['veryfast', 'fast', 'slow']) {
      expect(await depth(`${lane}-dead`)).toEqual([1, 0, 0]);
      expect(await depth(lane)).toEqual([0, 0, 0]);
    }
  });

  it('sees a sender at work, before and after it has sealed the batch', async () => {
    const { agent, claimed, sealed } = stages.current;
    const leased = await claimed();
    await agent.sendStore().lease(leased, '11111111-1111-4111-8111-111111111111');
    await lanes.bury('slow', leased);
    await lanes.bury('slow', await sealed());
    const { letters } = await readDeadLetters(ports, 1_000);
    expect(letters.map(({ place }) => place).toSorted()).toEqual(['leased', 'sending']);
  });

  it('takes about as many of a lane as it is told, and says that there are more', async () => {
    for (let n = 1; n <= 25; n++) await lanes.bury('fast', String(n));
    const { letters, cut } = await readDeadLetters(ports, 15);
    expect({ count: letters.length, cut }).toEqual({ count: 20, cut: ['fast'] });
    expect(await depth('fast-dead')).toEqual([25, 0, 0]);
  });
});

describe('a redrive', () => {
  it('sends what waits, never again what was accepted, and drops a letter whose batch is gone', async () => {
    const { settled, doubtful, waiting } = await threeLetters();
    acceptedOnce(4);

    const done = await redrive(ports);
    expect(new Map(done.map(({ batchId, fate }) => [batchId, fate]))).toEqual(
      new Map([
        [settled, 'dropped'],
        [doubtful, 'redriven'],
        [waiting, 'redriven'],
      ]),
    );
    expect(await sendQueued()).toEqual([doubtful, waiting].toSorted());

    acceptedOnce(6);
    const { rows } = await database.current.pool.query('select msg_status, count(*)::int from msg_tran group by 1');
    expect(rows).toEqual([{ msg_status: '2', count: 6 }]);
    for (const lane of ['veryfast', 'fast', 'slow']) expect(await depth(`${lane}-dead`)).toEqual([0, 0, 0]);
  });

  it('does no harm if the batch is settled before its record is, or if it is done twice', async () => {
    const { doubtful, waiting } = await threeLetters();
    await redrive(ports);
    await stages.current.awaken();
    await stages.current.agent.send(waiting);
    await stages.current.agent.send(doubtful);
    await lanes.bury('slow', waiting);
    expect(await redrive(ports)).toMatchObject([{ batchId: waiting, fate: 'dropped', place: 'gone' }]);
    expect(await sendQueued()).toEqual([doubtful, waiting].toSorted());
    acceptedOnce(6);
  });

  it('queues a batch once, however many letters it has, and leaves what it does not understand', async () => {
    const waiting = await stages.current.claimed(2);
    for (let n = 1; n <= 12; n++) await lanes.bury('slow', waiting);
    await lanes.bury('slow', waiting, `{"version":2,"batchId":"${waiting}"}`);
    const done = await redrive(ports);
    const of = (wanted: string) => done.filter(({ fate }) => fate === wanted);
    expect([of('redriven').length, of('dropped').length]).toEqual([1, 11]);
    expect(of('left')).toMatchObject([{ place: 'unreadable', batchId: undefined }]);
    expect(await depth('slow')).toEqual([1, 0, 0]);
    expect(await depth('slow-dead')).toEqual([1, 0, 0]);
  });

  it('keeps the letter of a batch that the queue does not take', async () => {
    await lanes.bury('slow', await stages.current.claimed());
    const refusing = { ...ports.queues, enqueue: async (_: unknown, ids: readonly string[]) => new Set(ids) };
    expect(await redrive({ ...ports, queues: refusing })).toMatchObject([{ fate: 'left' }]);
    expect(await depth('slow-dead')).toEqual([1, 0, 0]);
  });
});
