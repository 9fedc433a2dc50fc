import pg from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Channel } from '../../functions/message/channel.ts';
import type { StorableReport } from '../../functions/pipeline/storable-report.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, holdMessage, insertMessage, insertMessages } from '../support/messages.ts';
import { countsOf, expectEqual } from '../support/statistics.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;
/** The day on which everything happens, as the agent's zone has it. */
const now = new Date('2026-11-24T03:00:00Z');
const day = '2026-11-24';
const due = '2026-11-24 12:00:00';

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  agent.setNow(now);
});

const pool = () => database.current.pool;
const counts = async () => (await countsOf(pool())).map((line) => line.replace(`${day}|`, ''));

/** A message that was sent; its reference at the gateway. */
async function sent(columns: Columns = {}): Promise<string> {
  await insertMessage(pool(), { request_date: due, ...columns });
  await agent.collect();
  await agent.send(agent.queued.at(-1)?.batchId ?? '');
  return gateway.accepted.at(-1) ?? '';
}

/** A message that its customer ends at once. */
const insertEnded = async (channelOrder: string) =>
  await pool().query(
    `insert into msg_tran (channel_order, request_date, recipient, msg_status) values ($1, $2, '01000000001', '3')`,
    [channelOrder, due],
  );

const failed = (reference: string, channel: Channel) => reportOf(reference, channel, { reportCode: '20001' });

async function report(...reports: StorableReport[]) {
  await agent.store(reports);
  return await agent.merge();
}

/** A row in the log whose last channel failed, sms after alimtalk; the first channel's report is still to come. */
async function logged(columns: Columns = {}): Promise<string> {
  const reference = await sent({ channel_order: 'alimtalk,sms', kko_content: 'Hello', ...columns });
  await report(failed(reference, 'sms'));
  await agent.archive();
  return reference;
}

/** A session of the agent's role with an open transaction, which ends with the test. */
async function openAgent(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.current.urlOf('agent') });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('begin');
  return client;
}

const archiveOn = async (client: pg.Client) =>
  await client.query(`select * from archive_messages($1, 'Asia/Seoul', 1000, null)`, [now.toISOString()]);

const trigger = async (text: string) => {
  await pool().query(`create or replace function customer_minds() returns trigger language plpgsql as $$ ${text} $$`);
  onTestFinished(async () => {
    await pool().query('drop function if exists customer_minds cascade');
  });
};

describe('the statistics', () => {
  it('equal the log after each statement of a mixed campaign, with corrections and refusals', async () => {
    const turn = async (work: () => Promise<unknown>) => {
      await work();
      await agent.archive();
      await expectEqual(database.current);
    };
    gateway.rejectedNumbers.add('01000000009');
    await pool().query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000008')`);
    const one = await sent({ payment_code: 'A' });
    await turn(() => report(reportOf(one, 'sms')));
    const two = await sent({ channel_order: 'rcs, MMS', rcs_content: 'Hello', payment_code: 'B' });
    await turn(() => report(failed(two, 'rcs'), reportOf(two, 'mms', { carrier: '10003' })));
    const three = await sent({ channel_order: 'friendtalk,mms,sms', kko_content: 'Hello' });
    await turn(() => report(failed(three, 'mms'), failed(three, 'friendtalk'), failed(three, 'sms')));
    await turn(() => sent({ recipient: '01000000009', payment_code: 'A' }));
    await turn(() => sent({ recipient: '01000000008' }));
    await turn(() => sent({ request_date: '2026-11-20', ttl: 60 }));
    await turn(() => insertEnded('fax'));
    const late = await sent({ channel_order: 'alimtalk,sms', kko_content: 'Hello' });
    await turn(() => report(failed(late, 'sms')));
    await turn(() => report(reportOf(late, 'sms', { reportType: 'handset' })));
    await turn(() => report(reportOf(late, 'alimtalk')));
    await turn(() => report(reportOf(late, 'sms'), reportOf(late, 'alimtalk')));
    expect(await countsOf(pool())).toEqual([
      '2026-11-20||sms||E930|1',
      `${day}|A|sms|10001|10000|1`,
      `${day}|A|sms||A306|1`,
      `${day}|B|mms|10003|10000|1`,
      `${day}||alimtalk||10000|1`,
      `${day}||other|||1`,
      `${day}||sms|10001|20001|1`,
      `${day}||sms||E917|1`,
    ]);
  });

  it('do not have what a transaction that ends nowhere has moved', async () => {
    const reference = await sent();
    await report(reportOf(reference, 'sms'));
    const archiver = await openAgent();
    await archiveOn(archiver);
    expect(await counts()).toEqual([]);
    await archiver.query('rollback');
    expect(await counts()).toEqual([]);
    await agent.archive();
    expect(await counts()).toEqual(['|sms|10001|10000|1']);
  });

  it('count a row as it is in the log, whatever a trigger of the customer’s makes of it there', async () => {
    await trigger(`begin new.payment_code := 'MINE'; return new; end`);
    await pool().query('create trigger mine before insert on msg_log for each row execute function customer_minds()');
    await report(reportOf(await sent({ payment_code: 'A' }), 'sms'));
    await agent.archive();
    expect(await counts()).toEqual(['MINE|sms|10001|10000|1']);
    await expectEqual(database.current);
  });

  it('leave out a row that is put aside, until it is moved', async () => {
    const reference = await sent({ payment_code: 'BAD' });
    const other = await sent();
    await trigger(`begin if old.payment_code = 'BAD' then raise 'no'; end if; return old; end`);
    await pool().query('create trigger mine before delete on msg_tran for each row execute function customer_minds()');
    await report(reportOf(reference, 'sms'), reportOf(other, 'sms'));
    await agent.archive();
    expect(await counts()).toEqual(['|sms|10001|10000|1']);
    await trigger('begin return old; end');
    agent.setNow(new Date(now.getTime() + 3_600_000));
    await agent.archive();
    expect(await counts()).toEqual(['BAD|sms|10001|10000|1', '|sms|10001|10000|1']);
    await expectEqual(database.current);
  });
});

describe('archivers at the same time', () => {
  const finished = { msg_status: '3', finished_at: due, request_date: due };

  it('count every row once, and no snapshot ever sees statistics that differ from the log', async () => {
    await insertMessages(pool(), 3_000, finished);
    let done = false;
    const wrong: unknown[] = [];
    const watch = async () => {
      while (!done) {
        const { rows } = await database.current.master.query(
          `select (select count(*) from msg_log)::int as logged,
                  (select coalesce(sum(message_count), 0) from msg_statistics_part)::int as counted`,
        );
        if (rows[0].logged !== rows[0].counted) wrong.push(rows[0]);
      }
    };
    const watching = watch();
    let moved = 0;
    while (moved < 3_000) {
      const turns = await Promise.all([agent.archive(), agent.archive(), agent.archive()]);
      moved += turns.reduce((sum, { archived }) => sum + archived, 0);
    }
    done = true;
    await watching;
    expect(wrong).toEqual([]);
    expect(await counts()).toEqual(['|sms|||3000']);
  });

  it('do not wait for each other’s counts, nor does a late report', async () => {
    const reference = await logged();
    await insertMessages(pool(), 2, finished);
    const slow = await openAgent();
    await slow.query('update msg_statistics_part set message_count = message_count');
    await agent.archive();
    expect(await report(reportOf(reference, 'alimtalk'))).toMatchObject({ late: 1 });
    expect(await counts()).toEqual(['|alimtalk||10000|1', '|sms|||2']);
    await slow.query('commit');
    await expectEqual(database.current);
  });

  it('leave at most a row of a key for each of them, and go on with those', async () => {
    const size = async () =>
      (await database.current.master.query('select count(*)::int as n from msg_statistics_part')).rows[0].n;
    await insertMessages(pool(), 1, finished);
    await agent.archive();
    for (let turn = 0; turn < 3; turn++) {
      const slow = await openAgent();
      await slow.query(`select from msg_statistics_part order by id limit 1 for update`);
      await insertMessages(pool(), 1, finished);
      await agent.archive();
      await slow.query('commit');
    }
    await insertMessages(pool(), 1, finished);
    await agent.archive();
    expect(await size()).toBe(2);
    expect(await counts()).toEqual(['|sms|||5']);
  });
});

describe('a late report', () => {
  it('moves the message from one count to the other', async () => {
    const reference = await logged({ payment_code: 'A' });
    expect(await counts()).toEqual(['A|sms|10001|20001|1']);
    await report(reportOf(reference, 'alimtalk'));
    expect(await counts()).toEqual(['A|alimtalk||10000|1']);
  });

  it('gives a code to a message that was given up', async () => {
    const reference = await sent();
    await pool().query(`update msg_tran set msg_status = '3'`);
    await agent.archive();
    expect(await counts()).toEqual(['|sms|||1']);
    await report(reportOf(reference, 'sms'));
    expect(await counts()).toEqual(['|sms|10001|10000|1']);
  });

  it('with others of its message counts the message once', async () => {
    const reference = await sent({ channel_order: 'alimtalk,rcs,sms', kko_content: 'Hello', rcs_content: 'Hello' });
    await report(failed(reference, 'sms'));
    await agent.archive();
    await report(failed(reference, 'alimtalk'), reportOf(reference, 'rcs'));
    expect(await counts()).toEqual(['|rcs|10001|10000|1']);
    await expectEqual(database.current);
  });

  it('of the handset changes nothing, and writes no count', async () => {
    const reference = await logged();
    const versions = async () => (await database.current.master.query('select xmin, * from msg_statistics_part')).rows;
    const before = await versions();
    expect(await report(reportOf(reference, 'sms', { reportType: 'handset' }))).toMatchObject({ late: 1 });
    expect(await versions()).toEqual(before);
  });

  it('whose row a customer holds is counted once the row is free, as the customer left it', async () => {
    const reference = await logged();
    const [, clientKey = ''] = reference.split('.');
    const customer = await holdMessage(pool(), clientKey, 'msg_log');
    await customer.query(`update msg_log set payment_code = payment_code`);
    expect(await report(reportOf(reference, 'alimtalk'))).toMatchObject({ late: 0 });
    expect(await counts()).toEqual(['|sms|10001|20001|1']);
    await customer.end('commit');
    await pool().query(`update msg_report set retry_at = retry_at - interval '1 hour'`);
    expect(await agent.merge()).toMatchObject({ late: 1 });
    expect(await counts()).toEqual(['|alimtalk||10000|1']);
    await expectEqual(database.current);
  });

  it('that a trigger of the customer’s passes over is not counted', async () => {
    const reference = await logged();
    await trigger('begin return null; end');
    await pool().query('create trigger mine before update on msg_log for each row execute function customer_minds()');
    await report(reportOf(reference, 'alimtalk'));
    expect(await counts()).toEqual(['|sms|10001|20001|1']);
    await expectEqual(database.current);
  });

  it('changes and counts one row of the original agent’s, not another that had its client_key', async () => {
    const columns = 'client_key, batch_id, msg_key, channel_order, msg_status, request_date, recipient, archived_at';
    await pool().query(
      `insert into msg_log (${columns}) values
         (7, 0, 'K1', 'sms', '4', '${due}', '01000000001', '2026-11-24 12:00:01'),
         (7, 0, 'K2', 'sms', '4', '${due}', '01000000001', '2026-11-24 12:00:02')`,
    );
    await database.current.master.query('select rebuild_statistics($1)', [day]);
    await report({ ...reportOf('', 'sms'), messageKey: 'K2' });
    const { rows } = await pool().query('select msg_key, mt_report_code from msg_log order by 1');
    expect(rows).toEqual([
      { msg_key: 'K1', mt_report_code: null },
      { msg_key: 'K2', mt_report_code: '10000' },
    ]);
    expect(await counts()).toEqual(['|sms|10001|10000|1', '|sms|||1']);
  });
});
