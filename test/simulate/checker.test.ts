import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Checker } from '../../bin/simulate/checker.ts';
import { Ledger } from '../../bin/simulate/ledger.ts';
import { emptyTables } from '../../bin/simulate/tables.ts';
import { World } from '../../bin/simulate/world.ts';
import { timeZone, useDatabase } from '../support/database.ts';
import { aTruth, now } from '../support/truth.ts';

const database = useDatabase();
let client: pg.Client;
let world: World;
let ledger: Ledger;
let checker: Checker;

beforeAll(async () => {
  client = new pg.Client({ connectionString: database.current.url, options: `-c timezone=${timeZone}` });
  await client.connect();
});

afterAll(async () => {
  await client.end();
});

/** A world with one row, waiting. */
beforeEach(async () => {
  await emptyTables(client, { dropNextMonth: false });
  world = new World({ seed: 1, startAt: now });
  ledger = new Ledger(world);
  checker = new Checker({ world, ledger, client, openLimit: 12 });
  ledger.insert(aTruth());
  await client.query(
    `insert into msg_tran (client_key, channel_order, request_date, recipient, etc_text_1)
     values (1, 'sms', '2031-01-15 12:00', '01000000001', $1)`,
    [aTruth().id],
  );
  await checker.look();
});

/** What the checker says of this change; undefined if it finds nothing wrong. */
async function verdictOn(...statements: string[]): Promise<string | undefined> {
  for (const statement of statements) {
    await client.query(statement);
    await checker.look();
  }
  // A violation ends the run after the event at hand.
  world.after(0, () => undefined);
  return await world
    .run(() => true, 1)
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
}

const claim = [
  `insert into send_batch (id, lane, members, message_count, created_at, wake_at) values (7, 2, '{1}', 1, now(), now());
   update msg_tran set batch_id = 7 where client_key = 1`,
];
const lease = (until: string) => `update send_batch set attempts = attempts + 1, lease_until = '${until}'`;
const held = '2031-01-15 03:00:45Z';
const seal = `update send_batch set state = 'sealed', sealed_at = now(), request_hash = 'hash'`;
const settle = `update msg_tran set msg_status = '2', msg_key = 'K1', msg_sent_date = now() where client_key = 1;
  delete from send_batch`;
const report = `update msg_tran set msg_status = '3', mt_report_code = '10000', finished_at = now() where client_key = 1`;
const archive = `insert into msg_log select * from msg_tran; delete from msg_tran; update msg_log set msg_status = '4'`;

describe('the checker', () => {
  it('finds nothing wrong with the ordinary journey, and sees its edges', async () => {
    expect(await verdictOn(...claim, lease(held), seal, settle, report, archive)).toBeUndefined();
    expect(world.edges).toMatchObject({
      'row waiting -> claimed': 1,
      'row claimed -> sent': 1,
      'row sent -> reported': 1,
      'row reported -> complete': 1,
      'batch claimed -> leased': 1,
      'batch leased -> sealed': 1,
      'batch sealed -> gone': 1,
    });
  });

  it.each([
    { what: 'a row is gone', statements: ['delete from msg_tran'], verdict: /^I2: r1x is gone/ },
    {
      what: 'a row is in both tables',
      statements: [`insert into msg_log select * from msg_tran; update msg_log set msg_status = '4'`],
      verdict: /^I2: r1x is there 2 times/,
    },
    {
      what: 'a row is in the log of another month',
      statements: [
        ...claim,
        lease(held),
        seal,
        settle,
        report,
        `update msg_tran set request_date = '2031-02-01'; ${archive}`,
      ],
      verdict: /^I2: r1x is in the log of 203102/,
    },
    { what: 'a row is logged unfinished', statements: [archive], verdict: /^I3: r1x is logged before it is finished/ },
    {
      what: 'a row is logged while its batch is in doubt',
      statements: [...claim, lease(held), seal, report, archive],
      verdict: /^I3: r1x is logged while its batch is in doubt/,
    },
    {
      what: 'a row is in a batch that is gone',
      statements: [...claim, 'delete from send_batch'],
      verdict: /^I3: r1x is in batch 7, which is gone/,
    },
    {
      what: 'a row is in a batch without it',
      statements: [...claim, `update send_batch set members = '{2}'`],
      verdict: /^I3: r1x is in batch 7, which has it not/,
    },
    {
      what: 'a status goes back',
      statements: [...claim, lease(held), seal, settle, report, `update msg_tran set msg_status = '2'`],
      verdict: /^I5: r1x went from 3 back to 2/,
    },
    {
      what: 'a finished row is finished no more',
      statements: [...claim, lease(held), seal, settle, report, 'update msg_tran set finished_at = null'],
      verdict: /^I5: r1x is no longer finished/,
    },
    {
      what: 'a row is sent without a batch',
      statements: [`update msg_tran set msg_status = '2'`],
      verdict: /^I5: r1x went waiting -> sent/,
    },
    {
      what: 'two senders hold a batch',
      statements: [...claim, lease(held), lease('2031-01-15 03:00:46Z')],
      verdict: /^I1: batch 7 is leased while another sender holds it/,
    },
    {
      what: 'a sealed batch gets another key',
      statements: [...claim, lease(held), seal, 'update send_batch set idempotency_key = gen_random_uuid()'],
      verdict: /^I1: batch 7 was changed after it was sealed/,
    },
    {
      what: 'a batch that nobody sealed is settled',
      statements: [...claim, 'update msg_tran set msg_status = 2; delete from send_batch'],
      verdict: /^I1: batch 7 went claimed -> gone/,
    },
    {
      what: 'more is claimed than the limit',
      statements: [
        `insert into send_batch (id, lane, members, message_count, created_at, wake_at)
         select 8, 2, array_agg(n), 13, now(), now() from generate_series(1, 13) n`,
      ],
      verdict: /^I6: 13 messages are claimed and not sent, expected at most 12/,
    },
  ])('notices when $what', async ({ statements, verdict }) => {
    expect(await verdictOn(...statements)).toMatch(verdict);
  });

  it('notices when a row is claimed before its time', async () => {
    ledger.insert({ ...aTruth(), dueAt: now + 1_000 });
    expect(await verdictOn(...claim)).toMatch(/^I7: r1x is claimed before its time/);
  });

  it.each([
    { told: { channel: 'rcs', reportCode: '20000' }, verdict: /^I3: r1x is finished before its last channel is$/ },
    { told: { channel: 'rcs', reportCode: '10000' }, verdict: /^$/ },
    { told: { channel: 'sms', reportCode: '20000' }, verdict: /^$/ },
  ] as const)('says $verdict of a row finished after $told', async ({ told, verdict }) => {
    const result = { messageKey: 'K1', reference: 'here.1.7', messageType: '', carrier: '', parts: undefined };
    const accepted = { chain: ['rcs', 'sms'], accepted: [{ messageKey: 'K1' }] };
    ledger.insert({
      ...aTruth(),
      ...accepted,
      told: [{ ...result, ...told, reportType: 'result', handsetAt: undefined }],
    });

    expect((await verdictOn(...claim, lease(held), seal, settle, report)) ?? '').toMatch(verdict);
  });

  const key = '11111111-1111-4111-8111-111111111111';
  const keyed = `update send_batch set idempotency_key = '${key}'`;

  it.each([
    { what: 'a sealed batch', statements: [...claim, lease(held), keyed, seal] },
    { what: 'a batch that is settled meanwhile', statements: [...claim, lease(held), seal, settle] },
  ])('finds nothing wrong with a call for $what', async ({ statements }) => {
    expect(await verdictOn(...statements)).toBeUndefined();
    checker.checkCall('7', key);
    expect(await verdictOn()).toBeUndefined();
  });

  it.each([
    { what: 'is not sealed', statements: [...claim, lease(held), keyed] },
    { what: 'is sealed under another key', statements: [...claim, lease(held), seal] },
  ])('notices a call for a batch that $what', async ({ statements }) => {
    expect(await verdictOn(...statements)).toBeUndefined();
    checker.checkCall('7', key);
    expect(await verdictOn()).toMatch(/^I1: batch 7 is sent though it is not sealed under its key/);
  });
});
