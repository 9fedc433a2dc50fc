import { describe, expect, it } from 'vitest';
import { reportOf } from '../support/agent.ts';
import { documentedColumns } from '../support/documented-columns.ts';
import { useScene } from './scene.ts';

const scene = useScene();

/** All documented columns, as listed to copy a whole row: the gateway's key and the results included. */
const documented = documentedColumns
  .map(({ name }) => name)
  .filter((name) => !['client_key', 'msg_status'].includes(name));

/** What the agent writes for sms and rcs. */
const ofSmsAndRcs = documentedColumns
  .filter(({ name, owner }) => owner === 'agent' && /^(mt|rcs)r?_/.test(name))
  .map(({ name }) => name);

/** Copies an archived row to msg_tran, to be sent once more. */
const copies = {
  'by its documented columns': (key: string) =>
    scene.current.query(
      `insert into msg_tran (client_key, msg_status, ${documented})
       select client_key, '1', ${documented} from msg_log where client_key = $1`,
      [key],
    ),
  'with every column there is': async (key: string) => {
    await scene.current.query('insert into msg_tran select * from msg_log where client_key = $1', [key]);
    await scene.current.query(`update msg_tran set msg_status = '1' where client_key = $1`, [key]);
  },
} as const;

describe.each(Object.entries(copies))('a row copied back from the log %s', (_, copy) => {
  it('is sent once more, with its own key and results', async () => {
    const { insert, finish, timesSent, lives } = scene.current;
    const [key = ''] = await insert({ etc_text_1: 'mine' });
    await finish(2);
    await copy(key);
    await finish(2);
    expect(timesSent(key)).toBe(2);
    const [first, second, ...more] = await lives(key);
    expect(more).toEqual([]);
    expect(second).toMatchObject({ place: 'msg_log', msg_status: '4', mt_report_code: '10000', etc_text_1: 'mine' });
    expect(second?.['msg_key']).not.toBe(first?.['msg_key']);
    expect(second?.['batch_id']).not.toBe(first?.['batch_id']);
  });

  it('has the result of its own send, not of the first one', async () => {
    const { insert, finish, gateway, lives } = scene.current;
    const [key = ''] = await insert({ recipient: '01000000666' });
    await finish(2);
    gateway.rejectedNumbers.add('01000000666');
    await copy(key);
    await finish(2);
    const [first, second] = await lives(key);
    expect(first).toMatchObject({ mt_report_code: '10000', end_reason: null });
    expect(second).toMatchObject({ mt_report_code: 'A306', msg_key: null, mt_telecom: null });
  });

  it('has results of its own send alone, in each group of columns', async () => {
    const { insert, turn, archive, later, agent, gateway, timesSent, lives } = scene.current;
    const chain = { channel_order: 'alimtalk,rcs,sms', kko_content: 'x', rcs_content: 'x' };
    const [key = ''] = await insert(chain);
    await turn();
    const [reference = ''] = gateway.accepted;
    await agent.store([
      reportOf(reference, 'alimtalk', { reportCode: '63019', carrier: '' }),
      reportOf(reference, 'rcs', { reportCode: '33101' }),
      reportOf(reference, 'sms', { parts: 1 }),
      reportOf(reference, 'sms', { reportType: 'handset', reportCode: '10009' }),
    ]);
    await agent.merge();
    await archive();
    const [first] = await lives(key);
    const codes = { kko_report_code: '63019', rcs_report_code: '33101', mt_report_code: '10000' };
    expect(first).toMatchObject({ place: 'msg_log', ...codes, mt_dlr_report_code: '10009', mt_res_cnt: 1 });

    await copy(key);
    await turn();
    // Alimtalk reaches the recipient this time.
    await agent.store([reportOf(gateway.accepted[1] ?? '', 'alimtalk')]);
    await agent.merge();
    later(61);
    await archive();
    expect(timesSent(key)).toBe(2);
    const [same, second, ...more] = await lives(key);
    expect([same, more]).toEqual([first, []]);
    expect(second).toMatchObject({ place: 'msg_log', msg_status: '4', ...chain, kko_report_code: '10000' });
    expect(second?.['msg_key']).not.toBe(first?.['msg_key']);
    for (const name of ofSmsAndRcs) expect(second?.[name], name).toBeNull();
  });

  it('gets only the reports of its own send', async () => {
    const { insert, finish, agent, gateway, lives } = scene.current;
    const [key = ''] = await insert();
    await finish(2);
    await copy(key);
    await finish(2);
    const handset = (reference: string | undefined, code: string) =>
      reportOf(reference ?? '', 'sms', { reportType: 'handset', reportCode: code });
    await agent.store([handset(gateway.accepted[0], '1'), handset(gateway.accepted[1], '2')]);
    await finish(1);
    expect((await lives(key)).map((row) => row['mt_dlr_report_code'])).toEqual(['1', '2']);
  });

  it('that ended unsent is tried again, without the old reason', async () => {
    const { insert, finish, query, timesSent, lives } = scene.current;
    await query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000001')`);
    const [key = ''] = await insert();
    await finish(1);
    expect((await lives(key))[0]).toMatchObject({ place: 'msg_log', mt_report_code: 'E917' });
    await query('delete from msg_banlist');
    await copy(key);
    await finish(2);
    expect(timesSent(key)).toBe(1);
    expect((await lives(key))[1]).toMatchObject({ place: 'msg_log', mt_report_code: '10000', end_reason: null });
  });
});

it('a row copied whole is held by its old status until it is released', async () => {
  const { insert, finish, query, timesSent } = scene.current;
  const [key = ''] = await insert();
  await finish(2);
  await query('insert into msg_tran select * from msg_log where client_key = $1', [key]);
  await finish(2);
  expect(timesSent(key)).toBe(1);
});

it('a copy under a key of its own is a message of its own', async () => {
  const { insert, finish, query, timesSent } = scene.current;
  const [key = ''] = await insert();
  await finish(2);
  const [copy] = await query(
    `insert into msg_tran (msg_status, ${documented})
     select '1', ${documented} from msg_log where client_key = $1 returning client_key::text`,
    [key],
  );
  await finish(2);
  expect([timesSent(key), timesSent(String(copy?.['client_key']))]).toEqual([1, 1]);
});

describe('a row that is deleted and inserted again with every column it had', () => {
  const replace = async (key: string) => {
    const { query } = scene.current;
    const [was] = await query('delete from msg_tran where client_key = $1 returning to_jsonb(msg_tran) as entity', [
      key,
    ]);
    await query('insert into msg_tran select * from jsonb_populate_record(null::msg_tran, $1)', [was?.['entity']]);
  };

  it.each(['waiting', 'claimed', 'leased'] as const)('while it is %s is sent once', async (stage) => {
    const { insert, at, finish, timesSent, row, administer } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, () => replace(key));
    await finish();
    expect([timesSent(key), timesSent(other)]).toEqual([1, 1]);
    expect(await row(key)).toMatchObject({ msg_status: '4', mt_report_code: '10000' });
    expect(await administer('select from send_batch union all select from set_aside')).toEqual([]);
  });

  it('while it is in doubt becomes two messages, each with its own reference', async () => {
    const { insert, at, finish, gateway, lives, administer } = scene.current;
    const [key = ''] = await insert();
    await at('in doubt', () => replace(key));
    await finish();
    expect(new Set(gateway.accepted).size).toBe(2);
    expect(await lives(key)).toEqual([expect.objectContaining({ place: 'msg_log', mt_report_code: '10000' })]);
    expect(await administer('select from send_batch')).toEqual([]);
  });
});
