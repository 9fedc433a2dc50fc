import { afterEach, describe, expect, it } from 'vitest';
import { reportOf } from '../support/agent.ts';
import { useScene } from './scene.ts';

const scene = useScene();
afterEach(() => scene.current.administer('drop function if exists fault cascade'));

/** The row that a customer's code fails for. */
const bad = '01000000013';

interface Step {
  /** What the step writes, as a trigger of the customer's sees it. */
  readonly event: string;
  readonly when: string;
  /** Brings the rows to the step and runs it. */
  readonly take: () => Promise<void>;
  /** What has become of the others by then. */
  readonly done: string;
}

const steps: Readonly<Record<string, Step>> = {
  claim: {
    event: 'update on msg_tran',
    when: 'old.batch_id is null and new.batch_id is not null',
    take: () => scene.current.turn(),
    done: `select client_key from msg_tran where msg_status = '2'`,
  },
  seal: {
    event: 'update on msg_tran',
    when: 'old.batch_id is not null and new.batch_id is null',
    // All but one leave their batch, because they have been banned meanwhile.
    take: async () => {
      const { agent, query, sendQueued } = scene.current;
      await agent.collect();
      await query(`insert into msg_banlist (ban_type, ban_text) select distinct 'R', recipient from msg_tran`);
      await sendQueued();
    },
    done: `select client_key from msg_tran where mt_report_code = 'E917' and finished_at is not null`,
  },
  settle: {
    event: 'update on msg_tran',
    when: 'old.msg_sent_date is null and new.msg_sent_date is not null',
    take: () => scene.current.turn(),
    done: `select client_key from msg_tran where msg_status = '2'`,
  },
  merge: {
    event: 'update on msg_tran',
    when: `old.mt_report_code is null and new.mt_report_code is not null`,
    take: async () => {
      await scene.current.turn();
      await scene.current.report();
      await scene.current.agent.merge();
    },
    done: `select client_key from msg_tran where msg_status = '3' and mt_report_code = '10000'`,
  },
  archive: {
    event: 'delete on msg_tran',
    when: 'true',
    take: async () => {
      await steps['merge']?.take();
      await scene.current.archive();
    },
    done: `select client_key from msg_log`,
  },
  late: {
    event: 'update on msg_log',
    when: 'new.mt_dlr_report_code is not null',
    take: async () => {
      const { agent, gateway } = scene.current;
      await steps['archive']?.take();
      await agent.store(gateway.accepted.map((one) => reportOf(one, 'sms', { reportType: 'handset' })));
      await agent.merge();
    },
    done: `select client_key from msg_log where mt_dlr_report_code = '10000'`,
  },
};

/** What the customer's code does to that row. */
const faults = {
  'a trigger that raises': {
    timing: 'before',
    body: `raise exception 'no such order'`,
    error: /^P0001 no such order$/,
  },
  'a trigger that returns null': {
    timing: 'before',
    body: `return null`,
    error: /a trigger of the customer passes (the row|it) over$/,
  },
  'a trigger that violates a constraint at the commit': {
    timing: 'deferred',
    body: `raise exception 'not in the ledger' using errcode = '23514'`,
    error: /^23514 not in the ledger$/,
  },
} as const;

/** It does not stop a DELETE, where returning it is the usual end of a trigger. */
const returnsOld = { ...faults['a trigger that returns null'], body: `return old` };

interface Fault {
  readonly timing: 'before' | 'after' | 'deferred';
  readonly body: string;
  readonly error: RegExp;
}

async function install(step: Pick<Step, 'event' | 'when'>, fault: Fault): Promise<void> {
  const { query } = scene.current;
  const row = step.event.startsWith('delete') ? 'old' : 'new';
  await query(
    `create function fault() returns trigger language plpgsql as $$ begin ${fault.body}; return ${row}; end $$`,
  );
  const kind = fault.timing === 'deferred' ? 'constraint trigger' : 'trigger';
  const timing = fault.timing === 'deferred' ? 'after' : fault.timing;
  const deferred = fault.timing === 'deferred' ? 'deferrable initially deferred' : '';
  await query(
    `create ${kind} fault ${timing} ${step.event} ${deferred} for each row
     when (${row}.recipient = '${bad}' and ${step.when}) execute function fault()`,
  );
}

/** As if it were time for another look at what was put aside. */
const lookAgain = () => scene.current.administer(`update set_aside set until = '-infinity'`);

/** Other ways to fail, shown with one step. */
const odd: [step: string, name: string, fault: Fault][] = [
  ['claim', 'a trigger that fails after the write', { timing: 'after', body: 'perform 1 / 0', error: /^22012 / }],
  ['claim', 'a trigger that asserts', { timing: 'after', body: `assert false, 'no'`, error: /^P0004 no$/ }],
  [
    'claim',
    'a trigger that writes the row itself',
    {
      timing: 'before',
      body: `update msg_tran set etc_text_1 = 'x' where client_key = new.client_key`,
      error: /^27000 /,
    },
  ],
];

const combinations: [step: string, name: string, fault: Fault][] = Object.keys(steps).flatMap((step) => [
  ...Object.entries(faults).map(([name, fault]): [string, string, Fault] => [step, name, fault]),
  ...(step === 'archive'
    ? []
    : [[step, 'a trigger that returns the old row', returnsOld] satisfies [string, string, Fault]]),
  ...(step === 'claim' ? odd : []),
]);

const stepOf = (name: string): Step => {
  const step = steps[name];
  if (step === undefined) throw new Error(`no such step: ${name}`);
  return step;
};

describe('a row that fails', () => {
  it.each(combinations)(
    'in step %s (%s) is put aside, the others go through in the same turn',
    async (name, _, fault) => {
      const { insert, finish, query, aside, timesSent, row, administer } = scene.current;
      const step = stepOf(name);
      const before = await insert({}, 20);
      const [key = ''] = await insert({ recipient: bad });
      const after = await insert({ priority: 'veryfast' }, 5);
      await install(step, fault);
      await step.take();
      const done = (await query(step.done)).map((found) => String(found['client_key']));
      expect(done.toSorted()).toEqual([...before, ...after].toSorted());
      expect(await aside()).toEqual([{ client_key: key, step: name, error: expect.stringMatching(fault.error) }]);

      await administer('drop function fault cascade; delete from msg_banlist');
      await lookAgain();
      await finish(2);
      await lookAgain();
      await finish(1);
      expect(await aside()).toEqual([]);
      expect(timesSent(key)).toBe(1);
      expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_report_code: '10000' });
      if (name === 'late') expect(await row(key)).toMatchObject({ mt_dlr_report_code: '10000' });
    },
  );

  it('at every update, and is the first of all, delays no row of any lane', async () => {
    const { insert, finish, aside, query, timesSent } = scene.current;
    const [key = ''] = await insert({ recipient: bad });
    await insert({ priority: 'veryfast' }, 17);
    await insert({ priority: 'fast' }, 17);
    await insert({ priority: 'slow' }, 16);
    const raises = { timing: 'after', body: `raise exception 'no such order'`, error: /^P0001 / } as const;
    await install({ event: 'update on msg_tran', when: 'true' }, raises);
    await finish(2);
    expect(await query(`select from msg_log where msg_status = '4' and mt_report_code = '10000'`)).toHaveLength(50);
    expect(await query('select client_key, msg_status, batch_id from msg_tran')).toEqual([
      { client_key: key, msg_status: '1', batch_id: null },
    ]);
    expect(timesSent(key)).toBe(0);
    expect(await aside()).toEqual([{ client_key: key, step: 'claim', error: expect.stringMatching(raises.error) }]);
  });

  it('because of a trigger on the log is put aside, and not lost', async () => {
    const { insert, finish, aside, row, administer } = scene.current;
    const others = await insert({}, 5);
    const [key = ''] = await insert({ recipient: bad });
    await install({ event: 'insert on msg_log', when: 'true' }, faults['a trigger that returns null']);
    await finish(2);
    for (const other of others) expect(await row(other)).toMatchObject({ place: 'msg_log_202611' });
    expect(await row(key)).toMatchObject({ place: 'msg_tran', mt_report_code: '10000' });
    expect(await aside()).toEqual([
      { client_key: key, step: 'archive', error: expect.stringContaining('keeps a row out of msg_log') },
    ]);
    await administer('drop function fault cascade');
    await lookAgain();
    await finish(1);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611' });
  });

  it('is looked at again after half a minute, then later each time, up to an hour', async () => {
    const { insert, agent, later, administer } = scene.current;
    await insert({ recipient: bad });
    await install(stepOf('claim'), faults['a trigger that raises']);
    const pauses: unknown[] = [];
    for (let look = 0; look < 9; look++) {
      await agent.collect();
      const [entry] = await administer(
        `select extract(epoch from until - lag)::int as pause
        from set_aside, (select $1::timestamptz as lag) now`,
        [scene.current.now()],
      );
      pauses.push(entry?.['pause']);
      later(Number(entry?.['pause']));
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  });

  it('delays nothing while it waits for another look: no statement fails because of it', async () => {
    const { insert, agent, query } = scene.current;
    await insert({ recipient: bad });
    await install(stepOf('claim'), faults['a trigger that raises']);
    await agent.collect();
    await query(
      `create or replace function fault() returns trigger language plpgsql as $$ begin perform pg_sleep(60); end $$`,
    );
    await insert({}, 3);
    expect(await agent.collect()).toMatchObject({ messages: 3, setAside: 1 });
  });

  it('when it should leave its batch is tried again, later each time, and fails no turn', async () => {
    const { insert, turn, later, aside, query, gateway, administer } = scene.current;
    const [key = ''] = await insert({ recipient: bad });
    await install(stepOf('seal'), faults['a trigger that raises']);
    await stepOf('seal').take();
    await query('delete from msg_banlist');
    for (let turns = 0; turns < 4; turns++) {
      later(61);
      await insert();
      await turn();
    }
    expect(gateway.accepted).toHaveLength(4);
    expect(await aside()).toMatchObject([{ client_key: key, step: 'seal' }]);
    const [entry] = await administer('select tries, since, until from set_aside');
    expect(entry?.['tries']).toBeGreaterThan(1);
    expect(
      await query('select batch_id from msg_tran where client_key = $1 and batch_id is not null', [key]),
    ).toHaveLength(1);
  });

  it('when it is banned just before the seal, and may not leave, delays nothing', async () => {
    const { insert, at, aside, query, gateway } = scene.current;
    const [key = ''] = await insert({ recipient: bad });
    await insert({}, 2);
    await install(stepOf('seal'), faults['a trigger that raises']);
    await at('leased', () => query(`insert into msg_banlist (ban_type, ban_text) values ('R', '${bad}')`));
    expect(gateway.accepted).toHaveLength(2);
    expect(await aside()).toMatchObject([{ client_key: key, step: 'seal' }]);
  });

  it('is found among a hundred rows that somebody holds', async () => {
    const { insert, at, aside, query, gateway, session } = scene.current;
    const held = await insert({}, 120);
    await insert();
    const [key = ''] = await insert({ recipient: bad });
    await install(stepOf('seal'), faults['a trigger that raises']);
    const holder = await session();
    await at('leased', async () => {
      await holder.query('begin');
      await holder.query('select from msg_tran where client_key = any($1) for update', [held]);
      await query(`insert into msg_banlist (ban_type, ban_text) values ('R', '${bad}')`);
    });
    expect(gateway.accepted).toHaveLength(1);
    expect(await aside()).toContainEqual(expect.objectContaining({ client_key: key, step: 'seal' }));
    await holder.query('rollback');
  });

  it('along with many others is put aside with them', async () => {
    const { insert, turn, aside, gateway } = scene.current;
    await insert({}, 20);
    const failing = await insert({ recipient: bad }, 30);
    await insert({}, 20);
    await install(stepOf('claim'), faults['a trigger that raises']);
    await turn();
    expect(gateway.accepted).toHaveLength(40);
    expect((await aside()).map((entry) => entry['client_key'])).toEqual(failing);
  });

  it('along with every other row is not at fault: nothing is put aside, and the step says why it fails', async () => {
    const { insert, agent, aside, finish, gateway, administer } = scene.current;
    await insert({ recipient: bad }, 20);
    await install(stepOf('claim'), faults['a trigger that raises']);
    await expect(agent.collect()).rejects.toThrow(/each of 20 rows fails, the first with SQLSTATE P0001/);
    expect(await aside()).toEqual([]);
    await administer('drop function fault cascade');
    await finish(1);
    expect(gateway.accepted).toHaveLength(20);
  });

  it('along with every other row keeps no batch from being queued again', async () => {
    const { insert, at, agent, later, sendQueued, gateway, query } = scene.current;
    await insert();
    await at('in doubt', async () => undefined);
    await insert({ recipient: bad }, 20);
    await install(stepOf('claim'), faults['a trigger that raises']);
    later(61);
    await expect(agent.collect()).rejects.toThrow(/each of 20 rows fails/);
    await sendQueued();
    expect(gateway.send).toHaveBeenCalledTimes(2);
    expect(await query(`select from msg_tran where msg_status = '2'`)).toHaveLength(1);
  });

  it('along with all that are left, again and again, fails no turn', async () => {
    const { insert, turn, later, aside, administer } = scene.current;
    await insert();
    const failing = await insert({ recipient: bad }, 20);
    await install(stepOf('claim'), faults['a trigger that raises']);
    for (let turns = 0; turns < 4; turns++) {
      await turn();
      later(61);
    }
    expect((await aside()).map((entry) => entry['client_key'])).toEqual(failing);
    expect(await administer('select from set_aside where tries > 0')).toHaveLength(20);
  });

  it('only for a certain value is found by running the statement itself', async () => {
    const { insert, turn, report, agent, gateway, aside, query } = scene.current;
    await insert({}, 3);
    const [key = ''] = await insert({ recipient: '01000000666' });
    gateway.rejectedNumbers.add('01000000666');
    await query(`create function fault() returns trigger language plpgsql as $$ begin
      if new.mt_report_code = 'A306' then raise exception 'unknown code'; end if; return new; end $$`);
    await query('create trigger fault before update on msg_tran for each row execute function fault()');
    await turn();
    await report();
    await agent.merge();
    expect(await aside()).toEqual([{ client_key: key, step: 'settle', error: 'P0001 unknown code' }]);
    expect(await query(`select from msg_tran where msg_status = '3'`)).toHaveLength(3);
  });

  it('because its trigger waits for a lock is put aside until the lock is free', async () => {
    const { insert, turn, finish, gateway, aside, query, session, timesSent, administer } = scene.current;
    await query('create table counter (id int primary key, used int); insert into counter values (1, 0)');
    await administer(`alter role omni_agent in database ${scene.current.name} set lock_timeout = '50ms'`);
    await insert({}, 10);
    const [key = ''] = await insert({ recipient: bad });
    const body = 'update counter set used = used + 1 where id = 1';
    await install(stepOf('claim'), { timing: 'before', body, error: /^55P03 / });
    const customer = await session();
    await customer.query('begin; update counter set used = 7');
    await turn();
    expect(gateway.accepted).toHaveLength(10);
    expect(await aside()).toEqual([{ client_key: key, step: 'claim', error: expect.stringMatching(/^55P03 /) }]);
    await customer.query('commit');
    await lookAgain();
    await finish(2);
    expect(timesSent(key)).toBe(1);
    expect(await query('select used from counter')).toEqual([{ used: 8 }]);
    await administer(`drop table counter; alter role omni_agent in database ${scene.current.name} reset lock_timeout`);
  });

  it('and that a trigger holds while it is claimed can be released by its customer', async () => {
    const { insert, finish, query, timesSent, row, administer } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await query(
      `create function fault() returns trigger language plpgsql as $$ begin new.msg_status := '0'; return new; end $$`,
    );
    await query(`create trigger fault before update on msg_tran for each row
      when (new.client_key = ${key} and old.batch_id is null and new.batch_id is not null) execute function fault()`);
    await finish(2);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    await administer('drop function fault cascade');
    await query(`update msg_tran set msg_status = '1' where client_key = $1`, [key]);
    await finish(2);
    expect(timesSent(key)).toBe(1);
    expect(await row(key)).toMatchObject({ msg_status: '4', mt_report_code: '10000' });
  });
});
