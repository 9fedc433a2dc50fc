import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { anImage } from '../support/files.ts';
import { type Runner, startRunner, untilUp } from '../support/runner.ts';

let runner: Runner;
let seoul: pg.Pool;

/** One running agent for all tests here, on a server whose time zone is UTC, with a customer in Seoul. */
beforeAll(async () => {
  runner = startRunner(['up']);
  const url = await untilUp(runner);
  const admin = new pg.Client({ connectionString: url.replace('omni_customer@', 'postgres@') });
  await admin.connect();
  await admin.query(`alter system set timezone = 'UTC'`);
  await admin.query('select pg_reload_conf()');
  await admin.end();
  seoul = new pg.Pool({ connectionString: url, options: '-c timezone=Asia/Seoul' });
}, 90_000);

afterAll(async () => {
  await seoul.end();
  await runner.cleanUp();
});

async function insert(columns: Record<string, string | null>, requestDate = 'now()'): Promise<string> {
  const row = {
    channel_order: 'sms',
    callback: '0200000000',
    recipient: '01000000001',
    mt_content: 'Hello',
    ...columns,
  };
  const { rows } = await seoul.query<{ client_key: string }>(
    `insert into msg_tran (${Object.keys(row).join(', ')}, request_date)
     values (${Object.keys(row).map((_, index) => `$${index + 1}`)}, ${requestDate}) returning client_key`,
    Object.values(row),
  );
  return rows[0]?.client_key ?? '';
}

/** The row in the log, once it is there; waits up to 25 s. */
async function logged(clientKey: string) {
  return await vi.waitFor(
    async () => {
      const { rows } = await seoul.query('select * from msg_log where client_key = $1', [clientKey]);
      expect(rows).toHaveLength(1);
      return rows[0];
    },
    { timeout: 25_000, interval: 200 },
  );
}

describe.concurrent('a message inserted by hand', () => {
  it('arrives in the log table of its month with its result columns', async ({ expect }) => {
    const clientKey = await insert({});
    expect(await logged(clientKey)).toMatchObject({ msg_status: '4', mt_report_code: expect.any(String) });
    const { rows } = await seoul.query<{ month: string }>(
      'select tableoid::regclass::text as month from msg_log where client_key = $1',
      [clientKey],
    );
    const [year, month] = new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Seoul' }).format(new Date()).split('-');
    expect(rows).toEqual([{ month: `msg_log_${year}${month}` }]);
  }, 60_000);

  it('waits for its request_date, which is Seoul time although the server’s time zone is UTC', async ({ expect }) => {
    const scheduled = await insert({}, `now() + interval '6 seconds'`);
    const inEightHours = await insert({}, `now() + interval '8 hours'`);
    await logged(scheduled);
    const late = 'extract(epoch from msg_sent_date - request_date)::float8 as late';
    const { rows: sent } = await seoul.query<{ late: number }>(`select ${late} from msg_log where client_key = $1`, [
      scheduled,
    ]);
    expect(sent[0]?.late).toBeGreaterThanOrEqual(0);
    expect(sent[0]?.late).toBeLessThan(3600);
    const { rows } = await seoul.query('select msg_status, batch_id from msg_tran where client_key = $1', [
      inEightHours,
    ]);
    expect(rows).toEqual([{ msg_status: '1', batch_id: null }]);
  }, 60_000);

  it('is sent with an image from the folder that stands for the bucket', async ({ expect }) => {
    writeFileSync(join(runner.dataDir, 'files', 'a.jpg'), anImage('jpg'));
    await seoul.query(`insert into file_upload (file_path, channel_type) values ('a.jpg', 'MMS')`);
    const fileKey = await vi.waitFor(
      async () => {
        const { rows } = await seoul.query('select * from file_upload');
        expect(rows).toMatchObject([{ file_status: '2', result_code: 'A000', file_key: expect.stringMatching(/./) }]);
        return String(rows[0]?.file_key);
      },
      { timeout: 25_000, interval: 200 },
    );
    const clientKey = await insert({ channel_order: 'mms', mt_subject: 'Hello', mt_file_key: fileKey });
    expect(await logged(clientKey)).toMatchObject({ msg_status: '4', mtr_message_type: 'MM', mt_file_key: fileKey });
  }, 60_000);

  it.each([
    { flaw: 'an unknown channel', columns: { channel_order: 'sms,fax' }, group: 'mt' },
    { flaw: 'four channels', columns: { channel_order: 'sms,mms,rcs,alimtalk' }, group: 'mt' },
    {
      flaw: 'broken JSON in kko_option',
      columns: { channel_order: 'alimtalk', kko_option: '{"title":' },
      group: 'kko',
    },
    { flaw: 'broken JSON in rcs_option', columns: { channel_order: 'rcs,sms', rcs_option: 'header=1' }, group: 'rcs' },
    { flaw: 'no recipient', columns: { recipient: ' ' }, group: 'mt' },
  ])(
    'with $flaw ends with E999 and its reason in the log table, only the rule in the log, and delays no other',
    async (row) => {
      const bad = await insert(row.columns);
      const good = await insert({});
      const end = await logged(bad);
      expect(end).toMatchObject({ msg_status: '4', [`${row.group}_report_code`]: 'E999' });
      const [rule = '', value = ''] = String(end?.['end_reason']).split(', got ');
      expect(rule).toMatch(/^(channel_order|kko_option|rcs_option|recipient): expected /);
      expect(value).not.toBe('');
      expect(await logged(good)).toMatchObject({ msg_status: '4', mt_report_code: expect.any(String) });
      expect(rulesOf(bad)).toEqual([rule]);
    },
    60_000,
  );
});

/** The rules that the sender's log names for refusing a row. */
function rulesOf(clientKey: string): string[] {
  const logs = join(runner.dataDir, 'logs');
  return readdirSync(logs)
    .filter((file) => file.includes('Sender'))
    .flatMap((file) => readFileSync(join(logs, file), 'utf8').split('\n'))
    .filter((line) => line.includes('"row refused"'))
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.clientKey === clientKey)
    .map((entry) => entry.rule);
}

describe('the runner', () => {
  it('tells omni-agent where its agent is, as long as it runs', async () => {
    const args = ['bin/omni-agent.mjs', 'status', '--json', '--data', runner.dataDir];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toMatchObject({ databaseName: 'omni', timeZone: 'Asia/Seoul', unguarded: null });
  }, 60_000);
});
