import { beforeEach, describe, expect, it } from 'vitest';
import { Channel } from '../../functions/message/channel.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;

const noon = new Date('2026-11-24T03:00:00Z');

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  agent.setNow(noon);
});

const master = () => database.current.master;

describe('what is of no use any more', () => {
  it('is removed: reports without a row after 90 days', async () => {
    await master().query(
      `insert into msg_report_unmatched (seq, msg_key, reg_date)
       values (1, 'old', '2026-08-26 11:59:59'), (2, 'young', '2026-08-26 12:00:00')`,
    );
    expect(await agent.expire()).toMatchObject({ pruned: 1 });
    expect((await master().query('select msg_key from msg_report_unmatched')).rows).toEqual([{ msg_key: 'young' }]);
  });

  it('is removed: entries of set_aside whose row is gone', async () => {
    const [kept = '', logged = ''] = await insertMessages(database.current.pool, 2, {
      request_date: '2026-11-24 12:00:00',
    });
    await agent.collect();
    for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId);
    const reference = gateway.accepted.find((one) => one.split('.')[1] === logged) ?? '';
    await agent.store([reportOf(reference, Channel.Sms)]);
    await agent.merge();
    await agent.archive();
    await master().query(
      `insert into set_aside (client_key, step, error, since, until)
       select k, step, 'x', $1, 'infinity'
       from (values ($2::bigint, 'merge'), ($3, 'merge'), ($3, 'late'), (-1, 'merge'), (-1, 'late')) as v(k, step)`,
      [noon, kept, logged],
    );
    expect(await agent.expire()).toMatchObject({ pruned: 3 });
    const { rows } = await master().query('select client_key, step from set_aside order by 1');
    expect(rows).toEqual([
      { client_key: kept, step: 'merge' },
      { client_key: logged, step: 'late' },
    ]);
  });
});
