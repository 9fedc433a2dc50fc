import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { documentedColumns as documented } from '../support/documented-columns.ts';
import { insertMessage, writeAsAgent } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const master = () => database.current.master;

/** Values that an ordinary row does not have, by type of column. */
const samples: Readonly<Record<string, readonly [customers: string, agents: string]>> = {
  bigint: ['987654321', '123456789'],
  integer: ['77', '88'],
  smallint: ['2', '1'],
  text: ['{}', 'why'],
  'character varying': ['c', 'a'],
  'timestamp without time zone': ['2026-11-24 12:34:56', '2026-11-23 01:02:03'],
};

async function sampleOf(name: string): Promise<readonly [customers: string, agents: string]> {
  const { rows } = await pool().query<{ data_type: string }>(
    `select data_type from information_schema.columns where table_name = 'msg_tran' and column_name = $1`,
    [name],
  );
  const sample = samples[rows[0]?.data_type ?? ''];
  if (sample === undefined) throw new Error(`no sample for the type of ${name}`);
  return sample;
}

/** The row's value as text. */
async function columnOf(name: string, clientKey: string): Promise<string | null> {
  const { rows } = await pool().query<{ value: string | null }>(
    `select ${name}::text as value from msg_tran where client_key = $1`,
    [clientKey],
  );
  return rows[0]?.value ?? null;
}

/** Inserts a row as a customer would, with this value in one column. */
async function inserted(name: string, value: string): Promise<string> {
  const ordinary = {
    channel_order: 'sms',
    request_date: '2026-11-24 12:00:00',
    recipient: '01000000001',
    [name]: value,
  };
  const names = Object.keys(ordinary);
  const { rows } = await pool().query<{ client_key: string }>(
    `insert into msg_tran (${names.join(', ')}) values (${names.map((_, place) => `$${place + 1}`).join(', ')}) returning client_key`,
    Object.values(ordinary),
  );
  return rows[0]?.client_key ?? '';
}

async function update(name: string, value: string, clientKey: string): Promise<string> {
  const { rows } = await pool().query<{ client_key: string }>(
    `update msg_tran set ${name} = $1 where client_key = $2 returning client_key`,
    [value, clientKey],
  );
  return rows[0]?.client_key ?? '';
}

const ofOwner = (owner: string) => documented.filter((column) => column.owner === owner).map(({ name }) => name);

describe('docs/tables.md', () => {
  it('names every column of msg_tran exactly once, with its owner', async () => {
    const { rows } = await pool().query<{ name: string }>(
      `select column_name as name from information_schema.columns where table_name = 'msg_tran'`,
    );
    expect(documented.map(({ name }) => name).toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
    expect(new Set(documented.map(({ owner }) => owner))).toEqual(new Set(['customer', 'agent', 'both']));
    expect(ofOwner('both')).toEqual(['msg_status']);
  });

  it.each(ofOwner('customer'))(
    'gives %s to the customer: an INSERT and an UPDATE keep what the customer writes',
    async (name) => {
      const [value, other] = await sampleOf(name);
      const clientKey = await inserted(name, value);
      expect(await columnOf(name, clientKey)).toBe(value);
      expect(await columnOf(name, await update(name, other, clientKey))).toBe(other);
    },
  );

  it.each(ofOwner('agent'))('gives %s to the agent: an INSERT leaves it empty, an UPDATE unchanged', async (name) => {
    const [value, agents] = await sampleOf(name);
    expect(await columnOf(name, await inserted(name, value))).toBeNull();
    const clientKey = await insertMessage(pool());
    await writeAsAgent(pool(), [clientKey], name === 'agent_writes' ? { end_reason: 'why' } : { [name]: agents });
    const before = await columnOf(name, clientKey);
    expect(before).not.toBeNull();
    await update(name, value, clientKey);
    expect(await columnOf(name, clientKey)).toBe(before);
    await pool().query(`update msg_tran set ${name} = null where client_key = $1`, [clientKey]);
    expect(await columnOf(name, clientKey)).toBe(before);
  });
});

describe('msg_status', () => {
  const ended = '-infinity';

  /** A row in a batch, or in none. */
  async function row(state: 'waiting' | 'claimed' | 'refused' | 'sealed' | 'sent' | 'reported'): Promise<string> {
    const clientKey = await insertMessage(pool());
    if (state === 'waiting') return clientKey;
    if (state === 'refused') {
      await writeAsAgent(pool(), [clientKey], { msg_status: '3', finished_at: '2026-11-24 12:00:00' });
      return clientKey;
    }
    const { rows } = await master().query<{ id: string }>(
      `insert into send_batch (lane, members, message_count, state, created_at, wake_at)
       values (2, array[$1::bigint], 1, $2, now(), now()) returning id`,
      [clientKey, state === 'claimed' ? 'claimed' : 'sealed'],
    );
    const msg_status = { claimed: '1', sealed: '1', sent: '2', reported: '3' }[state];
    await writeAsAgent(pool(), [clientKey], { batch_id: rows[0]?.id ?? null, msg_status });
    return clientKey;
  }

  /** What a customer's statement returns about itself, queried as docs/tables.md describes. */
  async function written(clientKey: string, change: string) {
    const { rows } = await pool().query(
      `update msg_tran set ${change} where client_key = $1 returning msg_status, batch_id, finished_at::text`,
      [clientKey],
    );
    const { msg_status, batch_id, finished_at } = rows[0];
    return [msg_status, batch_id === null && [null, ended].includes(finished_at), finished_at === ended];
  }

  it.each([
    ['waiting', '0', ['0', true, false]],
    ['waiting', 'x', ['x', true, false]],
    ['waiting', '4', ['4', true, false]],
    ['waiting', '3', ['3', true, true]],
    ['claimed', '1', ['1', false, false]],
    ['claimed', '0', ['0', true, false]],
    ['claimed', '3', ['3', true, true]],
    ['refused', '1', ['3', false, false]],
    ['sealed', '0', ['1', false, false]],
    ['sealed', '3', ['1', false, false]],
    ['sent', '0', ['2', false, false]],
    ['sent', '1', ['2', false, false]],
    ['sent', '3', ['3', false, true]],
    ['reported', '1', ['3', false, false]],
    ['reported', '3', ['3', false, false]],
  ] as const)('of a %s row, set to %s, tells whether that was in time', async (state, status, answer) => {
    expect(await written(await row(state), `msg_status = '${status}'`)).toEqual(answer);
  });

  it('cannot reopen an ended row', async () => {
    const clientKey = await row('waiting');
    await written(clientKey, `msg_status = '3'`);
    expect(await written(clientKey, `msg_status = '1'`)).toEqual(['3', true, true]);
  });

  it.each([
    ['0', null],
    ['2', null],
    ['4', null],
    ['3', ended],
  ])('inserted as %s stays, and ends the row only if it is 3', async (status, finishedAt) => {
    const clientKey = await inserted('msg_status', status);
    expect([await columnOf('msg_status', clientKey), await columnOf('finished_at', clientKey)]).toEqual([
      status,
      finishedAt,
    ]);
  });

  it('and batch_id tell for any change to what is sent whether it was in time', async () => {
    const change = `mt_content = 'changed', channel_order = 'mms'`;
    const answers = [];
    for (const state of ['waiting', 'claimed', 'sealed', 'sent'] as const) {
      const clientKey = await row(state);
      const [, inTime] = await written(clientKey, change);
      answers.push([inTime, await columnOf('mt_content', clientKey), await columnOf('channel_order', clientKey)]);
    }
    expect(answers).toEqual([
      [true, 'changed', 'mms'],
      [true, 'changed', 'mms'],
      [false, 'changed', 'sms'],
      [false, 'changed', 'sms'],
    ]);
  });

  it('1 in a sealed batch keeps client_key from being changed', async () => {
    const change = `update msg_tran set client_key = client_key + 1000000 where client_key = $1`;
    await pool().query(change, [await row('claimed')]);
    await expect(pool().query(change, [await row('sealed')])).rejects.toMatchObject({ code: '55006' });
  });
});
