import { beforeEach, describe, expect, it } from 'vitest';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { anImage, localTime, uploaderOn } from '../support/files.ts';
import { type Columns, findMessage, insertMessage } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;
let uploader: ReturnType<typeof uploaderOn>;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  uploader = uploaderOn(database.current);
  uploader.bucket.objects.set('a.jpg', anImage('jpg'));
  agent.setNow(uploader.now());
  await uploader.insert();
  await uploader.upload();
});

const pool = () => database.current.pool;
const week = 24 * 7;

/** Moves the time of everybody. */
function wait(hours: number): void {
  uploader.wait(hours);
  agent.setNow(uploader.now());
}

/** A row with the key that the file had first, due now. */
const insert = (columns: Columns = {}) =>
  insertMessage(pool(), {
    channel_order: 'mms',
    mt_file_key: 'file-1',
    request_date: localTime(uploader.now()),
    ttl: 864_000,
    ...columns,
  });

/** Collects, and sends what is queued by that. */
async function send() {
  const before = agent.queued.length;
  await agent.collect();
  const tallies = [];
  for (const { batchId } of agent.queued.slice(before)) tallies.push(await agent.send(batchId));
  return tallies;
}

const sent = () => gateway.send.mock.calls.flatMap(([{ messages }]) => messages.flatMap((one) => one.fallbackChain));
const rowOf = (key: string) => findMessage(pool(), key);

describe('a row with a file', () => {
  it('is sent with the key that it names, as long as that lasts', async () => {
    const key = await insert();
    expect(await send()).toMatchObject([{ outcome: 'sent', accepted: 1 }]);
    expect(sent()).toMatchObject([{ fileKeys: ['file-1'] }]);
    expect(await rowOf(key)).toMatchObject({ mt_file_key: 'file-1', waits_until: null });
  });

  it('is sent with the newest key of its file, while the row keeps what its customer wrote', async () => {
    const key = await insert({
      mt_file_key: 'own, file-1,other',
      request_date: localTime(new Date('2026-12-03T03:00:00Z')),
    });
    wait(week - 12);
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    wait(24 * 3);
    await send();
    expect(sent()).toMatchObject([{ fileKeys: ['own', 'file-2', 'other'] }]);
    expect(await rowOf(key)).toMatchObject({ mt_file_key: 'own, file-1,other', msg_status: '2' });
  });

  it('is sent with the newest key in the JSON of rcs too', async () => {
    const rcs = { channel_order: 'rcs', rcs_brand_key: 'b', rcs_msgbase_id: 'SMwThT00' };
    await insert({ ...rcs, rcs_content: '{"standalone": {"title": "file-1", "media": "file-1"}}' });
    wait(week - 12);
    await uploader.upload();
    await send();
    expect(sent()).toMatchObject([{ content: '{"standalone": {"title": "file-2", "media": "file-2"}}' }]);
  });

  it('waits while its key would expire before it is sent, and holds up no other', async () => {
    wait(week - 1);
    const [key, other] = [await insert(), await insert({ channel_order: 'sms' })];
    expect(await send()).toMatchObject([{ outcome: 'sent', accepted: 1 }]);
    expect(sent()).toMatchObject([{ channel: 'sms' }]);
    expect(await rowOf(other)).toMatchObject({ msg_status: '2' });
    expect(await rowOf(key)).toMatchObject({ msg_status: '1', batch_id: null, waits_until: expect.any(Date) });
    expect(await send()).toEqual([]);
  });

  it('goes on as soon as its file is renewed', async () => {
    wait(week);
    const key = await insert();
    expect(await send()).toMatchObject([{ outcome: 'empty' }]);
    expect(await uploader.upload()).toMatchObject({ renewed: 1, released: 1 });
    expect(await rowOf(key)).toMatchObject({ waits_until: null });
    expect(await send()).toMatchObject([{ outcome: 'sent', accepted: 1 }]);
    expect(sent()).toMatchObject([{ fileKeys: ['file-2'] }]);
  });

  it('goes on as soon as its file, which could not be renewed, is registered again', async () => {
    uploader.bucket.objects.clear();
    wait(week);
    const key = await insert();
    await send();
    expect(await uploader.upload()).toMatchObject({ failed: [{ code: 'F001' }] });
    uploader.bucket.objects.set('a.jpg', anImage('jpg'));
    await pool().query(`update file_upload set file_status = '1', reg_date = $1`, [localTime(uploader.now())]);
    wait(0.1);
    expect(await uploader.upload()).toMatchObject({ uploaded: 1, released: 1 });
    await send();
    expect(sent()).toMatchObject([{ fileKeys: ['file-2'] }]);
    expect(await rowOf(key)).toMatchObject({ msg_status: '2' });
  });

  it('is looked at again after ten minutes if nobody lets it go, and ends with its validity', async () => {
    wait(week);
    uploader.bucket.objects.clear();
    const key = await insert({ ttl: 1_200 });
    await send();
    wait(1 / 6 - 0.001);
    expect(await send()).toEqual([]);
    wait(0.001);
    expect(await send()).toMatchObject([{ outcome: 'empty' }]);
    wait(1 / 6 + 0.001);
    await send();
    expect(await rowOf(key)).toMatchObject({
      msg_status: '3',
      mt_report_code: 'E930',
      end_reason: 'request_date, ttl: the time to send it has passed, after it had waited for a newer key of its file',
    });
    expect(gateway.send).not.toHaveBeenCalled();
  });

  it('is the customer’s own affair if the agent did not upload its file, or mms is not among its channels', async () => {
    wait(week);
    await insert({ mt_file_key: 'own' });
    await insert({ channel_order: 'sms' });
    expect(await send()).toMatchObject([{ outcome: 'sent', accepted: 2 }]);
  });

  it('may be repeated under its key while in doubt, but never with another file', async () => {
    const key = await insert();
    gateway.fates.push('neverReceived');
    expect(await send()).toMatchObject([{ outcome: 'inDoubt' }]);
    await insert({ request_date: localTime(new Date('2026-12-10T03:00:00Z')) });
    wait(week - 1);
    await uploader.upload();
    await database.current.master.query(
      `update send_batch set sealed_at = now(), lease_until = '-infinity', not_before = '-infinity'`,
    );
    const batchId = agent.queued[0]?.batchId ?? '';
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'reopened' });
    expect(gateway.inquire).toHaveBeenCalledOnce();
    await database.current.master.query(`update send_batch set lease_until = '-infinity', not_before = '-infinity'`);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 1 });
    expect(sent().at(-1)).toMatchObject({ fileKeys: ['file-2'] });
    expect(await rowOf(key)).toMatchObject({ msg_status: '2' });
  });
});
