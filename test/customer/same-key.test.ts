import { afterEach, describe, expect, it } from 'vitest';
import { reportOf } from '../support/agent.ts';
import { expectEqual } from '../support/statistics.ts';
import { useScene } from './scene.ts';

const scene = useScene();
afterEach(() => scene.current.administer('drop function if exists fault cascade'));

/** Whose row a customer's trigger fails for. */
const bad = '01000000013';

async function failFor(event: string, body: string): Promise<void> {
  await scene.current.query(
    `create function fault() returns trigger language plpgsql as $$ begin ${body}; return new; end $$`,
  );
  await scene.current.query(
    `create trigger fault before ${event} for each row when (new.recipient = '${bad}') execute function fault()`,
  );
}

const bodies = [`raise exception 'no'`, 'return null'];
const lookAgain = () => scene.current.administer(`update set_aside set until = '-infinity'`);

describe('a new row under the client_key of one that was put aside', () => {
  it.each([
    { how: 'was deleted', free: 'delete from msg_tran where client_key = $1' },
    {
      how: 'has another client_key now',
      free: 'update msg_tran set client_key = client_key + 1000 where client_key = $1',
    },
  ])('and that $how is sent at once', async ({ free }) => {
    const { insert, turn, query, row, aside } = scene.current;
    const [key = ''] = await insert({ recipient: bad });
    await failFor('update of batch_id on msg_tran', `raise exception 'no'`);
    await turn();
    expect(await aside()).toMatchObject([{ client_key: key, step: 'claim' }]);
    await query(free, [key]);
    expect(await aside()).toEqual([]);
    await insert({ client_key: key });
    await turn();
    expect(await row(key)).toMatchObject({ msg_status: '2' });
  });

  it.each(bodies)(
    'keeps no report of the former row from the log of unmatched ones, by a trigger: %s',
    async (body) => {
      const { insert, turn, query, agent, aside, report, administer } = scene.current;
      const [key = ''] = await insert();
      await turn();
      await query('delete from msg_tran where client_key = $1', [key]);
      await insert({ client_key: key, recipient: bad });
      await turn();
      await failFor('update on msg_tran', body);
      await report();
      for (let turns = 0; turns < 2; turns++) await agent.merge();
      expect(await aside()).toMatchObject([{ client_key: key, step: 'merge' }]);
      // Parked: no row in msg_tran has this batch.
      expect(
        await administer('select batch_id, retry_at is not null as parked from msg_report order by seq'),
      ).toMatchObject([{ parked: true }, { parked: false }]);
    },
  );
});

describe('two rows in the log that have one client_key', () => {
  it.each(bodies)('have late reports of their own, though a trigger minds one of them: %s', async (body) => {
    const { insert, turn, query, agent, gateway, archive, aside, later, lives, administer, database } = scene.current;
    let key = '';
    for (const recipient of [bad, '01000000001']) {
      [key = ''] = await insert({ recipient, ...(key !== '' && { client_key: key }) });
      await turn();
      await query(`update msg_tran set msg_status = '3'`);
      later(61);
      await archive();
    }
    await failFor('update on msg_log', body);
    await agent.store(gateway.accepted.map((one) => reportOf(one, 'sms')));
    await agent.merge();
    const codes = async () => (await lives(key)).map((life) => life['mt_report_code']);
    expect(await codes()).toEqual([null, '10000']);
    expect(await aside()).toMatchObject([{ client_key: key, step: 'late' }]);
    await expectEqual(database);

    // The other one's next report finds the first still put aside.
    await agent.store(gateway.accepted.slice(1).map((one) => reportOf(one, 'sms', { reportType: 'handset' })));
    await agent.merge();
    expect((await lives(key)).map((life) => life['mt_dlr_report_code'])).toEqual([null, '10000']);

    await administer('drop function fault cascade');
    await lookAgain();
    later(600);
    await agent.merge();
    expect(await codes()).toEqual(['10000', '10000']);
    await expectEqual(database);
  });

  it('are put aside together if a trigger minds both', async () => {
    const { insert, turn, query, agent, gateway, archive, later, administer } = scene.current;
    let key = '';
    for (let rows = 0; rows < 2; rows++) {
      [key = ''] = await insert({ recipient: bad, ...(key !== '' && { client_key: key }) });
      await turn();
      await query(`update msg_tran set msg_status = '3'`);
      later(61);
      await archive();
    }
    await failFor('update on msg_log', 'return null');
    const batches = async () => (await administer('select cardinality(batches) as n, tries from set_aside'))[0];
    await agent.store(gateway.accepted.slice(0, 1).map((one) => reportOf(one, 'sms')));
    await agent.merge();
    expect(await batches()).toEqual({ n: 1, tries: 0 });
    await agent.store(gateway.accepted.slice(1).map((one) => reportOf(one, 'sms')));
    await agent.merge();
    expect(await batches()).toEqual({ n: 2, tries: 1 });
    later(600);
    await agent.merge();
    expect(await batches()).toEqual({ n: 2, tries: 2 });
  });
});

describe('a customer who deletes a row that is put aside', () => {
  it('neither waits for the agent, which is writing the entry, nor fails with an old snapshot of it', async () => {
    const { insert, turn, session, aside, query } = scene.current;
    const keys = await insert({ recipient: bad }, 2);
    await failFor('update of batch_id on msg_tran', 'return null');
    await turn();
    const agent = await session('superuser');
    const customer = await session();
    await customer.query(`set statement_timeout = 2000; begin isolation level repeatable read; select from msg_tran`);
    await agent.query('begin; update set_aside set tries = tries + 1');
    const other = await session();
    await other.query(`set statement_timeout = 2000; delete from msg_tran where client_key = ${keys[0]}`);
    await agent.query('commit');
    await customer.query(`delete from msg_tran where client_key = ${keys[1]}; commit`);
    expect(await query('select from msg_tran')).toEqual([]);
    expect(await aside()).toHaveLength(2);
  });
});
