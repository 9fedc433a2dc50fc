import { describe, expect, it } from 'vitest';
import { original, originalSchema, originalTables } from '../../support/original.ts';
import { type AdoptionScene, adoptionScene } from './scene.ts';

const withLog = originalSchema('msg_log_202401');
const alterLog = (change: string) => `${withLog}; alter table msg_log_202401 ${change}`;
const alterTran = (change: string) => `${withLog}; alter table msg_tran ${change}`;

/** What the catalog and the tables of the original hold. */
async function everything({ query }: AdoptionScene): Promise<unknown> {
  const columns = await query(
    `select attrelid::regclass::text as name, attname, format_type(atttypid, atttypmod), attnotnull, atthasdef from pg_attribute
     where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace) order by 1, attnum`,
  );
  const objects = await query(
    `select relname, relkind::text, relnatts from pg_class where relnamespace = 'public'::regnamespace order by 1`,
  );
  const others = await query(
    `select conname from pg_constraint where connamespace = 'public'::regnamespace
     union all select proname from pg_proc where pronamespace = 'public'::regnamespace
     union all select tgname from pg_trigger order by 1`,
  );
  return { columns, objects, others };
}

/** Something in the way, the line that names it, and how the customer removes it. */
interface Case {
  readonly title: string;
  readonly tables: string;
  readonly line: string;
  readonly remedy: string;
}

const cases: readonly Case[] = [
  {
    title: 'a view by the name of a table',
    tables: `create table real_tran (client_key bigint); create view msg_tran as select * from real_tran`,
    line: 'msg_tran: expected a table, found a view',
    remedy: 'drop view msg_tran',
  },
  {
    title: 'a table by the name of a sequence',
    tables: 'create table sq_msg_tran_01 (n int)',
    line: 'sq_msg_tran_01: expected a sequence, found a table',
    remedy: 'alter table sq_msg_tran_01 rename to numbers',
  },
  {
    title: 'a table by the name of one of the agent’s',
    tables: `${withLog}; create table agent (id int, name text)`,
    line: "agent: expected no table but the agent's own, found a table without column claim_turn; rename it",
    remedy: 'alter table agent rename to sales_agent',
  },
  {
    title: 'a table of another product',
    tables: 'create table msg_tran (client_key bigint, msg_status varchar(1), phone text)',
    line: "msg_tran: expected the original's table, found one without channel_order, recipient, request_date; rename it",
    remedy: 'alter table msg_tran rename to other_tran',
  },
  {
    title: 'a column of another type',
    tables: alterTran('alter request_date type timestamptz'),
    line: 'msg_tran.request_date: expected timestamp without time zone, found timestamp with time zone',
    remedy: 'alter table msg_tran alter request_date type timestamp',
  },
  {
    title: 'a column of another type in a log table',
    tables: alterLog('alter mt_report_code type int using null'),
    line: 'msg_log_202401.mt_report_code: expected character varying(10), found integer',
    remedy: 'alter table msg_log_202401 alter mt_report_code type varchar(10)',
  },
  {
    title: 'a column of the customer’s that log tables disagree about',
    tables: `${originalSchema('msg_log_202401', 'msg_log_202402')};
      alter table msg_log_202401 add remark text; alter table msg_log_202402 add remark int`,
    line: 'msg_log_202402.remark: expected text, found integer',
    remedy: 'alter table msg_log_202402 alter remark type text',
  },
  {
    title: 'a column of the customer’s in a log table that the agent cannot fill',
    tables: alterLog('add shop int not null'),
    line: 'msg_log_202401.shop: expected that it may be null or has a default, found NOT NULL without one',
    remedy: 'alter table msg_log_202401 alter shop drop not null',
  },
  {
    title: 'a column of the customer’s in msg_report that the agent cannot fill',
    tables: `${withLog}; alter table msg_report add shop int not null`,
    line: 'msg_report.shop: expected that it may be null or has a default, found NOT NULL without one',
    remedy: 'alter table msg_report alter shop set default 0',
  },
  {
    title: 'a foreign key to msg_key',
    tables: `${withLog}; create table notice (key varchar(40) constraint notice_key references msg_tran (msg_key))`,
    line: 'notice_key on notice: expected no foreign key to msg_tran.msg_key, found FOREIGN KEY (key) REFERENCES msg_tran(msg_key); let it refer to client_key',
    remedy: 'alter table notice drop constraint notice_key',
  },
  {
    title: 'a view that holds on to the type of a column that is too narrow',
    tables: `${alterTran('alter msg_key type varchar(20)')}; create view keys as select msg_key from msg_tran`,
    line: 'msg_tran: expected that `alter table msg_tran alter column msg_key type varchar(40)` succeeds, found: cannot alter type of a column used by a view or rule. rule _RETURN on view keys depends on column "msg_key"',
    remedy: 'drop view keys',
  },
  {
    title: 'a log table that inherits',
    tables: `${withLog}; create table common (client_key bigint not null); alter table msg_log_202401 inherit common`,
    line: 'msg_log_202401: expected a table of its own, found one that inherits from common',
    remedy: 'alter table msg_log_202401 no inherit common',
  },
  {
    title: 'a log table with an identity column',
    tables: alterLog('add line bigint generated by default as identity'),
    line: 'msg_log_202401: expected that it can be attached to msg_log, found: table "zz_omni_probe" being attached contains an identity column "line". The new partition may not contain an identity column.',
    remedy: 'alter table msg_log_202401 alter line drop identity, alter line drop not null',
  },
  {
    title: 'a materialized view of the single msg_log',
    tables: `${originalSchema('msg_log')}; create materialized view totals as select count(*) as n from msg_log`,
    line: 'materialized view totals: expected that none reads msg_log, found one; drop it and create it again afterwards',
    remedy: 'drop materialized view totals',
  },
  {
    title: 'two rows of one client_key',
    tables: `${alterTran('drop constraint pk_msg_tran')};
      insert into msg_tran (client_key, channel_order, request_date, recipient) select 5, 'sms', now(), '1' from generate_series(1, 2)`,
    line: 'msg_tran: expected that `alter table msg_tran add primary key (client_key)` succeeds, found: could not create unique index "msg_tran_pkey". Key (client_key)=(5) is duplicated.',
    remedy: 'delete from msg_tran where ctid in (select max(ctid) from msg_tran)',
  },
  {
    title: 'tables in another schema',
    tables: `create schema emma; set search_path = emma; ${originalTables.msg_tran}; set search_path = public`,
    line: "emma.msg_tran: expected the original's tables in schema public, found this one; move it there (`set schema`), or rename it",
    remedy: 'alter table emma.msg_tran set schema public; alter sequence emma.sq_msg_tran_01 set schema public',
  },
];

describe('what stands in the way is named, and nothing is changed', () => {
  it.each(cases)('$title', async ({ tables, line, remedy }) => {
    const scene = await adoptionScene({ tables });
    const before = await everything(scene);
    await expect(scene.adopt()).rejects.toThrow(line);
    expect(await everything(scene)).toEqual(before);
    await scene.query(remedy);
    await scene.adopt();
    const [key = ''] = await scene.insert();
    await scene.finish();
    const row = await scene.query('select mt_report_code from msg_log where client_key = $1', [key]);
    expect(row).toEqual([{ mt_report_code: '10000' }]);
  });

  it('everything at once, a line each', async () => {
    const tables = `${alterTran('alter ttl type bigint')}; alter table msg_log_202401 alter mt_res_cnt type bigint`;
    const scene = await adoptionScene({ tables });
    await expect(scene.adopt()).rejects.toThrow(
      [
        "the original agent's tables cannot be taken over:",
        'msg_log_202401.mt_res_cnt: expected integer, found bigint',
        'msg_tran.ttl: expected integer, found bigint',
      ].join('\n'),
    );
  });

  it('a table that belongs to somebody else', async () => {
    const scene = await adoptionScene();
    const admin = await scene.session('superuser');
    await admin.query('alter table msg_log_202610 owner to postgres');
    await expect(scene.adopt()).rejects.toThrow(
      'expected tables that the master user may hand over, got: table msg_log_202610 belongs to postgres; grant postgres to the master user',
    );
    await admin.query('alter table msg_log_202610 owner to omni_master');
    await scene.adopt();
  });

  it('another product’s table, which stays with its owner', async () => {
    const scene = await adoptionScene({ tables: `${withLog}; create table agent (id int, name text)` });
    await expect(scene.adopt()).rejects.toThrow('agent: expected no table but');
    const owner = await scene.query(`select relowner::regrole::text as owner from pg_class where relname = 'agent'`);
    expect(owner).toEqual([{ owner: 'omni_master' }]);
  });

  it.each([
    [
      'sent',
      (scene: AdoptionScene) =>
        scene.write('msg_tran', original.sent({ client_key: 1, msg_key: 'A', request_date: '2026-11-24' })),
    ],
    [
      'received a report',
      (scene: AdoptionScene) => scene.write('msg_report', { msg_key: 'A', channel_type: 'sms', report_code: '10000' }),
    ],
  ])('the original itself, which has just %s', async (_, act) => {
    const scene = await adoptionScene();
    await act(scene);
    const working = `update msg_tran set msg_sent_date = localtimestamp - interval '20 s'; update msg_report set reg_date = localtimestamp`;
    await scene.query(working);
    await expect(scene.adopt()).rejects.toThrow(
      /expected that the original agent was stopped a minute ago, found that it worked at 20/,
    );
    await scene.query(working.replaceAll('localtimestamp', `localtimestamp - interval '61 s'`));
    await scene.adopt();
  });
});

describe('a row that cannot be written', () => {
  it.each([
    {
      title: 'a trigger of the customer raises an error',
      status: '2',
      trouble: `create function refuse() returns trigger language plpgsql as
          'begin if old.client_key = 3 then raise ''no''; end if; return new; end';
        create trigger refused before update on msg_tran for each row execute function refuse()`,
      remedy: 'drop trigger refused on msg_tran',
      state: 'P0001',
    },
    {
      title: 'a row of the customer refers to one that is in the log already',
      status: '4',
      trouble: 'create table notice (id bigint references msg_tran); insert into notice values (3)',
      remedy: 'delete from notice',
      state: '23503',
    },
  ])('($title) is named, and taken over once it can be', async (trial) => {
    const scene = await adoptionScene();
    for (let key = 1; key <= 5; key++) {
      const row = original.reported({ client_key: key, msg_key: `K${key}`, request_date: '2026-11-24 11:00:00' });
      await scene.write('msg_tran', { ...row, msg_status: trial.status });
      await scene.write('msg_log_202611', { ...row, msg_status: '4' });
    }
    await scene.query(trial.trouble);
    const line = `msg_tran: expected that each row can be written, 1 cannot, the first client_key 3, found SQLSTATE ${trial.state}`;
    await expect(scene.adopt({ rowLimit: 2 })).rejects.toThrow(line);
    await scene.query(trial.remedy);
    await scene.adopt();
    expect(await scene.query('select from adoption')).toEqual([]);
    expect(await scene.query('select client_key from msg_tran where agent_writes = 0')).toEqual([]);
    if (trial.status === '4') expect(await scene.query('select from msg_tran')).toEqual([]);
  });
});
