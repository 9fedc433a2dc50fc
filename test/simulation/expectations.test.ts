import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../functions/message/report.ts';
import { timeZone, useDatabase } from '../support/database.ts';
import { aTruth, now } from '../support/truth.ts';
import type { Subject } from './bans.ts';
import { checkEndings } from './expectations.ts';
import { Ledger } from './ledger.ts';
import { emptyTables } from './tables.ts';
import type { RowTruth } from './truth.ts';
import { World } from './world.ts';

const database = useDatabase();
let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: database.current.urlOf('master'), options: `-c timezone=${timeZone}` });
  await client.connect();
});

afterAll(async () => {
  await client.end();
});

const result: Report = {
  ...{ messageKey: 'K1', reference: 'here.1.7', channel: 'sms', messageType: 'SM', reportType: 'result' },
  ...{ reportCode: '10000', carrier: '10001', handsetAt: new Date(now + 5_000), parts: 2 },
};
const receipt: Report = { ...result, reportType: 'handset', reportCode: '10000', handsetAt: new Date(now + 6_000) };

const failed: Report = { ...result, channel: 'mms', messageType: 'LM', reportCode: '23023' };

/** Accepted under K1, delivered, and received by the handset. */
const delivered: Partial<RowTruth> = {
  accepted: [{ messageKey: 'K1' }],
  reports: new Map([
    ['sms/result', result],
    ['sms/handset', receipt],
  ]),
};

/** Its row in the log. */
beforeEach(async () => {
  await emptyTables(client, { dropNextMonth: false });
  await client.query(`
    insert into msg_log (client_key, msg_status, channel_order, request_date, recipient, mt_content, etc_text_1, msg_key, finished_at,
                         mt_report_code, mtr_message_type, mt_rslt_date, mt_telecom, mt_res_cnt, mt_dlr_report_code, mt_dlr_report_date)
    values (1, '4', 'sms', '2031-01-15 12:00', '01000000001', 'r1x version 0', 'r1x', 'K1', '2031-01-15 12:00:07',
            '10000', 'SM', '2031-01-15 12:00:05', '10001', 2, '10000', '2031-01-15 12:00:06')`);
});

/** The verdict on the log, given this truth and this change of the log. */
async function verdictOn(
  truth: Partial<RowTruth>,
  change = 'select',
  banned: readonly Subject[] = [],
): Promise<string | undefined> {
  const ledger = new Ledger(new World({ seed: 1, startAt: now }));
  ledger.insert({ ...aTruth(), ...truth });
  for (const [index, subject] of banned.entries()) {
    const written = { ban_seq: String(index + 1), ban_type: 'R', ban_text: '010-0000-0001', use_yn: 'Y' };
    ledger.bans.add(written, subject);
  }
  await client.query(change);
  return await checkEndings(client, ledger).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** The log of a row that the gateway never accepted. */
const unsent = `msg_key = null, mt_report_code = null, mt_rslt_date = null, mtr_message_type = null, mt_telecom = null, mt_res_cnt = null,
  mt_dlr_report_code = null, mt_dlr_report_date = null`;
const refusedWith = (code: string) => `update msg_log set ${unsent};
  update msg_log set mt_report_code = '${code}', mt_rslt_date = finished_at, mt_report_date = finished_at, end_reason = 'why'`;
const ended = `update msg_log set ${unsent}; update msg_log set end_reason = 'ended by the customer'`;

describe('the endings', () => {
  it.each<[string, Partial<RowTruth>, string]>([
    ['delivered', delivered, 'select'],
    ['deleted by the customer', { deletedAt: now }, 'delete from msg_log'],
    ['rejected', { rejectedCode: 'A306' }, refusedWith('A306')],
    ['malformed', { isMalformed: true }, refusedWith('E999')],
    ['expired', { expiresAt: now + 7_000 }, refusedWith('E930')],
    ['ended by the customer', { endedAt: now }, ended],
    [
      'sent, and then ended by the customer',
      { ...delivered, endedAt: now },
      `update msg_log set end_reason = 'ended by the customer'`,
    ],
    [
      'kept back by the customer',
      { isHeld: true },
      `delete from msg_log; insert into msg_tran (msg_status, channel_order, request_date, recipient, etc_text_1)
       values ('0', 'sms', now(), '01000000001', 'r1x')`,
    ],
    [
      'given up on sms after the failure of mms, which came again and is kept from the log by the customer',
      {
        ...{
          chain: ['mms', 'sms'],
          accepted: [{ messageKey: 'K1' }],
          unreportedAt: now,
          blocks: new Set(['null_late']),
        },
        reports: new Map([['mms/result', failed]]),
      },
      `update msg_log set mt_report_code = 'E931', mtr_message_type = 'LM', mt_report_date = finished_at, mt_dlr_report_code = null,
         mt_dlr_report_date = null;
       insert into msg_report (client_key, batch_id, msg_key, channel_type, report_type, report_code, rslt_date, reg_date)
       values (1, 7, 'K1', 'mms', 'result', '23023', now(), now())`,
    ],
  ])('are right for a row that was %s', async (_, truth, change) => {
    expect(await verdictOn(truth, change)).toBeUndefined();
  });

  it.each([
    { what: 'is nowhere', change: 'delete from msg_log', verdict: /^I3: r1x has reached no final state/ },
    {
      what: 'goes to somebody else',
      change: `update msg_log set recipient = '01000000002'`,
      verdict: /expected recipient/,
    },
    {
      what: 'has an older content',
      truth: { version: 1 },
      verdict: /expected contents r1x version 1, got r1x version 0/,
    },
    {
      what: 'has a content of another row',
      change: `update msg_log set kko_content = 'r2x version 0'`,
      verdict: /contents/,
    },
    { what: 'has another key', change: `update msg_log set msg_key = 'K2'`, verdict: /expected msg_key K1, got K2/ },
    {
      what: 'has another result',
      change: `update msg_log set mt_report_code = '20000'`,
      verdict: /expected mt report code/,
    },
    {
      what: 'has a result of another group',
      change: `update msg_log set rcs_report_code = '1'`,
      verdict: /rcs report code/,
    },
    {
      what: 'has another type',
      change: `update msg_log set mtr_message_type = 'LM'`,
      verdict: /expected mt message type/,
    },
    { what: 'has another date', change: `update msg_log set mt_rslt_date = now()`, verdict: /expected mt result date/ },
    { what: 'has another carrier', change: `update msg_log set mt_telecom = '10002'`, verdict: /expected mt carrier/ },
    { what: 'has another number of parts', change: 'update msg_log set mt_res_cnt = 1', verdict: /expected parts/ },
    {
      what: 'has no receipt',
      change: 'update msg_log set mt_dlr_report_code = null',
      verdict: /expected receipt 10000/,
    },
    {
      what: 'has a receipt of another time',
      change: 'update msg_log set mt_dlr_report_date = null',
      verdict: /receipt date/,
    },
  ])('are wrong when a delivered row $what', async ({ truth = {}, change = 'select', verdict }) => {
    expect(await verdictOn({ ...delivered, ...truth }, change)).toMatch(verdict);
  });

  it.each([
    { code: 'A306', truth: { rejectedCode: 'A307' }, verdict: /expected rejection code A307, got A306/ },
    {
      code: 'E999',
      truth: { refusedAt: now },
      verdict: /^I3: r1x ended with code E999, which is not true of it/,
    },
    { code: 'E999', truth: {}, verdict: /^I3: r1x ended with code E999, which is not true of it/ },
    { code: 'E917', truth: {}, verdict: /^I3: r1x ended with code E917/ },
    { code: 'E930', truth: { expiresAt: now + 8_000 }, verdict: /^I3: r1x ended with code E930/ },
  ])('are wrong when $code is not true of an unsent row', async ({ code, truth, verdict }) => {
    expect(await verdictOn(truth, refusedWith(code))).toMatch(verdict);
  });

  it.each([
    { what: 'no date', change: 'mt_rslt_date = null', verdict: /^I4: r1x was refused, and its mt dates/ },
    { what: 'no date of a report', change: 'mt_report_date = null', verdict: /^I4: r1x was refused, and its mt dates/ },
    { what: 'no reason', change: 'end_reason = null', verdict: /^I4: r1x ended with code E999 and no reason/ },
    { what: 'a key', change: `msg_key = '1.7'`, verdict: /expected msg_key null, got 1.7/ },
    {
      what: 'the end of its customer',
      change: `end_reason = 'ended by the customer'`,
      verdict: /^I4: r1x has the reason/,
    },
  ])('are wrong when a refused row has $what', async ({ change, verdict }) => {
    expect(await verdictOn({ isMalformed: true }, `${refusedWith('E999')}; update msg_log set ${change}`)).toMatch(
      verdict,
    );
  });

  const bans = ['number 01000000001', 'content r1x', 'number 01000000002', 'note r1x'] as const;
  const bannedBy = (column: string, banSeq: number) =>
    `${refusedWith('E917')}; update msg_log set end_reason = '${column}: expected no word of msg_banlist, got that of entry ${banSeq}'`;

  it.each([
    ['recipient', 1],
    ['mt_content', 2],
    ['kko_option', 4],
  ] as const)('are right when %s is what entry %s bans', async (column, banSeq) => {
    expect(await verdictOn({ note: 'r1x' }, bannedBy(column, banSeq), bans)).toBeUndefined();
  });

  it.each([
    ['recipient', 2],
    ['recipient', 3],
    ['recipient', 9],
    ['mt_content', 1],
    ['kko_option', 2],
  ] as const)('are wrong when %s is said to be what entry %s bans', async (column, banSeq) => {
    expect(await verdictOn({ note: 'r1x' }, bannedBy(column, banSeq), bans)).toMatch(/^I3: r1x ended with code E917/);
  });

  it('are wrong when a row that its customer ended has a code', async () => {
    expect(await verdictOn({ endedAt: now }, `${ended}; update msg_log set mt_report_code = 'E930'`)).toMatch(
      /expected mt report code null, got E930/,
    );
  });

  it('are wrong when the value of a column that the customer added is lost', async () => {
    expect(await verdictOn({ ...delivered, orderNo: 'order 1' })).toMatch(/expected order_no order 1, got null/);
  });

  const unmatched = `insert into msg_report_unmatched (seq, msg_key, channel_type, report_type, report_code, rslt_date, report_date, reg_date)
    values (1, 'K1', 'sms', 'result', '10000', now(), now(), now())`;

  it('are wrong when a report of an existing row found none', async () => {
    expect(await verdictOn(delivered, unmatched)).toMatch(/^I4: the report K1\/sms\/result found no row/);
  });

  it('are wrong when a report of a row that is gone is not kept', async () => {
    const gone = { ...delivered, deletedAt: now, reports: new Map([['sms/result', result]]) };
    expect(await verdictOn(gone, 'delete from msg_log')).toMatch(/^I3: the report K1\/sms\/result is nowhere/);
    expect(await verdictOn(gone, unmatched)).toBeUndefined();
  });
});
