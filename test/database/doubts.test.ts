import { describe, expect, it } from 'vitest';
import { doubtLimit } from '../../functions/database/status-store.ts';
import { useDatabase } from '../support/database.ts';
import { useStages } from '../support/stages.ts';

const database = useDatabase();
const stages = useStages(database);

const pool = () => database.current.pool;
const master = () => database.current.master;

describe('batches in doubt', () => {
  const doubts = async (secondsLater = 10) => (await stages.current.store(secondsLater).readDoubts()).batches;

  it('are none while the first call is under way', async () => {
    await stages.current.sealed();
    expect(await stages.current.store(44).readDoubts()).toEqual({ batchCount: 0, batches: [] });
  });

  it('say what is known of their calls', async () => {
    const batchId = await stages.current.inDoubt(3, { priority: 'fast' });
    const { rows } = await master().query('select idempotency_key, not_before from send_batch');
    const pauseSeconds = (rows[0].not_before.getTime() - stages.current.later(0).getTime()) / 1000;
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
    await stages.current.sealed();
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
    await stages.current.inDoubt(2);
    await pool().query(change, [(await pool().query('select min(client_key) from msg_tran')).rows[0].min]);
    const none = { open: 0, answered: 0, gone: 0, banned: 0, expired: 0 };
    expect(await doubts()).toMatchObject([{ messages: 2, ...none, ...counts }]);
  });

  it('are listed from the oldest, a hundred at most, and counted all', async () => {
    await master().query(
      `insert into send_batch (lane, members, message_count, state, created_at, sealed_at, wake_at)
       select 2, '{}', 0, 'sealed', $1::timestamptz, $1::timestamptz - i * interval '1 minute', $1
       from generate_series(1, $2::int) i`,
      [stages.current.later(0), doubtLimit + 5],
    );
    const { batchCount, batches } = await stages.current.store().readDoubts();
    expect(batchCount).toBe(doubtLimit + 5);
    const ages = batches.map(({ sealedSeconds }) => sealedSeconds / 60);
    expect(ages).toEqual(Array.from({ length: doubtLimit }, (_, i) => doubtLimit + 5 - i));
  });
});
