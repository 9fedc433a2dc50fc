import { describe, expect, it } from 'vitest';
import { type PlaceName, places } from '../../functions/operation/places.ts';
import { reportOf } from '../support/agent.ts';
import { useDatabase } from '../support/database.ts';
import { insertMessages, writeAsAgent } from '../support/messages.ts';
import { token, useStages } from '../support/stages.ts';

const database = useDatabase();
const stages = useStages(database);
const pool = () => database.current.pool;
const master = () => database.current.master;
const newest = async () =>
  (await pool().query('select max(client_key) as key from msg_tran')).rows.map(({ key }) => key);

const failed = { reportCode: '20001' };
/** What was done to one row, the place it is in then, and its age there ten seconds later. */
interface Case {
  readonly title: string;
  readonly prepare: () => Promise<unknown>;
  readonly place: PlaceName;
  readonly oldestSeconds: number | null;
  /** After how many seconds to look, if not ten. */
  readonly lookAt?: number;
}

const inStatus1: Case[] = [
  { title: 'due', prepare: () => stages.current.insert({}), place: 'waiting', oldestSeconds: 310 },
  {
    title: 'due at this very instant',
    prepare: () => stages.current.insert({ request_date: '2026-11-24 12:00:10' }),
    place: 'waiting',
    oldestSeconds: 0,
  },
  {
    title: 'due a second later',
    prepare: () => stages.current.insert({ request_date: '2026-11-24 12:00:11' }),
    place: 'scheduled',
    oldestSeconds: null,
  },
  {
    title: 'due at infinity',
    prepare: () => stages.current.insert({ request_date: 'infinity' }),
    place: 'scheduled',
    oldestSeconds: null,
  },
  {
    title: 'due in the year 2100',
    prepare: () => stages.current.insert({ request_date: '2100-01-01' }),
    place: 'scheduled',
    oldestSeconds: null,
  },
  {
    title: 'due at -infinity, which the next turn refuses',
    prepare: () => stages.current.insert({ request_date: '-infinity' }),
    place: 'waiting',
    oldestSeconds: null,
  },
  {
    title: 'due, but deferred by the agent',
    prepare: () => stages.current.insert({ waits_until: '2026-11-24 12:00:11' }),
    place: 'deferred',
    oldestSeconds: 310,
  },
  {
    title: 'due, and no longer deferred by the agent',
    prepare: () => stages.current.insert({ waits_until: '2026-11-24 12:00:09' }),
    place: 'waiting',
    oldestSeconds: 1,
  },
  {
    title: 'due in the future, and deferred beyond that',
    prepare: () => stages.current.insert({ request_date: '2026-11-24 12:00:11', waits_until: '2026-11-24 13:00:00' }),
    place: 'scheduled',
    oldestSeconds: null,
  },
  { title: 'claimed, its batch queued', prepare: () => stages.current.claimed(), place: 'claimed', oldestSeconds: 10 },
  {
    title: 'claimed, its batch leased by a sender that has not sealed it',
    prepare: async () => stages.current.agent.sendStore().lease(await stages.current.claimed(), token(1)),
    place: 'claimed',
    oldestSeconds: 10,
  },
  {
    title: 'in a batch that pauses because the gateway does not take it now',
    prepare: async () => {
      stages.current.gateway.fates.push('notNow');
      await stages.current.agent.send(await stages.current.claimed());
    },
    place: 'claimed',
    oldestSeconds: 10,
  },
  {
    title: 'in a batch that was reopened because the gateway never received it',
    prepare: async () => {
      stages.current.gateway.fates.push('neverReceived');
      const batchId = await stages.current.claimed();
      await stages.current.agent.send(batchId);
      await stages.current.awaken();
      await pool().query(`update msg_tran set mt_content = 'changed' where batch_id = $1`, [batchId]);
      expect(await stages.current.agent.send(batchId)).toMatchObject({ outcome: 'reopened' });
    },
    place: 'claimed',
    oldestSeconds: 10,
  },
  {
    title: 'in a sealed batch whose first call is under way',
    prepare: () => stages.current.sealed(),
    place: 'sending',
    oldestSeconds: 10,
  },
  {
    title: 'in a sealed batch whose sender’s lease has run out',
    prepare: () => stages.current.sealed(),
    lookAt: 45,
    place: 'inDoubt',
    oldestSeconds: 45,
  },
  {
    title: 'in a batch that pauses because its call was not answered',
    prepare: () => stages.current.inDoubt(),
    place: 'inDoubt',
    oldestSeconds: 10,
  },
  {
    title: 'in doubt, and leased by the next sender',
    prepare: async () => {
      const batchId = await stages.current.inDoubt();
      await stages.current.awaken();
      stages.current.agent.setNow(stages.current.later(5));
      expect(await stages.current.agent.sendStore().lease(batchId, token(2))).toMatchObject({ outcome: 'leased' });
    },
    place: 'inDoubt',
    oldestSeconds: 10,
  },
  {
    title: 'in doubt, and not taken by the gateway at the second call',
    prepare: async () => {
      const batchId = await stages.current.inDoubt();
      await stages.current.awaken();
      stages.current.gateway.fates.push('notNow');
      expect(await stages.current.agent.send(batchId)).toMatchObject({ outcome: 'notNow' });
    },
    place: 'inDoubt',
    oldestSeconds: 10,
  },
  {
    title: 'in a batch that is gone',
    prepare: async () => {
      await master().query('delete from send_batch where id = $1', [await stages.current.claimed()]);
    },
    place: 'orphaned',
    oldestSeconds: 310,
  },
  {
    title: 'in an open batch that does not list it',
    prepare: async () => {
      await master().query(`update send_batch set members = '{0}' where id = $1`, [await stages.current.claimed()]);
    },
    place: 'orphaned',
    oldestSeconds: 310,
  },
  {
    title: 'left behind by a seal because somebody held it',
    prepare: () => strayOf('sealed'),
    place: 'waiting',
    oldestSeconds: 310,
  },
  {
    title: 'left behind by the seal of a batch that has since gone',
    prepare: () => strayOf('gone'),
    place: 'waiting',
    oldestSeconds: 310,
  },
  {
    title: 'left behind by the seal of a batch other than the one it names',
    prepare: async () => {
      await strayOf('gone');
      await master().query('update set_aside set batch_id = batch_id + 1000');
    },
    place: 'orphaned',
    oldestSeconds: 310,
  },
];

/** A row that somebody held while its batch was sealed, and what has become of the batch. Its companion is deleted. */
async function strayOf(batch: 'sealed' | 'gone'): Promise<void> {
  const batchId = await stages.current.claimed(2);
  const { rows } = await pool().query<{ client_key: string }>(
    'select client_key from msg_tran where batch_id = $1 order by 1 desc limit 2',
    [batchId],
  );
  const [held, other] = rows.map((row) => row.client_key);
  const session = await pool().connect();
  try {
    await session.query('begin');
    await session.query('select from msg_tran where client_key = $1 for update', [held]);
    expect(await stages.current.agent.send(batchId)).toMatchObject({ outcome: 'sent' });
  } finally {
    await session.query('rollback');
    session.release();
  }
  await pool().query('delete from msg_tran where client_key = $1', [other]);
  if (batch === 'sealed') {
    await master().query(
      `insert into send_batch (id, lane, members, message_count, state, wake_at, created_at, sealed_at)
       values ($1, 2, array[$2::bigint], 1, 'sealed', $3, $3, $3)`,
      [batchId, other, stages.current.later(0)],
    );
  }
}

const later: Case[] = [
  {
    title: 'accepted, without any report',
    prepare: () => stages.current.accepted(),
    place: 'accepted',
    oldestSeconds: 10,
  },
  {
    title: 'rejected',
    prepare: async () => {
      stages.current.gateway.rejectedNumbers.add('01000000666');
      await stages.current.accepted({ recipient: '01000000666' });
    },
    place: 'finished',
    oldestSeconds: 10,
  },
  {
    title: 'refused by the claim',
    prepare: async () => {
      await stages.current.insert({ ttl: 60 });
      await stages.current.agent.collect();
    },
    place: 'finished',
    oldestSeconds: 10,
  },
  {
    title: 'reported as failed on the first of its two channels',
    prepare: async () => {
      const reference = await stages.current.accepted({ channel_order: 'alimtalk,sms' });
      await stages.current.agent.store([reportOf(reference, 'alimtalk', failed)]);
      await stages.current.agent.merge();
    },
    place: 'reported',
    oldestSeconds: 10,
  },
  {
    title: 'reported as failed on its last channel',
    prepare: async () => {
      const reference = await stages.current.accepted({ channel_order: 'alimtalk,sms' });
      await stages.current.agent.store([reportOf(reference, 'sms', failed)]);
      await stages.current.agent.merge();
    },
    place: 'finished',
    oldestSeconds: 10,
  },
  {
    title: 'reported before its call was answered',
    prepare: async () => {
      await stages.current.inDoubt();
      await stages.current.agent.store([reportOf(stages.current.gateway.accepted.at(-1) ?? '', 'sms')]);
      await stages.current.agent.merge();
    },
    place: 'finished',
    oldestSeconds: 10,
  },
  {
    title: 'given up by the customer',
    prepare: async () => {
      await stages.current.accepted();
      await pool().query(`update msg_tran set msg_status = '3' where msg_status = '2'`);
    },
    place: 'finished',
    oldestSeconds: null,
  },
  {
    title: 'cancelled by the customer',
    prepare: async () =>
      pool().query(`update msg_tran set msg_status = '3' where client_key = $1`, [await stages.current.insert()]),
    place: 'finished',
    oldestSeconds: null,
  },
  {
    title: 'held by the customer',
    prepare: () => stages.current.insert({ msg_status: '0' }),
    place: 'held',
    oldestSeconds: null,
  },
  {
    title: 'with an unknown msg_status',
    prepare: () => stages.current.insert({ msg_status: '9' }),
    place: 'held',
    oldestSeconds: null,
  },
  {
    title: 'held after its claim',
    prepare: async () => {
      await pool().query(`update msg_tran set msg_status = '0' where batch_id = $1`, [await stages.current.claimed()]);
    },
    place: 'held',
    oldestSeconds: null,
  },
  {
    title: 'held by a customer’s trigger while it was claimed',
    prepare: async () => {
      await stages.current.claimed();
      await writeAsAgent(pool(), await newest(), { msg_status: 'H' });
    },
    place: 'held',
    oldestSeconds: null,
  },
  {
    title: 'inserted as if it had been sent',
    prepare: () =>
      pool().query(
        `insert into msg_tran (channel_order, request_date, recipient, msg_status, msg_key) values ('sms', now(), '01000000001', '2', 'K1')`,
      ),
    place: 'held',
    oldestSeconds: null,
  },
];

describe('a row', () => {
  const titled = [...inStatus1, ...later].map((one) => [one.title, one.place, one] as const);

  it.each(titled)('%s, is %s', async (_title, place, { prepare, oldestSeconds, lookAt = 10 }) => {
    await prepare();
    const [veryfast, fast, slow] = await stages.current.store(lookAt).readLanes();
    const none = Object.fromEntries(places.map((name) => [name, { count: 0, oldestSeconds: null }]));
    expect(slow?.places).toEqual({ ...none, [place]: { count: 1, oldestSeconds } });
    expect([veryfast?.places, fast?.places]).toEqual([none, none]);
  });

  it('is in exactly one place, in its own lane', async () => {
    for (const { prepare } of [...inStatus1, ...later]) await prepare();
    const { rows: all } = await pool().query<{ client_key: string }>('select client_key from msg_tran');
    const keys = all.map((row) => row.client_key);
    const priority = `=(array['veryfast', 'FAST', 'slow', null, 'odd'])[1 + client_key % 5]`;
    await writeAsAgent(pool(), keys, { priority });
    const lanes = await stages.current.store(10).readLanes();
    const counted = lanes.map(({ lane, places: own }) => [
      lane,
      places.reduce((sum, name) => sum + own[name].count, 0),
    ]);
    const { rows } = await pool().query<{ lane: number; n: number }>(
      `select lane_of_priority(priority) as lane, count(*)::int as n from msg_tran group by 1 order by 1`,
    );
    expect(counted).toEqual(rows.map(({ lane, n }) => [['veryfast', 'fast', 'slow'][lane], n]));
  });

  it('is counted with others, and the age is that of the oldest', async () => {
    await insertMessages(pool(), 3, { request_date: '2026-11-24 11:00:00', priority: 'fast' });
    await insertMessages(pool(), 2, { request_date: '2026-11-24 10:00:00', priority: 'fast' });
    const [, fast] = await stages.current.store().readLanes();
    expect(fast?.places.waiting).toEqual({ count: 5, oldestSeconds: 7_200 });
  });

  it('is in doubt exactly if its batch is', async () => {
    for (const { prepare } of [...inStatus1, ...later]) await prepare();
    for (const secondsLater of [10, 45, 100]) {
      const lanes = await stages.current.store(secondsLater).readLanes();
      const { batches } = await stages.current.store(secondsLater).readDoubts();
      const open = batches.reduce((sum, batch) => sum + batch.open, 0);
      expect(open).toBeGreaterThan(0);
      expect(lanes.reduce((sum, lane) => sum + lane.places.inDoubt.count, 0)).toBe(open);
    }
  });
});

describe('the rows put aside', () => {
  it('are none in a new installation', async () => {
    expect(await stages.current.store().readSetAside()).toEqual({ rowCount: 0, rows: [] });
  });

  it('are those that a customer’s trigger refused, with its error and the time until the next look', async () => {
    await stages.current.insert({ recipient: '01000000013' });
    const refused = await stages.current.insert({ recipient: '01000000014' });
    await pool().query(`
      create function refuses() returns trigger language plpgsql as
        $$ begin if new.recipient = '01000000014' then raise exception 'no such customer'; end if; return null; end $$;
      create trigger refuses after update on msg_tran for each row execute function refuses()`);
    try {
      await stages.current.agent.collect();
    } finally {
      await master().query('drop function refuses cascade');
    }
    const row = { clientKey: refused, step: 'claim', error: 'P0001 no such customer', tries: 0 };
    expect(await stages.current.store(10).readSetAside()).toEqual({
      rowCount: 1,
      rows: [{ ...row, sinceSeconds: 10, nextLookSeconds: 20 }],
    });
    expect(await stages.current.store(40).readSetAside()).toMatchObject({ rows: [{ nextLookSeconds: 0 }] });
  });

  it('are listed from the oldest on, and counted beyond those that are listed', async () => {
    await master().query(
      `insert into set_aside (client_key, step, error, since, until)
       select n, 'archive', 'x', $1::timestamptz - make_interval(secs => n), $1 from generate_series(1, 25) as n`,
      [stages.current.later(0)],
    );
    const { rowCount, rows } = await stages.current.store().readSetAside();
    expect(rowCount).toBe(25);
    expect(rows.map((row) => row.clientKey)).toEqual(Array.from({ length: 20 }, (_, place) => String(25 - place)));
  });
});
