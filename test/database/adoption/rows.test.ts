import { describe, expect, it } from 'vitest';
import { reportOf } from '../../support/agent.ts';
import { original } from '../../support/original.ts';
import { adoptionScene } from './scene.ts';

const date = '2026-11-24 11:00:00';

describe('a row of the original', () => {
  it('that waits is sent once', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', original.waiting({ client_key: 1, request_date: date }));
    await scene.adopt();
    await scene.finish();
    expect(scene.sentKeys()).toEqual(['1']);
    expect(await scene.places(1)).toEqual([
      expect.objectContaining({ place: 'msg_log_202611', mt_report_code: '10000' }),
    ]);
  });

  it('that waits for a later time waits on, and one whose validity is over ends with E930', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', original.waiting({ client_key: 1, request_date: '2026-11-25 09:00:00' }));
    await scene.write('msg_tran', original.waiting({ client_key: 2, request_date: '2026-11-20 09:00:00' }));
    await scene.adopt();
    await scene.finish();
    expect(scene.sentKeys()).toEqual([]);
    expect(await scene.places(1)).toEqual([expect.objectContaining({ place: 'msg_tran', msg_status: '1' })]);
    expect(await scene.places(2)).toEqual([
      expect.objectContaining({ place: 'msg_log_202611', mt_report_code: 'E930' }),
    ]);
  });

  it('that waits with the results of an earlier journey gets new ones', async () => {
    const scene = await adoptionScene();
    const old = {
      ...original.reported({ client_key: 1, msg_key: 'OLD', request_date: date }),
      mt_dlr_report_code: '99999',
    };
    await scene.write('msg_tran', { ...old, msg_status: '1' });
    await scene.adopt();
    await scene.finish();
    const [row] = await scene.places(1);
    expect(row).toMatchObject({
      place: 'msg_log_202611',
      msg_key: expect.stringMatching(/^K-/),
      mt_report_code: '10000',
    });
    expect(row).toMatchObject({ mt_dlr_report_code: null });
  });

  it('that is held stays held, and is sent once it is released', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', {
      ...original.reported({ client_key: 1, msg_key: 'OLD', request_date: date }),
      msg_status: '0',
    });
    await scene.adopt();
    await scene.finish();
    expect(await scene.places(1)).toEqual([
      expect.objectContaining({ place: 'msg_tran', msg_status: '0', msg_key: null }),
    ]);
    await scene.query(`update msg_tran set msg_status = '1'`);
    await scene.finish();
    expect(scene.sentKeys()).toEqual(['1']);
  });

  it('that was sent is not sent again, and its report finds it by its msg_key', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', original.sent({ client_key: 1, msg_key: 'A', request_date: date }));
    await scene.adopt();
    await scene.finish();
    expect(await scene.places(1)).toEqual([
      expect.objectContaining({ place: 'msg_tran', msg_status: '2', msg_key: 'A' }),
    ]);
    await scene.agent.store([reportOf('', 'sms', { messageKey: 'A' })]);
    await scene.finish();
    expect(scene.sentKeys()).toEqual([]);
    expect(await scene.places(1)).toEqual([
      expect.objectContaining({
        place: 'msg_log_202611',
        msg_status: '4',
        msg_key: 'A',
        mt_report_code: '10000',
        end_reason: null,
      }),
    ]);
  });

  it('that was sent cannot be made to be sent again', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', original.sent({ client_key: 1, msg_key: 'A', request_date: date }));
    await scene.adopt();
    await scene.query(`update msg_tran set msg_status = '1', msg_key = null, msg_sent_date = null`);
    await scene.finish();
    expect(scene.sentKeys()).toEqual([]);
    expect(await scene.places(1)).toEqual([expect.objectContaining({ msg_status: '2', msg_key: 'A' })]);
  });

  it.each(['3', '4'])('in msg_status %s goes to the log, once, whether or not it is there already', async (status) => {
    const scene = await adoptionScene();
    const rows = [
      original.reported({ client_key: 1, msg_key: 'A', request_date: date }),
      original.reported({ client_key: 2, msg_key: 'B', request_date: date }),
      original.waiting({ client_key: 3, request_date: date, mt_report_code: 'E930', mt_report_date: date }),
      original.waiting({ client_key: 4, request_date: date, mt_report_code: 'E930', mt_report_date: date }),
    ];
    for (const row of rows) await scene.write('msg_tran', { ...row, msg_status: status });
    for (const row of [rows[1], rows[3]]) await scene.write('msg_log_202611', { ...row, msg_status: '4' });
    // The same client_key, another message.
    await scene.write(
      'msg_log_202611',
      original.logged({ client_key: 1, msg_key: 'C', request_date: '2026-11-03 08:00:00' }),
    );
    await scene.adopt();
    await scene.finish();
    expect(scene.sentKeys()).toEqual([]);
    const log = await scene.query('select client_key, msg_key, msg_status, end_reason from msg_log order by 1, 2');
    expect(
      log.map((row) => `${row['client_key']} ${row['msg_key']} ${row['msg_status']} ${row['end_reason']}`),
    ).toEqual(['1 A 4 null', '1 C 4 null', '2 B 4 null', '3 null 4 null', '4 null 4 null']);
    expect(await scene.query('select from msg_tran')).toEqual([]);
  });

  it.each([1, 2, 3])('is taken over in bounded steps: %i at a time', async (rowLimit) => {
    const scene = await adoptionScene();
    for (let key = 1; key <= 7; key++)
      await scene.write('msg_tran', original.sent({ client_key: key, msg_key: `K${key}`, request_date: date }));
    await scene.adopt({ rowLimit });
    expect(await scene.query('select count(*)::int as n from msg_tran where batch_id = 0')).toEqual([{ n: 7 }]);
    expect(await scene.query('select from adoption')).toEqual([]);
  });
});

describe('a report that the original has not merged', () => {
  it.each([
    ['with', 1],
    ['without', null],
  ])('is merged into its row, %s the client_key', async (_, clientKey) => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', original.sent({ client_key: 1, msg_key: 'A', request_date: date }));
    await scene.write('msg_report', {
      client_key: clientKey,
      msg_key: 'A',
      channel_type: 'SMS',
      message_type: 'SM',
      report_code: '10000',
    });
    await scene.adopt();
    await scene.finish();
    expect(await scene.places(1)).toEqual([
      expect.objectContaining({ place: 'msg_log_202611', mt_report_code: '10000' }),
    ]);
    expect(await scene.query('select from msg_report')).toEqual([]);
  });

  it('of the handset is merged too, from a row of its own or of a result', async () => {
    const scene = await adoptionScene();
    for (const key of [1, 2]) {
      const row = { client_key: key, msg_key: `K${key}`, channel_order: 'international', request_date: date };
      await scene.write('msg_tran', original.sent(row));
    }
    const receipt = {
      channel_type: 'international',
      mt_dlr_report_code: '10009',
      mt_dlr_report_date: '2026-11-24 11:00:09',
    };
    await scene.write('msg_report', { client_key: 1, msg_key: 'K1', report_code: '10000', ...receipt });
    await scene.write('msg_report', {
      client_key: 2,
      msg_key: 'K2',
      report_code: '10000',
      channel_type: 'international',
    });
    await scene.write('msg_report', { client_key: 2, msg_key: 'K2', ...receipt });
    await scene.adopt();
    await scene.finish();
    const both = expect.objectContaining({
      place: 'msg_log_202611',
      mt_report_code: '10000',
      mt_dlr_report_code: '10009',
    });
    expect(await scene.places(1)).toEqual([both]);
    expect(await scene.places(2)).toEqual([both]);
  });

  it('is kept as unmatched if there is an equal one before it', async () => {
    const scene = await adoptionScene();
    await scene.write('msg_tran', original.sent({ client_key: 1, msg_key: 'A', request_date: date }));
    for (const code of ['10000', '20000'])
      await scene.write('msg_report', { client_key: 1, msg_key: 'A', channel_type: 'sms', report_code: code });
    await scene.adopt();
    await scene.finish();
    expect(await scene.places(1)).toEqual([expect.objectContaining({ mt_report_code: '10000' })]);
    expect(await scene.query('select report_code from msg_report_unmatched')).toEqual([{ report_code: '20000' }]);
  });

  it.each([
    ['that was received before', true],
    ['that comes afterwards', false],
  ])('%s reaches a row that is in the log already', async (_, before) => {
    const scene = await adoptionScene();
    await scene.write('msg_log_202611', {
      ...original.sent({ client_key: 1, msg_key: 'A', request_date: date }),
      msg_status: '4',
    });
    if (before)
      await scene.write('msg_report', { client_key: 1, msg_key: 'A', channel_type: 'sms', report_code: '10000' });
    await scene.adopt();
    if (!before) await scene.agent.store([reportOf('', 'sms', { messageKey: 'A' })]);
    await scene.finish();
    expect(await scene.places(1)).toEqual([
      expect.objectContaining({ place: 'msg_log_202611', mt_report_code: '10000' }),
    ]);
  });
});
