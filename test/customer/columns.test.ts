import { describe, expect, it } from 'vitest';
import * as statements from '../../functions/database/sql.generated.ts';
import { reportOf } from '../support/agent.ts';
import { cloneDatabase } from '../support/database.ts';
import { sceneOn, useScene } from './scene.ts';

const scene = useScene();

const valueIn = async (table: string, column: string, key: string) =>
  (await scene.current.query(`select ${column} as value from ${table} where client_key = $1`, [key]))[0]?.['value'];

/** The row, if it is only in the log. */
const logged = (key: string) =>
  scene.current.query(
    `select * from msg_log where client_key = $1 and not exists (select from msg_tran where client_key = $1)`,
    [key],
  );

/** Each adds a column of its own, which stays for the tests after it, as with a real customer. */
const added = [
  { kind: 'plain', column: 'order_no', type: 'text', value: 'A-1' },
  { kind: 'with a default', column: 'source', type: `text default 'shop'`, value: 'web' },
  { kind: 'of a quoted name', column: '"Order No, ""x"""', type: 'varchar(20)', value: 'A-2' },
  { kind: 'that takes no null', column: 'tenant', type: 'int not null default 7', value: 8 },
  { kind: 'of JSON', column: 'extra', type: 'jsonb', value: { a: [1, 'ㄱ'] } },
  { kind: 'an array', column: 'tags', type: 'text[]', value: ['a', 'b'] },
] as const;

describe('a column that a customer adds', () => {
  it.each(added)('($kind) goes to the log with its value', async ({ column, type, value }) => {
    const { insert, finish, query, aside, administer } = scene.current;
    const [unset = '', key = ''] = await insert({}, 2);
    await administer(`alter table msg_tran add column ${column} ${type}`);
    await query(`update msg_tran set ${column} = $1 where client_key = $2`, [value, key]);
    const untouched = await valueIn('msg_tran', column, unset);
    await finish(2);
    expect(await valueIn('msg_log', column, key)).toEqual(value);
    expect(await valueIn('msg_log', column, unset)).toEqual(untouched);
    expect(await aside()).toEqual([]);
  });

  it('(generated) is in the log too', async () => {
    const { insert, finish, administer } = scene.current;
    const [key = ''] = await insert({ mt_subject: 'abc' });
    await administer('alter table msg_tran add column text_length int generated always as (length(mt_subject)) stored');
    await finish(2);
    expect(await valueIn('msg_log', 'text_length', key)).toBe(3);
  });

  it('(an identity) goes to the log with its value', async () => {
    const { insert, finish, administer } = scene.current;
    await administer('alter table msg_tran add column serial int generated always as identity');
    const [key = ''] = await insert();
    const serial = await valueIn('msg_tran', 'serial', key);
    await finish(2);
    expect(serial).toEqual(expect.any(Number));
    expect(await valueIn('msg_log', 'serial', key)).toBe(serial);
  });

  it('and drops again stays in the log only', async () => {
    const { insert, finish, administer } = scene.current;
    await administer('alter table msg_tran add column passing text');
    const [first = ''] = await insert({ passing: 'here' });
    await finish(2);
    await administer('alter table msg_tran drop column passing');
    const [second = ''] = await insert();
    await finish(2);
    expect(await valueIn('msg_log', 'passing', first)).toBe('here');
    expect(await logged(second)).toMatchObject([{ passing: null }]);
  });

  it('only to the log is no obstacle', async () => {
    const { insert, finish, administer } = scene.current;
    await administer(`alter table msg_log add column reviewed text default 'no'`);
    const [key = ''] = await insert();
    await finish(2);
    expect(await logged(key)).toMatchObject([{ reviewed: 'no' }]);
    await administer('alter table msg_log drop column reviewed');
  });

  it('exists in the months that are created later', async () => {
    const { insert, finish, later, administer } = scene.current;
    await administer('alter table msg_tran add column batch_name text');
    later(100 * 86_400);
    const [key = ''] = await insert({ request_date: '2027-03-04 11:00:00', batch_name: 'spring' });
    await finish(2);
    expect(await logged(key)).toMatchObject([{ batch_name: 'spring' }]);
  });

  it('while somebody reads the log waits for the reader, and so does the row', async () => {
    const { insert, turn, report, agent, session, archive, administer } = scene.current;
    await administer('alter table msg_tran add column late_note text');
    const [key = ''] = await insert({ late_note: 'x' });
    await turn();
    await report();
    await agent.merge();
    const reader = await session();
    await reader.query('begin; select from msg_log');
    await administer(`alter role omni_agent in database ${scene.current.name} set lock_timeout = '10ms'`);
    await expect(archive()).rejects.toThrow(/55P03/);
    await administer(`alter role omni_agent in database ${scene.current.name} reset lock_timeout`);
    expect(await logged(key)).toEqual([]);
    await reader.query('rollback');
    await archive();
    expect(await logged(key)).toMatchObject([{ late_note: 'x' }]);
  });
});

/** Every word of the agent's statements: a customer's column may have any of these names. */
function wordsOf(texts: readonly string[]): string[] {
  const words = texts.flatMap((text) => text.replaceAll(/'[^']*'/g, ' ').match(/[a-z_]{2,60}/g) ?? []);
  return [...new Set(words)];
}

it('columns with the names of anything in the agent’s statements change nothing', async () => {
  const database = await cloneDatabase();
  try {
    const { insert, query, administer, finish, agent, gateway, timesSent, aside } = sceneOn(database);
    const [archiving] = await query(`select prosrc from pg_proc where proname = 'archive_messages'`);
    const texts = [...Object.values(statements).map((statement) => statement.text), String(archiving?.['prosrc'])];
    const columns = await query(`select attname from pg_attribute where attrelid = 'msg_tran'::regclass`);
    const taken = new Set(columns.map((column) => column['attname']));
    const names = wordsOf(texts).filter((word) => !taken.has(word) && !word.startsWith('zz_omni'));
    expect(names).toEqual(expect.arrayContaining(['code', 'reason', 'day', 'local', 'members']));
    await administer(`alter table msg_tran ${names.map((name) => `add column "${name}" text default 'mine'`)}`);
    await query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000002')`);
    const [key = '', other = ''] = [...(await insert()), ...(await insert({ recipient: '01000000002' }))];
    await finish(2);
    await agent.store([reportOf(gateway.accepted[0] ?? '', 'sms', { reportType: 'handset' })]);
    await finish(1);
    expect(timesSent(key)).toBe(1);
    expect(await aside()).toEqual([]);
    const log = `select mt_report_code, mt_dlr_report_code, code, reason, local from msg_log where client_key = $1`;
    const mine = { code: 'mine', reason: 'mine', local: 'mine' };
    expect(await query(log, [key])).toEqual([{ mt_report_code: '10000', mt_dlr_report_code: '10000', ...mine }]);
    expect(await query(log, [other])).toEqual([{ mt_report_code: 'E917', mt_dlr_report_code: null, ...mine }]);
  } finally {
    await database.drop();
  }
});

describe('a column that a customer widens', () => {
  const long = 'ㄱ'.repeat(10_000);

  it('(mt_content as text) is archived whole', async () => {
    const { insert, finish, timesSent, administer } = scene.current;
    await administer('alter table msg_tran alter mt_content type text');
    const [key = '', other = ''] = [...(await insert({ mt_content: long })), ...(await insert())];
    await finish(2);
    expect([timesSent(key), timesSent(other)]).toEqual([1, 1]);
    expect(await logged(key)).toMatchObject([{ mt_content: long }]);
    expect(await logged(other)).toHaveLength(1);
  });

  it('(etc_text_1 as varchar(2000)) is archived whole', async () => {
    const { insert, finish, administer } = scene.current;
    await administer('alter table msg_tran alter etc_text_1 type varchar(2000)');
    const [key = ''] = await insert({ etc_text_1: 'y'.repeat(2_000) });
    await finish(2);
    expect(await logged(key)).toMatchObject([{ etc_text_1: 'y'.repeat(2_000) }]);
  });

  const changes = [
    { from: 'int', to: 'bigint', value: '9000000000' },
    { from: 'int', to: 'text', value: 'abc' },
    { from: 'text', to: 'int', value: 12 },
    { from: 'varchar(3)', to: 'text', value: 'abcdef' },
    { from: 'bigint', to: 'int', value: 12 },
    { from: 'numeric(6,2)', to: 'numeric(10,4)', value: '123456.1234' },
    { from: 'date', to: 'timestamp', value: '2026-11-24 11:22:33' },
    { from: 'boolean', to: 'char(1)', value: 'Y' },
  ];
  it.each(changes)('(from $from to $to) is archived with the others', async ({ from, to, value }) => {
    const { insert, finish, aside, administer } = scene.current;
    await administer(
      `alter table msg_tran drop column if exists changing; alter table msg_log drop column if exists changing`,
    );
    await administer(`alter table msg_tran add column changing ${from}`);
    await insert();
    await finish(2);
    await administer(`alter table msg_tran alter changing type ${to} using changing::text::${to}`);
    const [key = '', other = ''] = [...(await insert({ changing: value })), ...(await insert())];
    await finish(2);
    expect(await logged(other)).toHaveLength(1);
    expect(await logged(key)).toHaveLength(1);
    expect(await valueIn('msg_log', 'changing::text', key)).toBe(String(value));
    expect(await aside()).toEqual([]);
  });
});
