import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { timeZone, useDatabase } from '../support/database.ts';
import { aTruth, now } from '../support/truth.ts';
import { Checker } from './checker.ts';
import { Ledger } from './ledger.ts';
import { emptyTables } from './tables.ts';
import { verdictOf } from './verdict.ts';
import { World } from './world.ts';

const database = useDatabase();
let client: pg.Client;
let world: World;
let ledger: Ledger;
let checker: Checker;

beforeAll(async () => {
  client = new pg.Client({ connectionString: database.current.urlOf('master'), options: `-c timezone=${timeZone}` });
  await client.connect();
});

afterAll(async () => {
  await client.end();
});

/** A world with one waiting row. */
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

/** The checker's verdict on this change; undefined if it finds nothing wrong. */
async function verdictOn(...statements: string[]): Promise<string | undefined> {
  for (const statement of statements) {
    await client.query(statement);
    await checker.look();
  }
  return await verdictOf(world);
}

/** Writes msg_tran as the agent does: the guard recognizes it by that. */
const write = (set: string) => `update msg_tran set ${set}, agent_writes = coalesce(agent_writes, 0) + 1`;
const claim = [
  `insert into send_batch (id, lane, members, message_count, created_at, wake_at) values (7, 2, '{1}', 1, now(), now());
   ${write('batch_id = 7')}`,
];
const lease = (until: string) => `update send_batch set attempts = attempts + 1, lease_until = '${until}'`;
const held = '2031-01-15 03:00:45Z';
const seal = `update send_batch set state = 'sealed', sealed_at = now(), request_hash = 'hash'`;
const settle = `${write("msg_status = '2', msg_key = 'K1', msg_sent_date = now()")}; delete from send_batch`;
const report = write("msg_status = '3', mt_report_code = '10000', finished_at = now()");
const archive = `${write('archived_at = now()')}; insert into msg_log select * from msg_tran; delete from msg_tran; update msg_log set msg_status = '4'`;

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
      statements: [
        `${write('archived_at = now()')}; insert into msg_log select * from msg_tran; update msg_log set msg_status = '4'`,
      ],
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
      statements: [...claim, lease(held), seal, settle, report, write(`msg_status = '2'`)],
      verdict: /^I5: r1x went from 3 back to 2/,
    },
    {
      what: 'a finished row is finished no more',
      statements: [...claim, lease(held), seal, settle, report, write('finished_at = null')],
      verdict: /^I5: r1x is no longer finished/,
    },
    {
      what: 'a row is sent without a batch',
      statements: [write(`msg_status = '2', batch_id = 7`)],
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
      statements: [...claim, `${write("msg_status = '2'")}; delete from send_batch`],
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

  const aside = `insert into set_aside (client_key, step, error, since, until) values (1, 'claim', 'P0001', now(), now())`;

  it('notices when a row is put aside though nothing blocks it', async () => {
    expect(await verdictOn(aside)).toMatch(/^I10: r1x is put aside at claim/);
  });

  it('finds nothing wrong with a row put aside that its customer has blocked', async () => {
    ledger.insert({ ...aTruth(), wasBlocked: true });
    expect(await verdictOn(aside)).toBeUndefined();
    expect(world.edges).toMatchObject({ 'put aside: claim': 1 });
  });

  it('notices when what was put aside of one row counts for another of its client_key', async () => {
    ledger.insert({ ...aTruth(), wasBlocked: true });
    expect(await verdictOn(aside)).toBeUndefined();
    ledger.insert({ ...aTruth(), wasBlocked: true, deletedAt: now });
    ledger.insert({ ...aTruth(), id: 'r2x' });
    // In place of a DELETE and an INSERT, after which the agent forgets.
    const replaced = `update msg_tran set etc_text_1 = 'r2x'`;
    expect(await verdictOn(replaced)).toMatch(/^I10: r1x was put aside at claim since .*, which now counts for r2x/);
  });

  it('sees what a customer holds, releases and ends', async () => {
    const hold = `update msg_tran set msg_status = '0'`;
    const statements = [
      ...claim,
      hold,
      `update msg_tran set msg_status = '1'`,
      hold,
      `update msg_tran set msg_status = '3'`,
    ];
    expect(await verdictOn(...statements)).toBeUndefined();
    expect(world.edges).toMatchObject({
      'row claimed -> held': 1,
      'row held -> waiting': 1,
      'row waiting -> held': 1,
      'row held -> ended': 1,
    });
  });

  it('notices when a row is claimed though held', async () => {
    ledger.insert({ ...aTruth(), isHeld: true });
    expect(await verdictOn(...claim)).toMatch(/^I7: r1x is claimed though held/);
  });

  it.each([
    { what: 'a customer has taken from the agent', truth: { rejectedCode: 'A306' }, month: '203101', verdict: /^$/ },
    {
      what: 'was sent',
      truth: { accepted: [{ messageKey: 'K1' }] },
      month: '203101',
      verdict: /of 203101, not of 203012/,
    },
  ])('says "$verdict" of a row of a month without a table that $what', async ({ truth, verdict }) => {
    const [dueAt, told] = [now - 30 * 86_400_000, { told: [] }];
    ledger.insert({ ...aTruth(), ...truth, ...told, dueAt, endedAt: now });
    expect((await verdictOn(...claim, lease(held), seal, settle, report, archive)) ?? '').toMatch(verdict);
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

  it('notices a batch that a sender gives back though another has it', async () => {
    expect(await verdictOn(...claim, lease(held))).toBeUndefined();
    const [batch] = checker.last.batches;
    if (batch === undefined) throw new Error('expected a batch, got none');
    checker.checkUntouched(batch);
    expect(await verdictOn("update send_batch set lease_until = '-infinity'")).toBeUndefined();
    checker.checkUntouched(batch);
    expect(await verdictOn()).toMatch(/^I1: batch 7 is given back by a sender that no longer has it/);
  });
});
