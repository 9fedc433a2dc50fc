import { describe, expect, it } from 'vitest';
import { banListStore } from '../../functions/database/ban-list-store.ts';
import { checkBanList } from '../../functions/maintenance/ban-list.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { useScene } from './scene.ts';

const scene = useScene();

/** Entries as the manual inserts them: without a column list. */
async function ban(...entries: readonly (readonly [type: string, text: string, use?: string])[]): Promise<void> {
  for (const [type, text, use = 'Y'] of entries)
    await scene.current.query(`insert into msg_banlist values (nextval('sq_msg_banlist_01'), $1, $2, $3)`, [
      type,
      text,
      use,
    ]);
}

const store = () => banListStore(scene.current.database.at(scene.current.now()));
const check = () => checkBanList({ store: store() }, { problemLimit: sizes.banProblems });

describe('a banned number', () => {
  const bans = ['01000000001', '010-0000-0002', '01000000003  ', '01000000004', '+82 10 0000 0005', '00821000000006'];
  const recipients = [
    '01000000001 ',
    '\t01000000001',
    '010-0000-0001',
    '01000000002',
    '01000000003',
    '+821000000004',
    '821000000004',
    '01000000005',
    '０１０．００００．０００６',
    '010\u200b00000001',
    '01000000001\r\n',
  ];

  it.each(recipients)('ends the row with E917 in the spelling %j', async (recipient) => {
    await ban(...bans.map((text) => ['R', text] as const));
    const { insert, finish, row, timesSent } = scene.current;
    const [key = '', other = ''] = [...(await insert({ recipient })), ...(await insert({ recipient: '01000000009' }))];
    await finish(2);
    expect(timesSent(key)).toBe(0);
    expect(await row(key)).toMatchObject({
      mt_report_code: 'E917',
      end_reason: expect.stringMatching(/^recipient: expected no number of msg_banlist, got that of entry [1-6]$/),
    });
    expect(await row(other)).toMatchObject({ mt_report_code: '10000' });
  });

  it.each([
    ['r', 'y'],
    ['R', 'Y'],
  ])('counts with ban_type %s and use_yn %s', async (type, use) => {
    await ban([type, '01000000001', use]);
    const [key = ''] = await scene.current.insert();
    await scene.current.finish(1);
    expect(await scene.current.row(key)).toMatchObject({ mt_report_code: 'E917' });
  });

  it.each(['claimed', 'leased'] as const)('counts as soon as it is inserted, for a row that is %s', async (stage) => {
    const { insert, at, finish, row, timesSent } = scene.current;
    const [key = '', other = ''] = [
      ...(await insert({ recipient: '+821000000001' })),
      ...(await insert({ recipient: '01000000002' })),
    ];
    await at(stage, () => ban(['R', '010-0000-0001']));
    await finish(2);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    expect(await row(key)).toMatchObject({ mt_report_code: 'E917', end_reason: expect.stringMatching(/entry 1$/) });
  });

  it('delays nothing once the ban is lifted', async () => {
    await ban(['R', '01000000001', 'N'], ['R', '01000000001']);
    await scene.current.query('delete from msg_banlist where ban_seq = 2');
    const [key = ''] = await scene.current.insert();
    await scene.current.finish(1);
    expect(scene.current.timesSent(key)).toBe(1);
  });
});

describe('a banned text', () => {
  it.each([
    [{ mt_content: '무담보 대출 상담'.normalize('NFD') }, 'mt_content'],
    [{ channel_order: 'mms', mt_subject: '대\u200b출' }, 'mt_subject'],
    [{ channel_order: 'alimtalk', kko_content: 'x', kko_option: '{"title":"\\ub300\\ucd9c"}' }, 'kko_option'],
    [{ channel_order: 'rcs,sms', rcs_content: '대출' }, 'rcs_content'],
  ])('in %j ends the row with E917 and names the entry', async (columns, column) => {
    await ban(['T', '대출']);
    const { insert, finish, row, timesSent } = scene.current;
    const [key = ''] = await insert(columns);
    await finish(1);
    expect(timesSent(key)).toBe(0);
    const { end_reason: reason, place } = await row(key);
    expect([reason, place]).toEqual([
      `${column}: expected no text of msg_banlist, got that of entry 1`,
      'msg_log_202611',
    ]);
  });

  it('that an expression matches ends the row with E917', async () => {
    await ban(['e', '무료.{0,3}상담']);
    const { insert, finish, row } = scene.current;
    const [key = '', other = ''] = [...(await insert({ mt_content: '무료 상담' })), ...(await insert())];
    await finish(1);
    expect(await row(key)).toMatchObject({ mt_report_code: 'E917' });
    expect(await row(other)).toMatchObject({ mt_report_code: '10000' });
  });

  it('is not looked for in a column of a channel outside the chain', async () => {
    await ban(['T', '대출']);
    const { insert, finish, timesSent } = scene.current;
    const [key = ''] = await insert({ kko_content: '대출', kko_option: '{"a":"대출"}', mt_subject: '대출' });
    await finish(1);
    expect(timesSent(key)).toBe(1);
  });

  it('that is blank bans nothing, and causes one warning', async () => {
    await ban(['T', ' '], ['T', '\t\u3000'], ['E', '('], ['X', 'x'], ['R', 'none']);
    const { insert, finish, timesSent } = scene.current;
    const problems = [
      { banSeq: '1', problem: 'ban_text: expected a text, got nothing' },
      { banSeq: '2', problem: 'ban_text: expected a text, got nothing' },
      { banSeq: '3', problem: expect.stringMatching(/^ban_text: expected /) },
      { banSeq: '4', problem: 'ban_type: expected R, T or E' },
      { banSeq: '5', problem: 'ban_text: expected a number' },
    ];
    expect(await check()).toMatchObject({ problems, hasNewProblems: true });
    expect(await check()).toMatchObject({ problems, hasNewProblems: false });
    const [key = ''] = await insert({ mt_content: 'a usual text (with blanks) x' });
    await finish(1);
    expect(timesSent(key)).toBe(1);
  });

  it('counts for running senders once it is published, and no longer once it is gone', async () => {
    const { insert, agent, row, timesSent, finish } = scene.current;
    const store = agent.sendStore();
    const sendAll = async () => {
      await agent.collect();
      for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId, { store });
    };
    const [first = ''] = await insert();
    expect(await check()).toMatchObject({ isPublished: false, textCount: 0 });
    await sendAll();
    await ban(['T', 'x']);
    expect(await check()).toMatchObject({ isPublished: true, textCount: 1 });
    expect(await check()).toMatchObject({ isPublished: false, textCount: 1 });
    const [second = ''] = await insert();
    await sendAll();
    await scene.current.query(`update msg_banlist set use_yn = 'N'`);
    expect(await check()).toMatchObject({ isPublished: true, textCount: 0 });
    const [third = ''] = await insert();
    await sendAll();
    await finish(1);
    expect([first, second, third].map(timesSent)).toEqual([1, 0, 1]);
    expect(await row(second)).toMatchObject({ mt_report_code: 'E917' });
  });

  it('is read again only if another version was published', async () => {
    const { insert, agent, database } = scene.current;
    await ban(['T', 'nothing like it']);
    await check();
    const store = agent.sendStore();
    const calls = () => database.dataApi.stats()['calls'] ?? 0;
    const reads: number[] = [];
    for (let version = 0; version < 3; version++) {
      await insert();
      await agent.collect();
      const before = calls();
      for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId, { store });
      reads.push(calls() - before);
    }
    expect(reads).toEqual([4, 3, 3]);
  });

  it('is not read by a sender if no version was published', async () => {
    const { insert, agent, database } = scene.current;
    await ban(['R', '01000000099']);
    await check();
    await insert();
    await agent.collect();
    const before = database.dataApi.stats()['calls'] ?? 0;
    for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId);
    expect((database.dataApi.stats()['calls'] ?? 0) - before).toBe(3);
  });
});

describe('a long list', () => {
  it('is read in pages, of texts of any length, and each entry counts', async () => {
    const { query, insert, finish, row, timesSent, administer } = scene.current;
    await administer('alter table msg_banlist alter ban_text type varchar(4000)');
    await query(
      `insert into msg_banlist (ban_type, ban_text) select 'T', i || repeat('가', 600) from generate_series(1, 3000) i`,
    );
    await ban(['T', 'last'], ['T', 'y'.repeat(4_000)]);
    const { textCount, problems } = await check();
    expect([textCount, problems.length]).toEqual([3_001, 1]);
    const [key = '', other = ''] = [...(await insert({ mt_content: 'the last' })), ...(await insert())];
    await finish(1);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    expect(await row(key)).toMatchObject({ mt_report_code: 'E917', end_reason: expect.stringMatching(/entry 3001$/) });
    await query('truncate msg_banlist');
    await administer('alter table msg_banlist alter ban_text type varchar(45)');
  });

  it('that changes between its pages is read again', async () => {
    const { database, query } = scene.current;
    const list =
      "insert into msg_banlist (ban_seq, ban_type, ban_text) select i, 'T', 'word ' || i from generate_series(1, 2500) i";
    await query(list);
    const { queries, ...rest } = database.at(scene.current.now());
    let pages = 0;
    const store = banListStore({
      ...rest,
      queries: {
        query: async (statement, parameters, row) => {
          if (statement.name === 'readBanEntries') pages += 1;
          // Gone between the first page and the second, and back before the next look.
          if (statement.name === 'readBanEntries' && pages === 2)
            await query('delete from msg_banlist where ban_seq > 2000');
          if (statement.name === 'readBanDigest' && pages === 2) await query(`${list} on conflict do nothing`);
          return await queries.query(statement, parameters, row);
        },
      },
    });
    expect((await store.readEntries()).entries).toHaveLength(2_500);
    expect(pages).toBe(4);
  });
});

describe('a list that is truncated and refilled in one long transaction', () => {
  it.each(['waiting', 'claimed', 'leased'] as const)(
    'sends nothing of a row that is %s, and loses nothing',
    async (stage) => {
      const { insert, at, agent, session, finish, timesSent, row, aside, administer } = scene.current;
      await ban(['R', '01000000001'], ['T', 'old']);
      const [before = '', after = '', never = ''] = [
        ...(await insert()),
        ...(await insert({ recipient: '01000000002' })),
        ...(await insert({ recipient: '01000000003' })),
      ];
      await administer(`alter role omni_agent in database ${scene.current.name} set lock_timeout = '20ms'`);
      const customer = await session();
      const reload = async () => {
        await customer.query('begin; truncate msg_banlist');
        await customer.query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000002'), ('T', 'new')`);
      };
      try {
        await at(stage, reload);
        if (stage === 'claimed')
          expect(await agent.send(agent.queued[0]?.batchId ?? '')).toMatchObject({ outcome: 'held' });
        await expect(agent.collect()).rejects.toThrow(/55P03/);
        expect([before, after, never].map(timesSent)).toEqual([0, 0, 0]);
        expect(await aside()).toEqual([]);
        await customer.query('commit');
        await finish(3);
        // Rows claimed before were judged by the old list then, and are judged by the new one before they are sent.
        expect([before, after, never].map(timesSent)).toEqual([stage === 'waiting' ? 1 : 0, 0, 1]);
        expect(await row(after)).toMatchObject({ mt_report_code: 'E917' });
      } finally {
        await administer(`alter role omni_agent in database ${scene.current.name} reset lock_timeout`);
      }
    },
  );

  it('delays neither reports nor the archive, even if a row fails there', async () => {
    const { insert, turn, report, agent, query, session, row, aside, administer } = scene.current;
    const [key = '', other = ''] = [...(await insert()), ...(await insert({ recipient: '01000000002' }))];
    await turn();
    await report();
    await query(`create function raise() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`);
    await query(`create trigger raise before update on msg_tran for each row
      when (old.recipient = '01000000002' and new.msg_status = '3') execute function raise()`);
    const customer = await session();
    await customer.query('begin; truncate msg_banlist');
    await agent.merge();
    await agent.archive();
    await customer.query('rollback');
    await administer('drop function raise cascade');
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_report_code: '10000' });
    expect(await row(other)).toMatchObject({ place: 'msg_tran', msg_status: '2' });
    expect(await aside()).toMatchObject([{ client_key: other, step: 'merge' }]);
  });
});
