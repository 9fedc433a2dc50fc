import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { createSchema, loginsOf } from '../../bin/local/database/schema.ts';
import { roleStore } from '../../functions/database/role-store.ts';
import { rolesOf } from '../../functions/settings/roles.ts';
import { applySchema, ownerStore, timeZone, useDatabase } from '../support/database.ts';

const database = useDatabase();
/** As the master user, who may change tables. */
const query = async (text: string) => (await database.current.master.query(text)).rows;

/** Columns as in the product's manual: name, type, and `!` where it may not be null. */
const msgTran = `
  client_key int8!, msg_key varchar(40), payment_code varchar(20), priority varchar(10), channel_order varchar(80)!,
  msg_status varchar(1)!, request_date timestamp!, callback varchar(30), recipient varchar(30)!, msg_sent_date timestamp,
  agent_id varchar(2), mt_subject varchar(60), mt_content varchar(4000), mt_file_key varchar(200), kko_msg_type varchar(2),
  kko_content varchar(4000), kko_option text, kko_sender_key varchar(40), kko_template_code varchar(50),
  rcs_content varchar(4000), rcs_option text, rcs_brand_key varchar(64), rcs_agency_key varchar(64),
  rcs_msgbase_id varchar(40), ttl int4, origin_cid varchar(20), mtr_message_type varchar(10), mt_rslt_date timestamp,
  mt_report_date timestamp, mt_report_code varchar(10), mt_telecom varchar(10), mt_res_cnt int4,
  mt_dlr_report_code varchar(10), mt_dlr_report_date timestamp, kkor_message_type varchar(10), kko_rslt_date timestamp,
  kko_report_date timestamp, kko_report_code varchar(10), rcsr_message_type varchar(10), rcs_rslt_date timestamp,
  rcs_report_date timestamp, rcs_report_code varchar(10), rcs_telecom varchar(10), reg_date timestamp,
  etc_text_1 varchar(100), etc_text_2 varchar(100), etc_text_3 varchar(100)`;

const tables = {
  msg_tran: msgTran,
  msg_log: msgTran,
  msg_report: `seq int8!, client_key int8, msg_key varchar(40), channel_type varchar(20), message_type varchar(10),
    rslt_date timestamp, report_date timestamp, report_code varchar(10), telecom varchar(10), mt_res_cnt int4,
    mt_dlr_report_code varchar(10), mt_dlr_report_date timestamp, reg_date timestamp`,
  msg_banlist: 'ban_seq int8!, ban_type varchar(1), ban_text varchar(45), use_yn varchar(1)',
  file_upload: `file_seq int8!, file_path varchar(100), file_status varchar(1), channel_type varchar(20), msg_type varchar(10),
    file_key varchar(200), file_expired varchar(14), result_code varchar(4), result_msg varchar(100), reg_date timestamp`,
};

const indexes = {
  msg_tran: ['client_key', 'msg_key', 'msg_status', 'recipient', 'priority, msg_status, agent_id'],
  msg_report: ['seq', 'reg_date', 'msg_key, message_type'],
  msg_banlist: ['ban_seq', 'ban_type, use_yn', 'ban_text'],
  file_upload: ['file_seq', 'file_status, reg_date'],
};

describe('the customers’ tables', () => {
  it.each(Object.entries(tables))(
    '%s starts with the columns of the manual; the agent’s own come last and may be null',
    async (table, columns) => {
      const rows = await query(
        `select column_name || ' ' || udt_name || coalesce('(' || character_maximum_length || ')', '')
              || case is_nullable when 'NO' then '!' else '' end as column, column_default
       from information_schema.columns where table_name = '${table}' order by ordinal_position`,
      );
      const wanted = columns.split(',').map((column) => column.trim().replace(/\s+/g, ' '));
      expect(rows.slice(0, wanted.length).map((row) => row.column)).toEqual(wanted);
      const own = rows.slice(wanted.length).filter((row) => row.column.endsWith('!') && row.column_default === null);
      expect(own).toEqual([]);
    },
  );

  it.each(Object.entries(indexes))('%s has the indexes of the manual', async (table, wanted) => {
    const rows = await query(`select indexdef from pg_indexes where tablename = '${table}'`);
    const found = rows.map(({ indexdef }) => /\((.*?)\)(?: WHERE|$)/.exec(indexdef)?.[1]);
    expect(found).toEqual(expect.arrayContaining(wanted));
  });

  it('have the manual’s defaults', async () => {
    await query(
      `insert into msg_tran (client_key, channel_order, request_date, recipient) values (9001, 'sms', now(), '01000000001')`,
    );
    const [row] = await query(
      `select *, reg_date between now() - interval '1 minute' and now() as fresh from msg_tran where client_key = 9001`,
    );
    expect(row).toMatchObject({ priority: 'slow', msg_status: '1', agent_id: ' ', ttl: 86_400, fresh: true });
  });
});

describe('an INSERT that names its columns', () => {
  it.each([
    [
      'with the sequence',
      `(client_key, channel_order, request_date, recipient) values (nextval('sq_msg_tran_01'), 'sms', now(), '01000000001')`,
    ],
    ['without a client_key', `(channel_order, request_date, recipient) values ('sms', now(), '01000000001')`],
    [
      'with a client_key of its own',
      `(client_key, channel_order, request_date, recipient) values (9077, 'sms', now(), '01000000001')`,
    ],
  ])('works %s', async (_, insert) => {
    const [row] = await query(`insert into msg_tran ${insert} returning client_key`);
    expect(row?.client_key).toMatch(/^\d+$/);
  });
});

describe('the monthly tables', () => {
  it('exist for this month and the next, and msg_log reads all of them', async () => {
    const months = await query('select log_table::text from msg_log_range order by from_date');
    const named = await query(
      `select to_char(current_date + n * interval '1 month', '"msg_log_"YYYYMM') as log_table from generate_series(0, 1) as n`,
    );
    expect(months).toEqual(named);
    await query(
      `insert into msg_log (client_key, channel_order, request_date, recipient) select 5, 'sms', from_date, '01000000001' from msg_log_range`,
    );
    expect(await query('select from msg_log where client_key = 5')).toHaveLength(months.length);
  });

  it('are created once, with their indexes, by however many callers at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, () => query(`select create_log_month('2035-07-20') as created`)),
    );
    expect(made.flat().filter((row) => row.created)).toHaveLength(1);
    const indexed = await query(`select indexdef from pg_indexes where tablename = 'msg_log_203507'`);
    expect(indexed.map(({ indexdef }) => indexdef.replace(/.*(?=\()/, '')).sort()).toEqual([
      '(client_key, archived_at)',
      '(msg_key)',
      '(recipient)',
      '(request_date)',
    ]);
    // Only the primary key: two messages may have the same msg_key.
    const unique = indexed.filter(({ indexdef }) => indexdef.includes('UNIQUE'));
    expect(unique).toEqual([{ indexdef: expect.stringContaining('(client_key, archived_at)') }]);
  });

  it('can be created while somebody reads all months', async () => {
    const reader = new pg.Client({ connectionString: database.current.urlOf() });
    await reader.connect();
    await reader.query('begin');
    await reader.query('select count(*) from msg_log');
    expect(await query(`select create_log_month('2036-01-01') as created`)).toEqual([{ created: true }]);
    await reader.query('commit');
    await reader.end();
  });
});

describe('the schema', () => {
  it('can be applied again, and changes nothing', async () => {
    const shape = `select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, 2`;
    const before = await query(shape);
    await applySchema(database.current);
    expect(await query(shape)).toEqual(before);
  });

  it('replaces the index of waiting rows from earlier versions, whose function knew fewer words', async () => {
    await query(`
      set role omni_owner;
      drop index msg_tran_due_by_lane;
      create function lane_of(priority text) returns int language sql immutable parallel safe
        return case lower(priority) when 'veryfast' then 0 when 'fast' then 1 else 2 end;
      create index msg_tran_due on msg_tran (lane_of(priority), greatest(request_date, waits_until), client_key)
        where msg_status = '1';
      insert into msg_tran (client_key, channel_order, request_date, recipient, priority)
        values (9101, 'sms', now(), '01000000001', 'VF'), (9102, 'sms', now(), '01000000001', 'fast	');
      reset role;
    `);
    await applySchema(database.current);
    await ownerStore(database.current.connect('owner')).buildIndex('msg_tran_due_by_lane');
    await applySchema(database.current);
    const named = `select indexrelid::regclass::text as index from pg_index
      where indrelid = 'msg_tran'::regclass and indexrelid::regclass::text like 'msg_tran_due%' and indisvalid`;
    expect(await query(named)).toEqual([{ index: 'msg_tran_due_by_lane' }]);
    expect(await query(`select from pg_proc where proname = 'lane_of'`)).toEqual([]);
    const found = async (lane: number) => {
      const { rows } = await database.current.pool.query<{ client_key: string }>(
        `select client_key from msg_tran where lane_of_priority(priority) = $1 and msg_status = '1' and client_key > 9100`,
        [lane],
      );
      return rows.map(({ client_key: key }) => key);
    };
    expect([await found(0), await found(1)]).toEqual([['9101'], ['9102']]);
  });
});

it('the role is written once: two databases of a server may be set up at the same time', async () => {
  const settings = () =>
    query(`select setconfig, xmin from pg_db_role_setting where setrole = 'omni_agent'::regrole and setdatabase = 0`);
  const [before] = await settings();
  expect(before).toMatchObject({ setconfig: ['enable_sort=off', 'lock_timeout=5s'] });
  await roleStore(database.current.connect('master'), rolesOf('omni')).createRoles();
  expect(await settings()).toEqual([before]);
});

it('the roles are those of the database, whatever its name is', async () => {
  const admin = new pg.Client({ connectionString: inject('databaseServerUrl') });
  await admin.connect();
  await admin.query('create database other_2 owner omni_master');
  const masterUrl = Object.assign(new URL(inject('databaseServerUrl')), {
    username: 'omni_master',
    pathname: '/other_2',
  });
  await createSchema(masterUrl.href, loginsOf(masterUrl.href), timeZone);
  const { rows } = await admin.query(
    `select rolname as name, rolconfig as settings from pg_roles where rolname like 'other\\_2\\_%' order by 1`,
  );
  await admin.query('drop database other_2');
  await admin.query('drop role other_2_owner, other_2_agent, other_2_customer, other_2_user');
  await admin.end();
  expect(rows).toEqual([
    { name: 'other_2_agent', settings: ['enable_sort=off', 'lock_timeout=5s'] },
    { name: 'other_2_customer', settings: null },
    { name: 'other_2_owner', settings: null },
    { name: 'other_2_user', settings: null },
  ]);
});
