import { beforeEach, describe, expect, it } from 'vitest';
import { type Doubt, doubtText, judge, toDoubts } from '../../bin/operator/doubt.ts';
import { type DoubtfulBatch, doubtLimit } from '../../functions/database/status-store.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { type Stages, stagesOn } from './stages.ts';

const database = useDatabase();
let stages: Stages;

beforeEach(async () => {
  await emptyTables(database.current);
  stages = stagesOn(database.current);
});

const pool = () => database.current.pool;

describe('batches in doubt', () => {
  const doubts = async (secondsLater = 10) => (await stages.store(secondsLater).readDoubts()).batches;

  it('are none while the first call is under way', async () => {
    await stages.sealed();
    expect(await stages.store(44).readDoubts()).toEqual({ batchCount: 0, batches: [] });
  });

  it('say what is known of their calls', async () => {
    const batchId = await stages.inDoubt(3, { priority: 'fast' });
    const { rows } = await pool().query('select idempotency_key, not_before from send_batch');
    const pauseSeconds = (rows[0].not_before.getTime() - stages.later(0).getTime()) / 1000;
    expect(await doubts(1)).toEqual([
      {
        batchId,
        idempotencyKey: rows[0].idempotency_key,
        lane: 'fast',
        messages: 3,
        ...{ open: 3, answered: 0, gone: 0, banned: 0, expired: 0 },
        attempts: 1,
        sealedSeconds: 1,
        leaseSeconds: 0,
        pauseSeconds: pauseSeconds - 1,
        nextLookSeconds: pauseSeconds - 1,
        released: true,
      },
    ]);
  });

  it('say that their sender ended, if it never gave the batch back', async () => {
    await stages.sealed();
    expect(await doubts(60)).toMatchObject([{ leaseSeconds: 0, pauseSeconds: 0, nextLookSeconds: 0, released: false }]);
  });

  const byTheAgent = 'agent_writes = coalesce(agent_writes, 0) + 1';
  const changes = {
    'a row that was deleted': [`delete from msg_tran where client_key = $1`, { open: 1, gone: 1 }],
    'a row that was taken out': [
      `update msg_tran set batch_id = null, ${byTheAgent} where client_key = $1`,
      { open: 1, gone: 1 },
    ],
    'a row that the customer would take out': [
      `update msg_tran set batch_id = null where client_key = $1`,
      { open: 2 },
    ],
    'a number that was banned': [
      `insert into msg_banlist (ban_type, ban_text) select 'R', recipient from msg_tran where client_key = $1`,
      { open: 2, banned: 2 },
    ],
    'a row that has expired': [`update msg_tran set ttl = 60 where client_key = $1`, { open: 2, expired: 1 }],
    'a row that has expired by the default': [
      `update msg_tran set ttl = null, request_date = request_date - interval '1 day' where client_key = $1`,
      { open: 2, expired: 1 },
    ],
    'a row dated to the end of time': [
      `update msg_tran set request_date = '294276-12-31 23:59:59' where client_key = $1`,
      { open: 2 },
    ],
    'a row that was answered': [
      `update msg_tran set msg_status = '2', msg_sent_date = request_date, ${byTheAgent} where client_key = $1`,
      { open: 1, answered: 1 },
    ],
    'a row whose report came': [
      `update msg_tran set msg_status = '3', ${byTheAgent} where client_key = $1`,
      { open: 1 },
    ],
    'a row that the customer ended too late': [
      `update msg_tran set msg_status = '3' where client_key = $1`,
      { open: 2 },
    ],
  } as const;

  it.each(Object.entries(changes))('count %s', async (_, [change, counts]) => {
    await stages.inDoubt(2);
    await pool().query(change, [(await pool().query('select min(client_key) from msg_tran')).rows[0].min]);
    const none = { open: 0, answered: 0, gone: 0, banned: 0, expired: 0 };
    expect(await doubts()).toMatchObject([{ messages: 2, ...none, ...counts }]);
  });

  it('are listed from the oldest, a hundred at most, and counted all', async () => {
    await pool().query(
      `insert into send_batch (lane, members, message_count, state, created_at, sealed_at, wake_at)
       select 2, '{}', 0, 'sealed', $1::timestamptz, $1::timestamptz - i * interval '1 minute', $1
       from generate_series(1, $2::int) i`,
      [stages.later(0), doubtLimit + 5],
    );
    const { batchCount, batches } = await stages.store().readDoubts();
    expect(batchCount).toBe(doubtLimit + 5);
    const ages = batches.map(({ sealedSeconds }) => sealedSeconds / 60);
    expect(ages).toEqual(Array.from({ length: doubtLimit }, (_, i) => doubtLimit + 5 - i));
  });
});

const hour = 3_600;

/** Released after a call that was not answered. */
const ordinary: DoubtfulBatch = {
  batchId: '9007199254740993',
  idempotencyKey: '6b9d2a3e-0000-4000-8000-000000000000',
  lane: 'fast',
  messages: 200,
  open: 200,
  answered: 0,
  gone: 0,
  banned: 0,
  expired: 0,
  attempts: 1,
  sealedSeconds: 60,
  leaseSeconds: 0,
  pauseSeconds: 30,
  nextLookSeconds: 30,
  released: true,
};

describe('why a batch is in doubt', () => {
  const cases: [Partial<DoubtfulBatch>, string][] = [
    [{}, 'a call was not answered; the next waits for 30 s'],
    [{ pauseSeconds: 0 }, 'a call was not answered; the next is due'],
    [{ pauseSeconds: 0, leaseSeconds: 44.5 }, 'a call was not answered; a sender is at it again, for 44 s at most'],
    [{ pauseSeconds: 0, released: false }, 'its sender ended before it could write an answer'],
    [{ released: false, leaseSeconds: 9 }, 'a call was not answered; a sender is at it again, for 9 s at most'],
    [{ open: 7, answered: 193 }, 'it was answered, but 7 of its 200 rows could not be written yet'],
    [{ open: 0, answered: 0 }, 'none of its messages is open any more; only the batch itself is'],
  ];

  it.each(cases)('%o: %s', (known, why) => {
    expect(judge({ ...ordinary, ...known }).why).toBe(why);
  });
});

describe('what settles a batch in doubt', () => {
  const key = (left: string) =>
    `the same request under its key, for ${left} more (Inquire, if a row was changed, or a text of it banned)`;
  const cases: [Partial<DoubtfulBatch>, string][] = [
    [{}, key('22 h')],
    [{ sealedSeconds: 23 * hour - 90 }, key('90 s')],
    [{ sealedSeconds: 23 * hour }, 'Inquire, because its key is too old to send again'],
    [{ sealedSeconds: 23 * hour, banned: 1 }, 'Inquire, because its key is too old to send again'],
    [
      { sealedSeconds: 23 * hour, open: 0 },
      'Inquire, because its key is too old to send again; by the reports of all its rows alone, two days after its first call',
    ],
    [{ gone: 1 }, 'Inquire, because of its messages 1 was taken away since'],
    [{ banned: 2, expired: 1 }, 'Inquire, because of its messages 2 were banned, 1 was expired since'],
  ];

  it.each(cases)('%o: %s', (known, settledBy) => {
    expect(judge({ ...ordinary, ...known }).settledBy).toBe(settledBy);
  });

  it('is a person too, once its key is too old', () => {
    const asks = (known: Partial<DoubtfulBatch>) => judge({ ...ordinary, ...known }).askGateway;
    expect(asks({ sealedSeconds: 23 * hour - 1 })).toBe(false);
    expect(asks({ sealedSeconds: 23 * hour })).toBe(true);
    expect(asks({ sealedSeconds: 23 * hour, open: 0 })).toBe(false);
  });
});

describe('the text', () => {
  const textOf = (batches: DoubtfulBatch[], batchCount = batches.length) =>
    doubtText(toDoubts({ batchCount, batches })).split('\n');

  it('says so if no batch is in doubt', () => {
    expect(textOf([])).toEqual(['No batch is in doubt.']);
  });

  it('has a row and a sentence for each batch', () => {
    const { why, settledBy }: Doubt = judge(ordinary);
    expect(textOf([ordinary])).toEqual([
      '1 batch is in doubt. The messages may have been sent. The agent settles them by itself; edit nothing.',
      '',
      '  batch              lane   messages   open   in doubt for   attempts   next look',
      `  ${'─'.repeat(79)}`,
      '  9007199254740993   fast        200    200           60 s          1     in 30 s',
      '',
      `  9007199254740993: ${why}; settled by ${settledBy}`,
    ]);
  });

  it('says how many there are if it does not show all', () => {
    expect(textOf([ordinary, ordinary], 3_600)[0]).toMatch(
      /^3,600 batches are in doubt, of which these 2 are the oldest/,
    );
  });

  it('asks for a person, with what the gateway knows the batch by', () => {
    const [last] = textOf([{ ...ordinary, sealedSeconds: 50 * hour }]).slice(-1);
    expect(last).toMatch(/^WARNING: batch 9007199254740993 is in doubt for 2 d: ask the gateway .*6b9d2a3e-/);
  });
});
