import { describe, expect, it, onTestFinished } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { original, originalSchema, originalTables } from '../../support/original.ts';
import { type AdoptionScene, adoptionScene } from './scene.ts';

const own = useDatabase();

const indexesOf = async ({ query }: AdoptionScene, table: string) =>
  (await query('select indexname from pg_indexes where tablename = $1 order by 1', [table])).map(
    (row) => row['indexname'],
  );

/** Everything that the catalog holds, without what the tables are called internally. */
const catalog = async ({ query }: AdoptionScene) => [
  await query(`select attrelid::regclass::text as name, attname, format_type(atttypid, atttypmod) as type, attnotnull,
      (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum) as value
    from pg_attribute where attnum > 0 and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    order by 1, attnum`),
  await query(`select indexdef as text from pg_indexes where schemaname = 'public'
    union all select pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
    union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by 1`),
];

describe('the original’s columns', () => {
  it('are listed as the agent’s own tables have them', async () => {
    const { rows } = await own.current.pool.query(`
      select o.table_name, o.name, a.attname is null as missing, format_type(a.atttypid, a.atttypmod) as type,
        format_type(to_regtype(o.type), coalesce(o.length + 4, -1)) as listed_type, o.default_value,
        pg_get_expr(d.adbin, d.adrelid) as value
      from original_columns() o
      left join pg_attribute a on a.attrelid = o.table_name::regclass and a.attname = o.name
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`);
    expect(rows).toHaveLength(74);
    for (const row of rows) expect(row).toMatchObject({ missing: false, type: row.listed_type });
    const constantOf = (text: string | null) => text?.replace(/::.*/, '') ?? null;
    for (const row of rows.filter(({ value }) => !value?.startsWith('nextval')))
      expect(row).toMatchObject({ default_value: constantOf(row.value) });
  });
});

describe('the original’s tables', () => {
  it('are not found in a database of the agent’s own', async () => {
    const { rows } = await own.current.pool.query('select * from original_tables()');
    expect(rows).toEqual([]);
  });

  it('are as the agent’s own afterwards, and a second run changes nothing', async () => {
    const scene = await adoptionScene();
    await scene.adopt();
    const once = await catalog(scene);
    await scene.adopt();
    expect(await catalog(scene)).toEqual(once);
    const ours =
      await own.current.pool.query(`select indexname from pg_indexes where tablename in ('msg_tran', 'msg_report')
      and indexname not like '%pkey' order by 1`);
    const found = [...(await indexesOf(scene, 'msg_report')), ...(await indexesOf(scene, 'msg_tran'))];
    expect(found.filter((name) => !/^pk_|_pkey$/.test(String(name)))).toEqual(ours.rows.map((row) => row.indexname));
    for (const name of ['msg_banlist', 'file_upload'])
      expect((await indexesOf(scene, name)).filter((index) => String(index).startsWith('idx_'))).toEqual([]);
  });

  it('give msg_key up as a key, however it was made unique', async () => {
    const tables = originalSchema().replace(', constraint uk_msg_tran unique (msg_key)', '');
    const scene = await adoptionScene({ tables: `${tables}; create unique index my_key on msg_tran (msg_key)` });
    await scene.adopt();
    const unique = await scene.query(
      `select indexdef from pg_indexes where tablename = 'msg_tran' and indexdef like '%UNIQUE%(msg_key)%'`,
    );
    expect(unique).toEqual([{ indexdef: expect.stringContaining('WHERE (msg_key IS NOT NULL)') }]);
  });

  it('get the columns and defaults that an older version of the original lacked', async () => {
    const scene = await adoptionScene();
    await scene.query(`alter table msg_tran drop rcs_option, alter msg_status drop default, alter msg_key type varchar(30),
      alter mt_content type varchar(2000)`);
    await scene.adopt();
    const columns = await scene.query(`select column_name, character_maximum_length as length, column_default as value
      from information_schema.columns where table_name = 'msg_tran'
        and column_name in ('rcs_option', 'msg_status', 'msg_key', 'mt_content') order by 1`);
    expect(columns).toEqual([
      { column_name: 'msg_key', length: 40, value: null },
      { column_name: 'msg_status', length: 1, value: "'1'::character varying" },
      { column_name: 'mt_content', length: 2000, value: null },
      { column_name: 'rcs_option', length: null, value: null },
    ]);
  });

  it.each([
    [
      'a table',
      {
        table: 'msg_tran',
        key: 'client_key',
        sequence: 'sq_msg_tran_01',
        row: { ...original.waiting({ request_date: '2027-01-01' }) },
      },
    ],
    ['reports', { table: 'msg_report', key: 'seq', sequence: 'sq_msg_report_01', row: { channel_type: 'sms' } }],
    [
      'bans',
      {
        table: 'msg_banlist',
        key: 'ban_seq',
        sequence: 'sq_msg_banlist_01',
        row: { ban_type: 'R', ban_text: '01000000002' },
      },
    ],
    ['files', { table: 'file_upload', key: 'file_seq', sequence: 'sq_file_upload_01', row: { file_path: 'a.jpg' } }],
  ])(
    'number %s above what exists, also if the sequence is behind or missing',
    async (_, { table, key, sequence, row }) => {
      const scene = await adoptionScene();
      await scene.write(table, { ...row, [key]: '4611686018427387904' });
      await scene.query(`alter table ${table} alter ${key} drop default; drop sequence ${sequence}`);
      await scene.adopt();
      await scene.write(table, row);
      const rows = await scene.query(`select ${key} as key from ${table} order by 1`);
      expect(rows).toEqual([{ key: '4611686018427387904' }, { key: '4611686018427387905' }]);
    },
  );

  it('number messages above what is in the log', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_log_202610', original.logged({ client_key: 900, msg_key: 'A', request_date: '2026-10-02' }));
    await scene.adopt();
    expect(await scene.insert()).toEqual(['901']);
  });

  it('leave a sequence alone that is ahead, and a key of another kind', async () => {
    const scene = await adoptionScene({ tables: originalSchema() });
    await scene.query(`select setval('sq_msg_tran_01', 5000); alter table msg_tran alter client_key drop default,
      alter client_key add generated by default as identity (start 70)`);
    await scene.adopt();
    expect(await scene.insert()).toEqual(['70']);
    expect(await scene.query(`select nextval('sq_msg_tran_01') as next`)).toEqual([{ next: '5001' }]);
  });
});

describe('what the customer has added', () => {
  it('survives: columns, indexes, triggers, views, references', async () => {
    const scene = await adoptionScene();
    await scene.query(`
      alter table msg_tran add order_no text not null default 'none', add "Group" int;
      alter table msg_log_202611 add order_no text;
      create index by_order on msg_tran (order_no);
      create index by_order_log on msg_log_202611 (order_no);
      create view waiting as select client_key, mt_content from msg_tran where msg_status = '1';
      create view november as select client_key, order_no from msg_log_202611;
      create table notice (id bigint references msg_tran on delete cascade);
      create table audit (msg_status text);
      grant insert on audit to omni_user;
      create function note() returns trigger language plpgsql as 'begin insert into audit values (new.msg_status); return null; end';
      create trigger noted after update on msg_tran for each row execute function note()`);
    const row = original.waiting({ client_key: 1, request_date: '2026-11-24 11:00:00', order_no: 'A-1', '"Group"': 7 });
    await scene.write('msg_tran', row);
    await scene.query('insert into notice values (1)');
    await scene.adopt();
    expect(await scene.query('select * from waiting')).toEqual([{ client_key: '1', mt_content: 'x' }]);
    await scene.finish();
    expect(await scene.query(`select order_no, "Group" from msg_log where client_key = 1`)).toEqual([
      { order_no: 'A-1', Group: 7 },
    ]);
    expect(await scene.query('select * from november')).toEqual([{ client_key: '1', order_no: 'A-1' }]);
    expect(await scene.query('select from notice')).toEqual([]);
    expect(await scene.query(`select distinct msg_status from audit order by 1`)).toEqual([
      { msg_status: '1' },
      { msg_status: '2' },
      { msg_status: '3' },
    ]);
    expect(await indexesOf(scene, 'msg_tran')).toContain('by_order');
    expect(await indexesOf(scene, 'msg_log_202611')).toContain('by_order_log');
  });

  it('bans and files go on as before', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_banlist', { ban_type: 'r', ban_text: '010-0000-0002', use_yn: 'y' });
    await scene.write('file_upload', { file_path: 'a.jpg', channel_type: 'MMS' });
    await scene.adopt();
    const [key = ''] = await scene.insert({ recipient: '01000000002' });
    await scene.finish();
    expect(await scene.row(key)).toMatchObject({ mt_report_code: 'E917' });
    expect(await scene.query('select file_path, file_status from file_upload')).toEqual([
      { file_path: 'a.jpg', file_status: '1' },
    ]);
  });
});

describe('the customer’s role that owned the tables', () => {
  /** Tables of the original that belong to a role of the customer's, and a session of a superuser. */
  async function ownedScene() {
    const scene = await adoptionScene();
    const app = `app_${scene.name}`;
    const admin = await scene.session('superuser');
    await admin.query(`create role ${app}; grant ${app} to omni_master; grant create on schema public to ${app}`);
    for (const name of ['msg_tran', 'msg_log_202610', 'msg_banlist']) {
      await admin.query(`alter table ${name} owner to ${app}`);
    }
    await admin.query(`alter sequence sq_msg_tran_01 owner to ${app}`);
    onTestFinished(async () => {
      await admin.query(`reset role; drop owned by ${app}; drop role ${app}`);
    });
    return { scene, admin, app };
  }

  const insert = `insert into msg_tran (client_key, channel_order, request_date, callback, recipient, mt_content)
    values (nextval('sq_msg_tran_01'), 'sms', '2026-11-24 11:59', '0215001500', '01000000001', 'x')`;

  it('goes on with them as before', async () => {
    const { scene, admin, app } = await ownedScene();
    await scene.adopt();
    await admin.query(`set role ${app}`);
    await admin.query(insert);
    await admin.query('update msg_tran set etc_text_1 = $1', ['mine']);
    await admin.query('select from msg_log_202610; truncate msg_banlist; reset role');
    await scene.finish();
    expect(await scene.places(1)).toEqual([expect.objectContaining({ mt_report_code: '10000', etc_text_1: 'mine' })]);
  });

  it('goes on with them, as the original does, where the deployment was refused; and gets them back', async () => {
    const { scene, admin, app } = await ownedScene();
    await admin.query('alter table msg_tran alter ttl type bigint');
    await expect(scene.adopt()).rejects.toThrow('msg_tran.ttl: expected integer, found bigint');
    const owner = `select relowner::regrole::text as owner from pg_class where relname = 'msg_tran'`;
    expect(await scene.query(owner)).toEqual([{ owner: 'omni_owner' }]);
    await admin.query(`set role ${app}`);
    await admin.query(insert);
    // The original sends a row, writes its result and moves it into the log of its month.
    await admin.query(`update msg_tran set msg_status = '2', msg_key = 'A'; update msg_tran set msg_status = '3'`);
    await admin.query('insert into msg_log_202610 select * from msg_tran; delete from msg_tran');
    expect(await scene.query('select client_key, msg_key from msg_log_202610')).toEqual([
      { client_key: '1', msg_key: 'A' },
    ]);
    await scene.query(`alter table msg_tran owner to ${app}`);
    await admin.query('alter table msg_tran alter ttl type int');
  });
});

describe('two runs at once', () => {
  it('take everything over once', async () => {
    const scene = await adoptionScene();
    for (let key = 1; key <= 20; key++)
      await scene.write(
        'msg_tran',
        original.sent({ client_key: key, msg_key: `K${key}`, request_date: '2026-11-24 11:00:00' }),
      );
    await Promise.all([scene.adopt({ rowLimit: 3 }), scene.adopt({ rowLimit: 3 })]);
    expect(await scene.query('select distinct batch_id, agent_writes from msg_tran')).toEqual([
      { batch_id: '0', agent_writes: 1 },
    ]);
    expect(await scene.query('select from adoption')).toEqual([]);
  });

  it('wait for each other: a step that is still running is not begun again', async () => {
    const scene = await adoptionScene({ tables: originalTables.msg_tran });
    await scene.adopt();
    await scene.query(`insert into adoption (table_name) values ('msg_tran')`);
    const [first, second] = [await scene.session('superuser'), await scene.session('superuser')];
    const next = `select adopt_next(null, 'Asia/Seoul', 1) as step`;
    await first.query('begin');
    await first.query(next);
    expect((await second.query(next)).rows).toEqual([{ step: 'busy' }]);
    await first.query('commit');
    expect((await second.query(next)).rows).toEqual([{ step: null }]);
  });
});
