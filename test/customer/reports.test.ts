import { describe, expect, it } from 'vitest';
import type { StorableReport } from '../../functions/pipeline/storable-report.ts';
import { toStorable } from '../../functions/pipeline/storable-report.ts';
import { reportOf } from '../support/agent.ts';
import { useScene } from './scene.ts';

const scene = useScene();

const handset = (reference: string, more: Partial<StorableReport> = {}) =>
  reportOf(reference, 'sms', { reportType: 'handset', reportCode: '10009', ...more });

/** A report from the gateway, as the receiver stores it. */
function received(reference: string, messageKey: string): StorableReport {
  const { reference: _, ...report } = handset(reference);
  const storable = toStorable({ ...report, reference, messageKey });
  if (storable === undefined) throw new Error('the report names no message');
  return storable;
}

const unmatched = () => scene.current.administer('select from msg_report_unmatched union all select from msg_report');

describe('a report with the right reference', () => {
  it.each(['', 'another-key'])('and message key %j finds its row in the log', async (messageKey) => {
    const { insert, finish, agent, gateway, row } = scene.current;
    const [key = ''] = await insert();
    await finish(2);
    await agent.store([received(gateway.accepted[0] ?? '', messageKey)]);
    await finish(1);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_dlr_report_code: '10009' });
    expect(await unmatched()).toEqual([]);
  });

  it.each(['', 'another-key'])('and message key %j finds its row before it is archived', async (messageKey) => {
    const { insert, turn, finish, agent, gateway, row } = scene.current;
    const [key = ''] = await insert();
    await turn();
    await agent.store([received(gateway.accepted[0] ?? '', messageKey)]);
    await finish(2);
    expect(await row(key)).toMatchObject({ mt_report_code: '10000', mt_dlr_report_code: '10009' });
    expect(await unmatched()).toEqual([]);
  });

  it('for a row that its customer has deleted ends among the unmatched', async () => {
    const { insert, turn, report, agent, later, query, administer } = scene.current;
    await insert();
    await turn();
    await query('delete from msg_tran');
    await report();
    for (let looks = 0; looks < 12; looks++) {
      await agent.merge();
      later(61);
    }
    expect(await administer('select from msg_report_unmatched')).toHaveLength(1);
    expect(await query('select from msg_report')).toEqual([]);
  });
});

describe('a row of the log that a customer’s transaction holds', () => {
  it('delays only its own report, while sending and merging go on', async () => {
    const { insert, finish, agent, gateway, query, session, row, turn, report, later } = scene.current;
    const expectOthersGoOn = async () => {
      const [fresh = ''] = await insert();
      await turn();
      await report();
      await agent.merge();
      expect(await row(fresh)).toMatchObject({ msg_status: '3', mt_report_code: '10000' });
    };
    const [key = ''] = await insert({}, 501);
    await finish(2);
    const customer = await session();
    await customer.query('begin');
    await customer.query(`update msg_log set etc_text_1 = 'READ' where client_key = $1`, [key]);

    await agent.store(gateway.accepted.map((reference) => handset(reference)));
    await expectOthersGoOn();
    expect(await query(`select from msg_log where mt_dlr_report_code = '10009'`)).toHaveLength(500);

    for (let looks = 0; looks < 12; looks++) {
      later(61);
      await expectOthersGoOn();
    }
    // However long it lasts, no look at it counts as a try.
    expect(await query('select tries from msg_report')).toEqual([{ tries: 1 }]);
    await customer.query('commit');
    await finish(1);
    expect(await row(key)).toMatchObject({ mt_dlr_report_code: '10009', etc_text_1: 'READ' });
    expect(await unmatched()).toEqual([]);
  });

  it('and that is given up has its report all the same', async () => {
    const { insert, finish, agent, gateway, session, row } = scene.current;
    const [key = ''] = await insert();
    await finish(2);
    const customer = await session();
    await customer.query('begin');
    await customer.query('select from msg_log where client_key = $1 for update', [key]);
    await agent.store([handset(gateway.accepted[0] ?? '')]);
    await agent.merge();
    await customer.query('rollback');
    await finish(1);
    expect(await row(key)).toMatchObject({ mt_dlr_report_code: '10009' });
  });
});

describe('a row whose report a customer’s transaction delays', () => {
  it('is merged after that transaction, the others at once', async () => {
    const { insert, turn, report, agent, session, query, finish, row } = scene.current;
    const [key = ''] = await insert({}, 50);
    await turn();
    const customer = await session();
    await customer.query('begin');
    await customer.query(`update msg_tran set etc_text_1 = 'mine' where client_key = $1`, [key]);
    await report();
    await agent.merge();
    expect(await query(`select from msg_tran where msg_status = '3'`)).toHaveLength(49);
    await customer.query('commit');
    await finish(1);
    expect(await row(key)).toMatchObject({ msg_status: '4', mt_report_code: '10000', etc_text_1: 'mine' });
  });
});

describe('a channel_order that its customer changes', () => {
  const change = (table: string) => scene.current.query(`update ${table} set channel_order = 'mms'`);

  it.each(['called', 'in doubt', 'sent', 'reported'] as const)('while the row is %s loses no report', async (stage) => {
    const { insert, at, finish, row } = scene.current;
    const [key = ''] = await insert();
    await at(stage, () => change('msg_tran'));
    await finish();
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', channel_order: 'sms', mt_report_code: '10000' });
  });

  it('in the log loses no report', async () => {
    const { insert, finish, agent, gateway, row } = scene.current;
    const [key = ''] = await insert();
    await finish(2);
    await change('msg_log');
    await agent.store([handset(gateway.accepted[0] ?? '')]);
    await finish(1);
    expect(await row(key)).toMatchObject({ channel_order: 'sms', mt_dlr_report_code: '10009' });
  });

  it('between two channels of the chain still counts the last', async () => {
    const { insert, turn, finish, agent, gateway, row } = scene.current;
    const [key = ''] = await insert({ channel_order: 'alimtalk,sms', kko_content: 'x' });
    await turn();
    const reference = gateway.accepted[0] ?? '';
    await agent.store([reportOf(reference, 'alimtalk', { reportCode: '3018', carrier: '' })]);
    await agent.merge();
    await scene.current.query(`update msg_tran set channel_order = 'alimtalk'`);
    await agent.store([reportOf(reference, 'sms')]);
    await agent.merge();
    await finish(1);
    const results = { channel_order: 'alimtalk,sms', kko_report_code: '3018', mt_report_code: '10000' };
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', ...results });
  });
});

describe('what a customer writes into the log', () => {
  it('into the agent’s own columns does not keep a report from its row', async () => {
    const { insert, finish, agent, gateway, query, row } = scene.current;
    const [key = ''] = await insert();
    await finish(2);
    await query(`update msg_log set batch_id = 1, archived_at = now(), etc_text_2 = 'seen'`);
    await agent.store([handset(gateway.accepted[0] ?? '')]);
    await finish(1);
    expect(await row(key)).toMatchObject({ mt_dlr_report_code: '10009', etc_text_2: 'seen' });
  });

  it('or deletes there delays no other report', async () => {
    const { insert, finish, agent, gateway, query, row } = scene.current;
    const [gone = '', key = ''] = await insert({}, 2);
    await finish(2);
    await query('delete from msg_log where client_key = $1', [gone]);
    await agent.store(gateway.accepted.map((reference) => handset(reference)));
    await finish(1);
    expect(await row(key)).toMatchObject({ mt_dlr_report_code: '10009' });
  });
});
