import { describe, expect, it } from 'vitest';
import { original, originalLog, originalSchema, originalTables } from '../../support/original.ts';
import { type AdoptionScene, adoptionScene } from './scene.ts';

const logs = async ({ query }: AdoptionScene) =>
  (await query('select log_table::text, from_date, to_date from msg_log_range order by from_date')).map(
    (row) => row['log_table'],
  );

/** yyyymm of a month counted from this one, in the database. */
const monthOf = async ({ query }: AdoptionScene, months: number) =>
  String(
    (await query(`select to_char(current_date + $1 * interval '1 month', 'YYYYMM') as month`, [months]))[0]?.['month'],
  );

const logged = (key: number, date: string) =>
  original.logged({ client_key: key, msg_key: `K${key}`, request_date: date });

describe('the original’s monthly tables', () => {
  it('become parts of msg_log, this month’s too, and only missing months are created', async () => {
    const scene = await adoptionScene({ tables: originalSchema('msg_log_202401', 'msg_log_202402') });
    const [current, next] = [await monthOf(scene, 0), await monthOf(scene, 1)];
    await scene.query(originalLog(`msg_log_${current}`));
    await scene.write('msg_log_202401', logged(1, '2024-01-31 23:59:59.999'));
    await scene.write('msg_log_202402', logged(2, '2024-02-01 00:00:00'));
    await scene.adopt();
    expect(await logs(scene)).toEqual(['msg_log_202401', 'msg_log_202402', `msg_log_${current}`, `msg_log_${next}`]);
    expect(
      await scene.query('select client_key, batch_id, archived_at is not null as dated from msg_log order by 1'),
    ).toEqual([
      { client_key: '1', batch_id: '0', dated: true },
      { client_key: '2', batch_id: '0', dated: true },
    ]);
  });

  it('can be searched by client_key and msg_key, and have a replica identity', async () => {
    const scene = await adoptionScene({ tables: originalSchema('msg_log_202401') });
    await scene.adopt();
    const indexes = await scene.query(`select indexdef from pg_indexes where tablename = 'msg_log_202401'`);
    expect(indexes.map(({ indexdef }) => String(indexdef).replace(/.*(?=\()/, '')).sort()).toEqual([
      '(client_key)',
      '(msg_key)',
      '(recipient)',
      '(request_date)',
    ]);
    expect(await scene.query(`select relreplident from pg_class where relname = 'msg_log_202401'`)).toEqual([
      { relreplident: 'f' },
    ]);
  });

  it('that still get rows take two of one msg_key', async () => {
    const scene = await adoptionScene({ tables: originalSchema() });
    await scene.query(originalLog(`msg_log_${await monthOf(scene, 0)}`));
    await scene.adopt();
    await scene.query(`insert into msg_log (client_key, msg_key, channel_order, recipient, request_date)
      select n, 'A', 'sms', '1', localtimestamp from generate_series(1, 2) as n`);
  });

  it('give rows of another month to the table of that month, made for them if there is none', async () => {
    const scene = await adoptionScene({ tables: originalSchema('msg_log_202401', 'msg_log_202402') });
    const rows = [
      logged(1, '2024-02-01 00:00:00'),
      logged(2, '2024-01-15 12:00:00'),
      logged(3, '2023-12-31 23:59:59'),
      logged(4, '2024-01-31 10:00:00'),
    ];
    for (const [index, row] of rows.entries())
      await scene.write(`msg_log_20240${index === 3 ? 2 : 1}`, { ...row, etc_text_1: 'mine' });
    await scene.adopt({ rowLimit: 1 });
    expect(
      await scene.query(
        `select tableoid::regclass::text as place, client_key, etc_text_1, end_reason from msg_log order by 2`,
      ),
    ).toEqual([
      { place: 'msg_log_202402', client_key: '1', etc_text_1: 'mine', end_reason: null },
      { place: 'msg_log_202401', client_key: '2', etc_text_1: 'mine', end_reason: null },
      { place: 'msg_log_202312', client_key: '3', etc_text_1: 'mine', end_reason: null },
      { place: 'msg_log_202401', client_key: '4', etc_text_1: 'mine', end_reason: null },
    ]);
  });

  it.each(['1970-01-01 00:00:00', '9999-12-31 23:59:59', '2099-01-01 00:00:00', 'infinity', null])(
    'keep a row of %s, with the date in its end_reason',
    async (date) => {
      const scene = await adoptionScene({ tables: originalSchema('msg_log_202401') });
      await scene.query('alter table msg_log_202401 alter request_date drop not null');
      await scene.write('msg_log_202401', { ...logged(1, ''), request_date: date });
      await scene.adopt();
      expect(
        await scene.query(
          `select tableoid::regclass::text as place, to_char(request_date, 'YYYY-MM-DD') as date, end_reason from msg_log`,
        ),
      ).toEqual([{ place: 'msg_log_202401', date: '2024-01-01', end_reason: `request_date was ${date}` }]);
    },
  );

  it('keep a row of another month whose msg_key that month has already', async () => {
    const scene = await adoptionScene({ tables: originalSchema('msg_log_202401', 'msg_log_202402') });
    await scene.write('msg_log_202401', { ...logged(1, '2024-02-03 00:00:00'), msg_key: 'A' });
    await scene.write('msg_log_202402', { ...logged(2, '2024-02-04 00:00:00'), msg_key: 'A' });
    await scene.adopt();
    expect(
      await scene.query('select tableoid::regclass::text as place, client_key, end_reason from msg_log order by 2'),
    ).toEqual([
      { place: 'msg_log_202401', client_key: '1', end_reason: 'request_date was 2024-02-03 00:00:00' },
      { place: 'msg_log_202402', client_key: '2', end_reason: null },
    ]);
  });

  it('are attached without being read a second time', async () => {
    const scene = await adoptionScene({ tables: originalSchema('msg_log_202401') });
    await scene.begin();
    const client = await scene.session('superuser');
    const told: string[] = [];
    client.on('notice', ({ message }) => told.push(message ?? ''));
    await client.query('set role omni_owner; set client_min_messages = debug1');
    while ((await client.query(`select adopt_next(null, 'Asia/Seoul', 1000) as step`)).rows[0].step !== null);
    expect(told).toContain('partition constraint for table "msg_log_202401" is implied by existing constraints');
  });

  it('may be narrower, wider, or lack columns that others have', async () => {
    const scene = await adoptionScene({ tables: originalSchema('msg_log_202401', 'msg_log_202402') });
    await scene.query(`
      alter table msg_log_202401 alter mt_content type varchar(2000), drop column etc_text_3, add remark text, alter recipient drop not null,
        add shop text not null default 'main';
      alter table msg_log_202402 alter mt_content type text, alter priority type varchar(20)`);
    await scene.write('msg_log_202401', { ...logged(1, '2024-01-05'), recipient: null, remark: 'mine' });
    await scene.adopt();
    await scene.query(
      `insert into msg_log (client_key, channel_order, recipient, request_date) values (2, 'sms', '1', '2024-01-06')`,
    );
    expect(await scene.query('select client_key, recipient, remark, shop from msg_log order by 1')).toEqual([
      { client_key: '1', recipient: null, remark: 'mine', shop: 'main' },
      { client_key: '2', recipient: '1', remark: null, shop: 'main' },
    ]);
  });

  it('that come back later, from a dump, are taken over by the next run', async () => {
    const scene = await adoptionScene();
    await scene.adopt();
    await scene.query(originalLog('msg_log_202301'));
    await scene.write('msg_log_202301', logged(1, '2023-01-05'));
    await scene.adopt();
    expect(await logs(scene)).toContain('msg_log_202301');
  });
});

describe('the original’s single msg_log', () => {
  const single = (...months: readonly string[]) => originalSchema('msg_log', ...months);

  it('becomes the part of everything up to this month', async () => {
    const scene = await adoptionScene({ tables: single() });
    const next = await monthOf(scene, 1);
    for (const [index, date] of ['1970-01-01', '2019-05-05', '2026-11-01'].entries())
      await scene.write('msg_log', logged(index, date));
    await scene.write(
      'msg_tran',
      original.reported({ client_key: 7, msg_key: 'A', request_date: '2026-11-24 11:00:00' }),
    );
    await scene.write('msg_tran', original.reported({ client_key: 8, msg_key: 'K2', request_date: '2026-11-01' }));
    await scene.adopt();
    await scene.finish();
    expect(await logs(scene)).toEqual(['msg_log_original', `msg_log_${next}`]);
    expect(await scene.query('select tableoid::regclass::text as place, client_key from msg_log order by 2')).toEqual(
      ['0', '1', '2', '7', '8'].map((key) => ({ place: 'msg_log_original', client_key: key })),
    );
  });

  it('is followed by the months that were made after it', async () => {
    const scene = await adoptionScene({ tables: single('msg_log_202401', 'msg_log_202402') });
    for (const [index, date] of ['2023-12-31', '2024-01-01'].entries())
      await scene.write('msg_log', logged(index, date));
    await scene.adopt();
    expect((await logs(scene)).slice(0, 3)).toEqual(['msg_log_original', 'msg_log_202401', 'msg_log_202402']);
    expect(await scene.query('select tableoid::regclass::text as place, client_key from msg_log order by 2')).toEqual([
      { place: 'msg_log_original', client_key: '0' },
      { place: 'msg_log_202401', client_key: '1' },
    ]);
  });

  it('follows the months that were made before it', async () => {
    const scene = await adoptionScene({ tables: single('msg_log_202401', 'msg_log_202402') });
    await scene.write('msg_log', logged(1, '2024-03-01'));
    await scene.adopt();
    expect((await logs(scene)).slice(0, 3)).toEqual(['msg_log_202401', 'msg_log_202402', 'msg_log_original']);
  });

  it('hands its views, its readers and its triggers on to the new msg_log', async () => {
    const scene = await adoptionScene({ tables: single() });
    const next = await monthOf(scene, 1);
    const admin = await scene.session('superuser');
    const reader = `reader_${scene.name}`;
    await admin.query(`create role ${reader}; grant create on schema public to ${reader}`);
    await scene.query(`
      grant select on msg_log to ${reader};
      create view sent_messages as select client_key, mt_content, to_char(request_date, 'YYYYMM') as month from msg_log;
      create table audit (client_key bigint);
      create function note() returns trigger language plpgsql as 'begin insert into audit values (new.client_key); return null; end';
      create trigger noted after insert on msg_log for each row execute function note()`);
    await admin.query(`alter view sent_messages owner to ${reader}; grant select on sent_messages to public`);
    await expect(scene.adopt()).rejects.toThrow(
      `view sent_messages: expected that omni_owner may replace it, because it reads msg_log, found owner ${reader}; \`grant ${reader} to omni_owner\` for this run`,
    );
    await admin.query(`grant ${reader} to omni_owner`);
    await scene.adopt();
    await admin.query(`revoke ${reader} from omni_owner`);
    await scene.query(`insert into msg_log (client_key, channel_order, recipient, request_date)
      select n, 'sms', '1', date_trunc('month', current_date + n * interval '1 month') from generate_series(0, 1) as n`);
    expect(
      await scene.query(
        `select client_key from sent_messages where month >= to_char(current_date, 'YYYYMM') order by 1`,
      ),
    ).toHaveLength(2);
    expect(await scene.query('select client_key from audit order by 1')).toEqual([
      { client_key: '0' },
      { client_key: '1' },
    ]);
    expect(await scene.query(`select has_table_privilege($1, 'msg_log', 'select') as may`, [reader])).toEqual([
      { may: true },
    ]);
    expect(await logs(scene)).toContain(`msg_log_${next}`);
    await admin.query(`drop owned by ${reader}`);
    await admin.query(`drop role ${reader}`);
  });
});

describe('only some of the original’s tables', () => {
  it.each([
    ['msg_tran alone', originalTables.msg_tran],
    ['a log alone', originalLog('msg_log_202401')],
    ['reports alone', originalTables.msg_report],
    ['a ban list and files alone', originalTables.msg_banlist + originalTables.file_upload],
    ['all of them, empty', originalSchema('msg_log_202610')],
  ])('(%s) are taken over, and the others created', async (_, tables) => {
    const scene = await adoptionScene({ tables });
    await scene.adopt();
    const [key = ''] = await scene.insert();
    await scene.finish();
    expect(await scene.row(key)).toMatchObject({ mt_report_code: '10000' });
  });
});
