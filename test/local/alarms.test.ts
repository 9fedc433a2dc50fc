import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { emission } from '../../bin/tools/costs/emission.ts';
import { withHouseMiddleware } from '../../functions/aws/middleware.ts';
import { observe } from '../../functions/aws/observe.ts';
import { Channel } from '../../functions/message/channel.ts';
import { heartbeatMetric, metricNames, metricNamespace } from '../../functions/settings/metrics.ts';
import { type Part, parts } from '../../functions/settings/part.ts';
import { records } from '../../functions/settings/sizes.ts';
import { thresholds } from '../../functions/settings/thresholds.ts';
import { agentOn, reportOf } from '../support/agent.ts';
import { useAlarmStage, wrong } from '../support/alarm-stage.ts';
import { timeZone, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { eventually } from '../support/gateway-parts.ts';
import { insertMessages } from '../support/messages.ts';
import { house, usePart } from '../support/part.ts';
import { aScriptedGateway } from '../support/scripted-gateway.ts';

const database = useDatabase();
const stage = useAlarmStage(database);
const rung = new Set<string>();
let superuser: pg.Client;

beforeAll(async () => {
  superuser = new pg.Client({ connectionString: database.current.urlOf('superuser') });
  await superuser.connect();
});

afterAll(async () => {
  await superuser.end();
});

/** That these alarms are on, and no other. */
function expectOn(...names: readonly string[]): void {
  expect(stage.current.on().toSorted()).toEqual([...names].toSorted());
  for (const name of names) rung.add(name);
}

const look = () => stage.current.invoke('monitor');
const due = (priority: string, seconds = 0) =>
  insertMessages(database.current.pool, 1, {
    priority,
    request_date: `=localtimestamp - interval '${seconds} seconds'`,
  });

/** A message of each of these priorities is claimed, and its record comes to the sender. */
async function sendOne(priorities: readonly string[], changes: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const priority of priorities) await due(priority);
  await stage.current.invoke('collector');
  await stage.current.sendQueued(changes);
}

/** Does this to the database, until the end of the test at the latest. */
async function damage(sql: string, mend: () => Promise<unknown>): Promise<void> {
  onTestFinished(async () => void (await mend()));
  await superuser.query(sql);
}

const createTables = () => stage.current.invoke('table-create-scheduler');

describe('an agent of which nothing is wrong', () => {
  it('rings nothing and emits two metrics while it is idle, and no others than it is billed for in a campaign', async () => {
    const receiver = stage.current.startReceiver();
    const whole = async () => {
      await Promise.all([stage.current.fireSchedules(1), stage.current.sendQueued()]);
      await stage.current.measureQueues();
      await eventually(() => expect(receiver.measure()).toBe(true));
    };
    try {
      await stage.current.minutes(thresholds.lasting.ofMinutes, whole);
      expectOn();
      const always = Object.entries(emission).flatMap(([name, when]) => (when === 'always' ? [name] : []));
      expect(stage.current.namesIn(metricNamespace)).toEqual([...always, heartbeatMetric.name].toSorted());

      await insertMessages(database.current.pool, 300);
      const archived = async () => (await superuser.query('select count(*)::int as n from msg_log')).rows[0].n;
      await eventually(async () => {
        await stage.current.minutes(1, whole);
        expectOn();
        expect(await archived()).toBe(300);
      });
      const emitted = stage.current.namesIn(metricNamespace);
      expect(emitted).toEqual(expect.arrayContaining(['MessagesAccepted', 'UndeliveredExcess', 'MessagesArchived']));
      const seldom = Object.entries(emission).flatMap(([name, when]) => (when === 'seldom' ? [name] : []));
      expect(emitted.filter((name) => seldom.includes(name))).toEqual([]);
    } finally {
      await receiver.stop();
    }
  });
});

describe('the alarms for its fault, and no others, ring when', () => {
  it.each([
    { stopped: 'the collector', act: look },
    { stopped: 'the sender', act: async () => void (await Promise.all([stage.current.invoke('collector'), look()])) },
  ])('$stopped is stopped while a row is due', async ({ act }) => {
    await due('slow');
    await stage.current.minutes(thresholds.noneAcceptedMinutes - 1, act);
    expectOn();
    await stage.current.minutes(1, act);
    expectOn('Sending/NoneAccepted');
    await stage.current.minutes(1, async () => {
      await sendOne(['slow']);
      await look();
    });
    expectOn();
  });

  it('a row of priority veryfast waits', async () => {
    await due('veryfast', thresholds.veryFastSeconds + 1);
    await stage.current.minutes(2, look);
    expectOn('Sending/VeryFastWaits');
  });

  it('the gateway’s answer is lost, and none comes', async () => {
    stage.current.simulator.script([{ after: 'reset' }]);
    await sendOne(['fast']);
    await superuser.query(
      `update send_batch set sealed_at = sealed_at - interval '1 hour', lease_until = lease_until - interval '1 hour'`,
    );
    await stage.current.minutes(2, look);
    expectOn('Sending/InDoubt');
  });

  it('the gateway refuses the credentials', async () => {
    const changes = { GATEWAY_SECRET_ARN: wrong.account, TOKEN_SECRET_ARN: wrong.token };
    await stage.current.minutes(thresholds.lasting.minutes, async () => {
      await sendOne(['fast'], changes);
      await look();
    });
    expectOn('Sending/CredentialsRefused', 'Sending/NoneAccepted');
  });

  it('the gateway refuses requests as a whole', async () => {
    const refusing = await aScriptedGateway({
      send: (_, callback) => callback({ code: status.INVALID_ARGUMENT, details: 'scripted' }),
    });
    await stage.current.minutes(5, () => sendOne(['veryfast', 'fast', 'slow'], { GATEWAY_URL: refusing }));
    expectOn('Sending/RequestRefused');
  });

  it('records fail until they are dead letters', async () => {
    await stage.current.makeDeadLetters(records.mostReceives);
    await stage.current.minutes(1, () => stage.current.measureQueues());
    expectOn(...['VeryFast', 'Fast', 'Slow'].map((lane) => `Sending/DeadLetterQueueNotEmpty/${lane}`));
  });

  it('a trigger of a customer’s refuses what a step writes', async () => {
    const mend = () => superuser.query('drop function if exists refuse cascade');
    await damage(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
      mend,
    );
    await superuser.query('create trigger refuse before update on msg_tran for each row execute function refuse()');
    await due('fast');
    await stage.current.invoke('collector');
    await mend();
    await superuser.query(`update set_aside set since = since - interval '${thresholds.setAsideSeconds} seconds'`);
    await stage.current.minutes(2, look);
    expectOn('Collection/RowsSetAside');
  });

  it('a table of a customer’s references a finished row', async () => {
    const finishedAt = `=localtimestamp - interval '${thresholds.unarchivedSeconds + 1} seconds'`;
    const [key] = await insertMessages(database.current.pool, 2, { msg_status: '3', finished_at: finishedAt });
    const mend = () => superuser.query('drop table if exists notice');
    await damage('create table notice (msg bigint references msg_tran)', mend);
    await superuser.query('insert into notice values ($1)', [key]);
    await stage.current.invoke('log-migrator');
    await superuser.query(`update set_aside set since = since - interval '${thresholds.setAsideSeconds} seconds'`);
    await stage.current.minutes(2, look);
    expectOn('Collection/RowsSetAside');
  });

  it('nobody runs the receiver', async () => {
    await stage.current.minutes(5, undefined, ['report-receiver']);
    expectOn('Reporting/StreamHeartbeatMissing', 'Reporting/TaskNotRunning');
  });

  it('the receiver runs, but the gateway lets it have no stream', async () => {
    const receiver = stage.current.startReceiver({ GATEWAY_SECRET_ARN: wrong.account, TOKEN_SECRET_ARN: wrong.token });
    try {
      await stage.current.minutes(1, () =>
        eventually(() => {
          expect(receiver.measure()).toBe(false);
          expect(stage.current.namesIn(metricNamespace)).toContain(metricNames.agent.credentialsRefused);
        }),
      );
      await stage.current.minutes(2, () => receiver.measure());
      expectOn('Reporting/StreamHeartbeatMissing');
    } finally {
      await receiver.stop();
    }
  });

  it('nobody merges reports', async () => {
    await storeReports(await sentOn('sms', 1), 'sms');
    const past = `reg_date - interval '${thresholds.unmergedSeconds} seconds'`;
    await superuser.query(`update msg_report set reg_date = ${past}`);
    await stage.current.minutes(2, look);
    expectOn('Reporting/ReportsUnmerged');
    await stage.current.minutes(1, async () => {
      await stage.current.invoke('report-migrator');
      await look();
    });
    expectOn();
  });

  it.each(Object.values(Channel))('nobody delivers what was sent on %s', async (channel) => {
    const { excess } = thresholds.undelivered;
    await storeReports(await sentOn(channel, excess - 1), channel, '20001');
    await stage.current.minutes(1, () => stage.current.invoke('report-migrator'));
    expectOn();
    await storeReports(await sentOn(channel, 1), channel, '20001');
    await stage.current.minutes(1, () => stage.current.invoke('report-migrator'));
    expectOn(`Reporting/ResultsFail/${channel}`);
  });

  it('nobody moves finished rows', async () => {
    const finishedAt = `=localtimestamp - interval '${thresholds.unarchivedSeconds + 1} seconds'`;
    await insertMessages(database.current.pool, 1, { msg_status: '3', finished_at: finishedAt });
    await stage.current.minutes(2, look);
    expectOn('Archiving/RowsUnarchived');
    await stage.current.minutes(1, async () => {
      await stage.current.invoke('log-migrator');
      await look();
    });
    expectOn();
  });

  it('nobody uploads a file', async () => {
    const registered = `localtimestamp - interval '${thresholds.fileSeconds + 1} seconds'`;
    await superuser.query(`insert into file_upload (file_path, channel_type, file_status, reg_date)
      values ('image.jpg', 'mms', '1', ${registered})`);
    await stage.current.minutes(2, look);
    expectOn('FileUploading/FilesWait');
    await superuser.query('delete from file_upload');
    await stage.current.minutes(1, look);
    expectOn();
  });

  it('nobody measures', async () => {
    await stage.current.minutes(5, undefined, ['monitor']);
    expectOn('Monitoring/MonitorSilent', 'Sending/NoneAccepted');
  });

  it('a guard is disabled', async () => {
    const set = (state: string) => `alter table msg_tran ${state} trigger zz_omni_guard_update`;
    const mend = () => superuser.query(set('enable always'));
    await damage(set('disable'), mend);
    await stage.current.minutes(2, look);
    expectOn('Monitoring/GuardDisabled');
    await mend();
    await stage.current.minutes(1, look);
    expectOn();
  });

  it.each(['schedules', 'eventSources'] as const)('one of the %s is disabled', async (kind) => {
    const [one] = stage.current.plan[kind];
    await stage.current.minutes(2, () => stage.current.invoke('monitor', { disabled: one?.name ?? '' }));
    expectOn('Monitoring/TriggerDisabled');
    await stage.current.minutes(1, look);
    expectOn();
  });

  it('the Data API denies access', async () => {
    await stage.current.minutes(5, () => stage.current.fireSchedules(1, { DATABASE_SECRET_ARN: wrong.login }));
    const failing = programsOf('Functions/Errors/').filter((part) => stage.current.scheduled().includes(part));
    expectOn(
      ...['Database/DataApiErrors', 'Monitoring/MonitorSilent', 'Sending/NoneAccepted'],
      ...['Upkeep/BanListNotChecked', 'Upkeep/RowsNotCleaned', 'FileUploading/FilesNotLookedAt'],
      ...failing.map((part) => `Functions/Errors/${part}`),
    );
  });

  it('a function dies', async () => {
    for (const part of programsOf('Functions/Errors/')) {
      await stage.current.begin();
      await stage.current.minutes(thresholds.lasting.minutes, () => stage.current.invoke(part, { isKilled: true }));
      // Of minutes without a look nothing is known.
      expectOn(`Functions/Errors/${part}`, ...(part === 'monitor' ? ['Sending/NoneAccepted'] : []));
    }
  });

  it('no schedule fires', async () => {
    const notDone = stage.current.alarms.filter(({ query }) => query.expression === 'invocations - errors');
    expect(notDone.length).toBeGreaterThan(1);
    const longest = Math.max(...notDone.map(({ query, EvaluationPeriods }) => query.periodMinutes * EvaluationPeriods));
    await stage.current.minutes(longest, undefined, stage.current.scheduled());
    expectOn(...['Monitoring/MonitorSilent', 'Sending/NoneAccepted'], ...notDone.map(({ name }) => name));
  });

  it('an index is missing, and nobody may make it', async () => {
    await damage('drop index msg_tran_recipient', createTables);
    const changes = { MANAGE_SCHEMA: 'script' };
    await stage.current.minutes(1, () => stage.current.invoke('table-create-scheduler', { changes }));
    expectOn('Upkeep/TablesIncomplete');
    await stage.current.minutes(60);
    await stage.current.minutes(1, createTables);
    expectOn();
  });

  it('nobody makes the table of the next month', async () => {
    const { rows } = await superuser.query(
      `select 'msg_log_' || to_char(now() at time zone '${timeZone}' + interval '1 month', 'YYYYMM') as name`,
    );
    await damage(`drop table ${rows[0].name}`, createTables);
    await stage.current.minutes(119, look);
    expectOn();
    await stage.current.minutes(1, look);
    expectOn('Upkeep/NextMonthMissing');
    await createTables();
    await stage.current.minutes(1, look);
    expectOn();
  });

  it('sessions of the database have another zone', async () => {
    const set = (zone: string) => `alter database ${database.current.name} set timezone = '${zone}'`;
    const mend = () => superuser.query(set(timeZone));
    await damage(set('UTC'), mend);
    await stage.current.minutes(2, look);
    expectOn('Upkeep/DatabaseZoneDiffers');
    await mend();
    await stage.current.minutes(1, look);
    expectOn();
  });
});

/** The parts that have alarms with this beginning. */
function programsOf(prefix: string): Part[] {
  const found = parts.filter((part) => stage.current.alarms.some(({ name }) => name === `${prefix}${part}`));
  expect(found).not.toEqual([]);
  return found;
}

/** The references of so many messages that were accepted on a channel. */
async function sentOn(channel: Channel, count: number): Promise<readonly string[]> {
  const gateway = new FakeGateway();
  const agent = agentOn(database.current, gateway);
  await insertMessages(database.current.pool, count, { channel_order: channel });
  await agent.collect();
  for (const { batchId } of agent.queued) await agent.send(batchId);
  expect(gateway.accepted).toHaveLength(count);
  return gateway.accepted;
}

async function storeReports(references: readonly string[], channel: Channel, reportCode = '10000'): Promise<void> {
  const reports = references.map((reference) => reportOf(reference, channel, { reportCode }));
  await agentOn(database.current, new FakeGateway()).store(reports);
}

describe('in this process, the alarm for its fault rings when', () => {
  const part = usePart({});

  it('an invocation takes nearly all of its time', async () => {
    const timeoutMs = 90_000;
    const invoke = async (share: number) => {
      let leftMs = timeoutMs;
      const handler = withHouseMiddleware<unknown>(observe('collector', house)).handler(async () => {
        leftMs -= share * timeoutMs;
      });
      part.lines.length = 0;
      await part.invoke(handler, {}, () => leftMs);
      for (const line of part.lines) stage.current.tell('collector', line);
    };
    const minutes = (share: number) => stage.current.minutes(thresholds.lasting.minutes, () => invoke(share));
    await minutes(thresholds.nearTimeout);
    expectOn();
    await minutes(thresholds.nearTimeout + 0.01);
    expectOn('Functions/NearTimeout');
  });
});

describe('an alarm of the template', () => {
  it('has rung for its fault, or is among those that AWS alone can ring', () => {
    const page = readFileSync(new URL('../../docs/unverified.md', import.meta.url), 'utf8');
    const names = stage.current.alarms.map(({ name }) => name);
    const byAws = names.filter((name) => page.includes(`\`${name}\` rings`));
    expect(names.filter((name) => !rung.has(name))).toEqual(byAws);
  });
});
