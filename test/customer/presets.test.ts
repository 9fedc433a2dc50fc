import { describe, expect, it } from 'vitest';
import { reportOf } from '../support/agent.ts';
import type { Columns } from '../support/messages.ts';
import { ordinary, stages, useScene } from './scene.ts';

const scene = useScene();

/** Every column of the agent, with a value that a customer's code may write into it. */
const presets = {
  msg_key: 'K1',
  msg_sent_date: '2026-11-24 10:00:00',
  mtr_message_type: 'XX',
  mt_rslt_date: '2026-11-24 10:00:00',
  mt_report_date: '2026-11-24 10:00:00',
  mt_report_code: '99999',
  mt_telecom: '99999',
  mt_res_cnt: 9,
  mt_dlr_report_code: '99999',
  mt_dlr_report_date: '2026-11-24 10:00:00',
  kkor_message_type: 'XX',
  kko_rslt_date: '2026-11-24 10:00:00',
  kko_report_date: '2026-11-24 10:00:00',
  kko_report_code: '99999',
  rcsr_message_type: 'XX',
  rcs_rslt_date: '2026-11-24 10:00:00',
  rcs_report_date: '2026-11-24 10:00:00',
  rcs_report_code: '99999',
  rcs_telecom: '99999',
  batch_id: 1,
  finished_at: '2026-11-24 10:00:00',
  mt_report_pos: 3,
  kko_report_pos: 3,
  rcs_report_pos: 3,
  archived_at: '2026-11-24 10:00:00',
  waits_until: '2030-01-01 00:00:00',
  end_reason: 'mine',
  agent_writes: 1,
  asked_at: '2030-01-01 00:00:00',
} satisfies Columns;

const his = [
  ...['client_key', 'payment_code', 'priority', 'channel_order', 'msg_status', 'request_date', 'callback', 'recipient'],
  ...['agent_id', 'mt_subject', 'mt_content', 'mt_file_key', 'kko_msg_type', 'kko_content', 'kko_option'],
  ...['kko_sender_key', 'kko_template_code', 'rcs_content', 'rcs_option', 'rcs_brand_key', 'rcs_agency_key'],
  ...['rcs_msgbase_id', 'ttl', 'origin_cid', 'reg_date', 'etc_text_1', 'etc_text_2', 'etc_text_3'],
];

/** Sets one column of one row to a customer's value. */
const overwrite = (key: string, [name, value]: readonly [string, unknown]) =>
  scene.current.query(`update msg_tran set ${name} = $2 where client_key = $1`, [key, value]);

it('has a preset here for every column that the customer does not own', async () => {
  const columns = await scene.current.query(
    `select attname from pg_attribute where attrelid = 'msg_tran'::regclass and attnum > 0 and not attisdropped`,
  );
  expect(columns.map((column) => column['attname']).toSorted()).toEqual([...his, ...Object.keys(presets)].toSorted());
});

describe('a row inserted with a column of the agent’s', () => {
  it('(each in turn) ends like any other', async () => {
    const { insert, finish, end, timesSent } = scene.current;
    const [plain = ''] = await insert();
    const rows: [name: string, key: string][] = [];
    for (const [name, value] of Object.entries(presets)) rows.push([name, (await insert({ [name]: value }))[0] ?? '']);
    await finish(2);
    const expected = await end(plain);
    expect(expected).toMatchObject({ place: 'msg_log_202611', msg_status: '4', mt_report_code: '10000' });
    for (const [name, key] of rows) {
      expect(timesSent(key), name).toBe(1);
      expect(await end(key), name).toEqual(expected);
    }
  });

  it('(all of them at once) ends like any other', async () => {
    const { insert, finish, end } = scene.current;
    const [plain = ''] = await insert();
    const [preset = ''] = await insert(presets);
    await finish(2);
    expect(await end(preset)).toEqual(await end(plain));
  });

  it('and rejected by the gateway ends with the gateway’s code', async () => {
    const { insert, gateway, finish, row } = scene.current;
    gateway.rejectedNumbers.add('01000000666');
    const [key = ''] = await insert({ recipient: '01000000666', mt_content: '', msg_sent_date: '2026-11-24 11:59:00' });
    await finish(2);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_report_code: 'A306' });
  });

  it('(a handset’s receipt) has the real receipt in the end', async () => {
    const { insert, agent, gateway, finish, row } = scene.current;
    const presetResults = { mt_report_code: '99999', mt_rslt_date: '2026-11-24 11:59:00', mt_dlr_report_code: '99999' };
    const [key = ''] = await insert(presetResults);
    await finish(2);
    await agent.store([reportOf(gateway.accepted[0] ?? '', 'sms', { reportType: 'handset', reportCode: '10002' })]);
    await finish(1);
    expect(await row(key)).toMatchObject({ mt_report_code: '10000', mt_dlr_report_code: '10002' });
  });

  it('by a customer’s own trigger ends like any other', async () => {
    const { insert, finish, end, query, administer } = scene.current;
    await query(`create function preset() returns trigger language plpgsql as $$
      begin new.msg_sent_date := now(); new.batch_id := 1; new.finished_at := now(); return new; end $$`);
    await query('create trigger zz_last before insert on msg_tran for each row execute function preset()');
    const [preset = ''] = await insert();
    await administer('drop function preset cascade');
    const [plain = ''] = await insert();
    await finish(2);
    expect(await end(preset)).toEqual(await end(plain));
  });
});

describe('a column of the agent’s that a customer overwrites', () => {
  it.each(stages)('while the row is %s keeps what the agent wrote', async (stage) => {
    const { insert, finish, end, at, timesSent } = scene.current;
    const [plain = ''] = await insert();
    const keys = await insert({}, Object.keys(presets).length);
    const acts = Object.entries(presets).map((preset, index) => [keys[index] ?? '', preset] as const);
    await at(stage, async () => {
      for (const [key, preset] of acts) await overwrite(key, preset);
    });
    await finish();
    const expected = await end(plain);
    expect(expected).toMatchObject({ place: 'msg_log_202611', mt_report_code: '10000' });
    for (const [key, [name]] of acts) {
      expect(timesSent(key), name).toBe(1);
      expect(await end(key), name).toEqual(expected);
    }
  });
});

describe('an entity that was read earlier and is written back whole', () => {
  const everything = Object.keys(presets).concat(his.filter((name) => name !== 'client_key'));
  const writeBack = (entity: Record<string, unknown>) =>
    scene.current.query(
      `update msg_tran set (${everything}) = (select ${everything} from jsonb_populate_record(null::msg_tran, $1)) where client_key = $2`,
      [JSON.stringify(entity), entity['client_key']],
    );
  const read = async (key: string) =>
    (await scene.current.query('select to_jsonb(t) as entity from msg_tran t where client_key = $1', [key]))[0]?.[
      'entity'
    ];
  const isEntity = (entity: unknown): entity is Record<string, unknown> => entity instanceof Object;

  it.each(stages)('while the row is %s sends nothing twice and loses no result', async (stage) => {
    const { insert, finish, end, at, timesSent } = scene.current;
    const [plain = ''] = await insert();
    const [key = ''] = await insert();
    const entity = await read(key);
    await at(stage, async () => isEntity(entity) && (await writeBack(entity)));
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(await end(key)).toEqual(await end(plain));
  });

  it('(read while it was claimed) does not bring its batch back', async () => {
    const { insert, finish, end, at, timesSent } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    let entity: unknown;
    await at('claimed', async () => {
      entity = await read(key);
    });
    await at('sent', async () => isEntity(entity) && (await writeBack(entity)));
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(await end(key)).toEqual(await end(plain));
  });
});

describe('an upsert', () => {
  const names = Object.keys(ordinary);
  const upsert = (key: string) =>
    scene.current.query(
      `insert into msg_tran (client_key, ${names}, msg_status, batch_id, msg_sent_date)
       values ($1, ${names.map((_, index) => `$${index + 2}`)}, '1', null, null)
       on conflict (client_key) do update set (${names}, msg_status, batch_id, msg_sent_date, msg_key, finished_at)
         = row(${names.map((name) => `excluded.${name}`)}, excluded.msg_status, excluded.batch_id, excluded.msg_sent_date,
               excluded.msg_key, excluded.finished_at)`,
      [key, ...Object.values(ordinary)],
    );

  it.each(stages)('while the row is %s sends it once', async (stage) => {
    const { insert, finish, end, at, timesSent } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await at(stage, () => upsert(key));
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(await end(key)).toEqual(await end(plain));
  });
});

describe('a session of replication', () => {
  it('is subject to the same rules, for INSERT and UPDATE', async () => {
    const { insert, finish, end, at, timesSent, session } = scene.current;
    const [plain = '', touched = ''] = await insert({}, 2);
    const replica = await session('superuser');
    await replica.query('set session_replication_role = replica');
    await replica.query(
      `insert into msg_tran (client_key, ${Object.keys(ordinary)}, batch_id, msg_sent_date)
       values (77, ${Object.values(ordinary).map((value) => `'${value}'`)}, 1, now())`,
    );
    await at('sent', () =>
      replica.query(
        `update msg_tran set msg_status = '1', batch_id = null, msg_sent_date = null where client_key = $1`,
        [touched],
      ),
    );
    await finish();
    for (const key of [touched, '77']) {
      expect(timesSent(key)).toBe(1);
      expect(await end(key)).toEqual(await end(plain));
    }
  });
});

describe('a trigger of the customer’s that writes msg_tran within the agent’s statement', () => {
  const steps = {
    claim: 'old.batch_id is null and new.batch_id is not null',
    settle: 'old.msg_sent_date is null and new.msg_sent_date is not null',
    merge: `old.msg_status = '2' and new.msg_status = '3'`,
  };

  it.each(Object.entries(steps))('(%s) brings no row back', async (_, condition) => {
    const { insert, finish, end, timesSent, query, administer } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await query(`create function write_back() returns trigger language plpgsql as $$ begin
      update msg_tran set msg_status = '1', batch_id = null, msg_sent_date = null, msg_key = null, finished_at = null,
        mt_report_code = null where client_key = new.client_key; return null; end $$`);
    await query(`create trigger write_back after update on msg_tran for each row
      when (new.client_key = ${key} and ${condition}) execute function write_back()`);
    await finish();
    await administer('drop function write_back cascade');
    expect(timesSent(key)).toBe(1);
    expect(await end(key)).toEqual(await end(plain));
  });

  it('(the status, as it was before the send) sends it once, whatever is changed then', async () => {
    const { insert, turn, finish, timesSent, query, administer } = scene.current;
    const [key = ''] = await insert();
    await query(`create function keep() returns trigger language plpgsql as $$ begin
      new.msg_status := old.msg_status; return new; end $$`);
    await query(`create trigger keep before update on msg_tran for each row
      when (old.msg_sent_date is null and new.msg_sent_date is not null) execute function keep()`);
    await turn();
    await query(`update msg_tran set mt_content = 'new', msg_status = '0' where client_key = $1`, [key]);
    await query(`update msg_tran set msg_status = '1' where client_key = $1`, [key]);
    await finish(2);
    await administer('drop function keep cascade');
    expect(timesSent(key)).toBe(1);
  });

  it('(a hold, while the row is claimed) takes it out of its batch', async () => {
    const { insert, finish, row, timesSent, query, administer } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await query(`create function hold() returns trigger language plpgsql as $$ begin
      update msg_tran set msg_status = '0' where client_key = new.client_key; return null; end $$`);
    await query(`create trigger hold after update on msg_tran for each row
      when (new.client_key = ${key} and old.batch_id is null and new.batch_id is not null) execute function hold()`);
    await finish();
    await administer('drop function hold cascade');
    expect([timesSent(plain), timesSent(key)]).toEqual([1, 0]);
    await query(`update msg_tran set msg_status = '1' where client_key = $1`, [key]);
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(await row(key)).toMatchObject({ msg_status: '4' });
  });
});
