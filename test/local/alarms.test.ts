import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { status } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emission } from '../../bin/tools/costs/emission.ts';
import { withHouseMiddleware } from '../../functions/aws/middleware.ts';
import { observe } from '../../functions/aws/observe.ts';
import { Channel } from '../../functions/message/channel.ts';
import { heartbeatMetric, metricNamespace } from '../../functions/settings/metrics.ts';
import { records } from '../../functions/settings/sizes.ts';
import { agentOn, reportOf } from '../support/agent.ts';
import { type AlarmStage, startAlarmStage } from '../support/alarm-stage.ts';
import type { CloudWatch } from '../support/cloud-watch.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { eventually } from '../support/gateway-parts.ts';
import { insertMessages } from '../support/messages.ts';
import { house, usePart } from '../support/part.ts';
import { aScriptedGateway } from '../support/scripted-gateway.ts';

/** Throttling and capacity are AWS's own: docs/unverified.md. */
const onlyAws = ['Functions/Throttled', 'Database/CapacityAtMaximum'];

const database = useDatabase();
let stage: AlarmStage;
let superuser: pg.Client;
let cloud: CloudWatch;
const fired = new Set<string>();

beforeAll(async () => {
  stage = await startAlarmStage(database.current);
  superuser = new pg.Client({ connectionString: database.current.urlOf('superuser') });
  await superuser.connect();
}, 300_000);

afterAll(async () => {
  await superuser.end();
  await stage.stop();
});

beforeEach(async () => {
  await emptyTables(database.current);
  cloud = stage.begin();
});

const nameOf = (alarmName: string) => alarmName.slice(alarmName.indexOf('/') + 1);

function expectOn(...names: readonly string[]): void {
  const on = stage.alarms.filter((alarm) => cloud.isOn(alarm)).map(({ AlarmName }) => nameOf(AlarmName));
  expect(on).toEqual(expect.arrayContaining([...names]));
  for (const name of names) fired.add(name);
}

async function minutes(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    cloud.pass();
    await act();
  }
}

const look = () => stage.invoke('monitor');
const due = (priority: string, seconds = 0) =>
  insertMessages(database.current.pool, 1, {
    priority,
    request_date: `=localtimestamp - interval '${seconds} seconds'`,
  });

/** A message of each minute is claimed, and its record comes to the sender. */
async function sendOne(
  changes: Readonly<Record<string, string>> = {},
  ...priorities: readonly string[]
): Promise<void> {
  for (const priority of priorities) await due(priority);
  await stage.invoke('collector');
  await stage.invoke('sender', { event: await stage.receive(), changes });
}

describe('an agent of which nothing is wrong', () => {
  const everyMinute = async () => {
    await look();
    await stage.invoke('collector');
    await stage.invoke('sender', { event: await stage.receive() });
    for (const part of ['report-migrator', 'log-migrator', 'banlist-scheduler', 'table-create-scheduler'] as const)
      await stage.invoke(part);
    await stage.measureQueues();
  };
  const seldom = Object.entries(emission).filter(([, when]) => when === 'seldom');

  it('rings nothing and emits two metrics while it is idle, and no others than it is billed for in a campaign', async () => {
    const receiver = stage.receiver();
    const whole = async () => {
      await everyMinute();
      await eventually(() => expect(receiver.measure()).toBe(true));
    };
    const onNow = () => stage.alarms.filter((alarm) => cloud.isOn(alarm)).map(({ AlarmName }) => AlarmName);
    try {
      await minutes(6, whole);
      expect(onNow()).toEqual([]);
      const always = Object.entries(emission).flatMap(([name, when]) => (when === 'always' ? [name] : []));
      expect(cloud.namesIn(metricNamespace)).toEqual([...always, heartbeatMetric.name].toSorted());

      await insertMessages(database.current.pool, 300);
      const archived = async () => (await superuser.query('select count(*)::int as n from msg_log')).rows[0].n;
      await eventually(async () => {
        await minutes(1, whole);
        expect(onNow()).toEqual([]);
        expect(await archived()).toBe(300);
      });
      const emitted = cloud.namesIn(metricNamespace);
      expect(emitted).toEqual(expect.arrayContaining(['MessagesAccepted', 'UndeliveredExcess', 'MessagesArchived']));
      expect(emitted.filter((name) => seldom.some(([one]) => one === name))).toEqual([]);
    } finally {
      await receiver.stop();
    }
  });
});

describe('an alarm goes off when', () => {
  it('rows are due, and nobody claims or sends them', async () => {
    await due('slow');
    await minutes(3, look);
    expectOn('Sending/NoneAccepted');
  });

  it('a row of priority veryfast waits', async () => {
    await due('veryfast', 40);
    await minutes(2, look);
    expectOn('Sending/VeryFastWaits');
  });

  it('the gateway’s answer is lost, and none comes', async () => {
    stage.simulator.script([{ after: 'reset' }]);
    await sendOne({}, 'fast');
    await superuser.query(
      `update send_batch set sealed_at = sealed_at - interval '1 hour', lease_until = lease_until - interval '1 hour'`,
    );
    await minutes(2, look);
    expectOn('Sending/InDoubt');
  });

  it('the gateway refuses the credentials', async () => {
    await minutes(3, () => sendOne({ GATEWAY_SECRET_ARN: 'arn:wrong' }, 'fast'));
    expectOn('Sending/CredentialsRefused');
  });

  it('the gateway refuses requests as a whole', async () => {
    const refusing = await aScriptedGateway({
      send: (_, callback) => callback({ code: status.INVALID_ARGUMENT, details: 'scripted' }),
    });
    await minutes(5, () => sendOne({ GATEWAY_URL: refusing }, 'veryfast', 'fast', 'slow'));
    expectOn('Sending/RequestRefused');
  });

  it('the sender fails with records until they are dead letters', async () => {
    const queues = stage.plan.queues.filter(({ attributes }) => 'RedrivePolicy' in attributes);
    for (const { url: QueueUrl } of queues) {
      await stage.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'of another version' }));
      for (let receives = 0; receives <= records.mostReceives; receives++)
        await stage.client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    }
    await minutes(1, stage.measureQueues);
    expectOn(...['VeryFast', 'Fast', 'Slow'].map((lane) => `Sending/DeadLetterQueueNotEmpty/${lane}`));
  });

  it('a trigger of a customer’s refuses what a step writes', async () => {
    await superuser.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
    );
    await superuser.query('create trigger refuse before update on msg_tran for each row execute function refuse()');
    await due('fast');
    await stage.invoke('collector');
    await superuser.query('drop function refuse cascade');
    await superuser.query(`update set_aside set since = since - interval '10 minutes'`);
    await minutes(2, look);
    expectOn('Collection/RowsSetAside');
  });

  it('nobody runs the receiver', async () => {
    await minutes(5, async () => undefined);
    expectOn('Reporting/StreamHeartbeatMissing', 'Reporting/TaskNotRunning');
  });

  it('nobody merges reports', async () => {
    await storeReports(await sentOn('sms', 1), 'sms');
    await superuser.query(`update msg_report set reg_date = reg_date - interval '10 minutes'`);
    await minutes(2, look);
    expectOn('Reporting/ReportsUnmerged');
  });

  it.each(Object.values(Channel))('nobody delivers what was sent on %s', async (channel) => {
    await storeReports(await sentOn(channel, 100), channel, '20001');
    await minutes(1, () => stage.invoke('report-migrator'));
    expectOn(`Reporting/ResultsFail/${channel}`);
  });

  it('nobody moves finished rows', async () => {
    const finishedAt = `=localtimestamp - interval '20 minutes'`;
    await insertMessages(database.current.pool, 1, { msg_status: '3', finished_at: finishedAt });
    await minutes(2, look);
    expectOn('Archiving/RowsUnarchived');
  });

  it('nobody measures', async () => {
    await minutes(5, async () => undefined);
    expectOn('Monitoring/MonitorSilent');
  });

  it('a guard is disabled', async () => {
    await superuser.query('alter table msg_tran disable trigger zz_omni_guard_update');
    await minutes(2, look);
    expectOn('Monitoring/GuardDisabled');
    await superuser.query('alter table msg_tran enable always trigger zz_omni_guard_update');
  });

  it.each(['schedules', 'eventSources'] as const)('one of the %s is disabled', async (kind) => {
    const [one] = stage.plan[kind];
    await minutes(2, () => stage.invoke('monitor', { disabled: [one?.name ?? ''] }));
    expectOn('Monitoring/TriggerDisabled');
  });

  it('the Data API denies access', async () => {
    const programs = ['collector', 'report-migrator', 'log-migrator', 'monitor'] as const;
    const changes = { DATABASE_SECRET_ARN: 'arn:nobody' };
    await minutes(5, async () => {
      for (const part of [...programs, 'banlist-scheduler'] as const) await stage.invoke(part, { changes });
    });
    expectOn('Database/DataApiErrors', 'Upkeep/BanListNotChecked');
    expectOn(...programs.map((program) => `Functions/Errors/${program}`));
  });

  it('the sender dies', async () => {
    await minutes(3, () => stage.invoke('sender', { event: { Records: [] }, isKilled: true }));
    expectOn('Functions/Errors/sender');
  });

  it('nobody checks the tables', async () => {
    cloud.pass(120);
    expectOn('Upkeep/TablesNotChecked');
  });

  it('an index is missing, and nobody may make it', async () => {
    await superuser.query('drop index msg_tran_recipient');
    await minutes(1, () => stage.invoke('table-create-scheduler', { changes: { MANAGE_SCHEMA: 'script' } }));
    expectOn('Upkeep/TablesIncomplete');
    await stage.invoke('table-create-scheduler');
  });

  it('nobody makes the table of the next month', async () => {
    const { rows } = await superuser.query(
      `select 'msg_log_' || to_char(now() at time zone 'Asia/Seoul' + interval '1 month', 'YYYYMM') as name`,
    );
    await superuser.query(`drop table ${rows[0].name}`);
    await minutes(1, look);
    cloud.repeat(119);
    expectOn('Upkeep/NextMonthMissing');
    await stage.invoke('table-create-scheduler');
  });

  it('sessions of the database have another zone', async () => {
    await superuser.query(`alter database ${database.current.name} set timezone = 'UTC'`);
    await minutes(2, look);
    expectOn('Upkeep/DatabaseZoneDiffers');
  });
});

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

describe('an alarm goes off when, in this process,', () => {
  const part = usePart({});

  it('an invocation takes nearly all of its time', async () => {
    const handler = withHouseMiddleware<unknown>(observe('collector', house)).handler(async () => undefined);
    await minutes(3, async () => {
      part.lines.length = 0;
      const left = [90_000, 8_000];
      await part.invoke(handler, {}, () => left.shift() ?? 0);
      part.lines.forEach(stage.tell);
    });
    expectOn('Functions/NearTimeout');
  });
});

it('each alarm has gone off, but for those that AWS alone can set off', () => {
  const all = stage.alarms.map(({ AlarmName }) => nameOf(AlarmName));
  expect(all.filter((name) => !fired.has(name)).toSorted()).toEqual(onlyAws.toSorted());
});
