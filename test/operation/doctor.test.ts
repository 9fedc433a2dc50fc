import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type DoctorPorts, examine } from '../../functions/operation/doctor.ts';
import type { CloudPorts, ClusterFacts } from '../../functions/operation/doctor-cloud.ts';
import type { Installation, Lack } from '../../functions/operation/doctor-database.ts';
import { type Look, stops } from '../../functions/operation/finding.ts';
import type { Surroundings } from '../../functions/operation/surroundings.ts';
import { rolesOf } from '../../functions/settings/roles.ts';
import { calm } from '../support/findings.ts';

const roles = rolesOf('omni');
const settings = { timeZone: 'Asia/Seoul', roles, lastVersion: 2 };

const sound: Installation = {
  serverVersion: '17.9',
  versionNumber: 170_009,
  login: roles.agent,
  hasAgent: true,
  isMember: true,
  otherZones: null,
  schemaVersion: 2,
  monthsMissing: [],
};

const cluster: ClusterFacts = {
  arn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:omni',
  engine: 'aurora-postgresql',
  version: '17.9',
  status: 'available',
  hasDataApi: true,
  capacity: { min: 0.5, max: 8 },
  writerClass: 'db.serverless',
};

const cloud: CloudPorts = {
  cluster: async () => cluster,
  concurrency: async () => 1_000,
  serviceRole: async () => true,
  receiver: async () => ({ wanted: 1, running: 1, lastEvent: undefined }),
  gateway: async () => ({ outcome: 'answered' }),
};

interface Fault {
  readonly lacks?: readonly Lack[] | Error;
  readonly installation?: Partial<Installation>;
  readonly surroundings?: Partial<Surroundings> | Error;
  readonly deadLetters?: Look<number>;
  readonly credentials?: DoctorPorts['credentials'];
  readonly cluster?: Partial<ClusterFacts>;
  readonly cloud?: Partial<CloudPorts>;
}

const answer = <T>(value: T | Error): Promise<T> =>
  value instanceof Error ? Promise.reject(value) : Promise.resolve(value);

/** An installation with nothing wrong but this. */
async function findingsOf(fault: Fault) {
  const { lacks = [], installation, surroundings = {} } = fault;
  const ports: DoctorPorts = {
    store: {
      readLacks: () => answer(lacks),
      readInstallation: async () => ({ ...sound, ...installation }),
      readSurroundings: async () => ({ ...calm, ...(await answer(surroundings)) }),
    },
    deadLetters: () => fault.deadLetters ?? (async () => 0),
    credentials: fault.credentials ?? (async () => ({ clientId: 'omni' })),
    cloud: { ...cloud, cluster: async () => ({ ...cluster, ...fault.cluster }), ...fault.cloud },
    errors: {
      explain: (error) => (error instanceof Error ? error.message : String(error)),
      isDenied: (error) => error === notAllowed,
    },
  };
  return await examine(ports, settings);
}

it('finds nothing wrong with a sound installation', async () => {
  const findings = await findingsOf({});
  expect(findings.map(({ outcome }) => outcome)).toEqual(findings.map(() => 'ok'));
  expect(findings.map(({ check }) => check)).toEqual([
    'Data API',
    'tables',
    'guard',
    'engine',
    'schema version',
    'roles',
    'log tables',
    'zone',
    'report stream',
    'queue veryfast',
    'queue fast',
    'queue slow',
    'gateway secret',
    'cluster',
    'Lambda quota',
    'ECS role',
    'receiver task',
    'gateway',
  ]);
  expect(stops(findings)).toBe(false);
});

const lack = (kind: string, name: string, table: string | null = null): Lack => ({
  kind,
  name,
  table,
  state: 'missing',
});

const receiverOf = (wanted: number, running: number) => async () => ({ wanted, running, lastEvent: 'no capacity' });
const failing = (reason: string) => async () => ({ outcome: 'failed' as const, reason });
const notAllowed = new Error('not authorized');
const denied = () => Promise.reject(notAllowed);
const failed = (reason: string) => () => Promise.reject(new Error(reason));

const faults: [what: string, Fault, check: string, outcome: 'warning' | 'stops', found: RegExp][] = [
  ['no answer', { lacks: new Error('no such cluster') }, 'Data API', 'stops', /^no such cluster$/],
  ['a missing table', { lacks: [lack('table', 'send_batch')] }, 'tables', 'stops', /^table send_batch missing$/],
  ['a missing index', { lacks: [lack('index', 'msg_tran_due')] }, 'tables', 'warning', /^index msg_tran_due missing$/],
  [
    'a guard that is off',
    { lacks: [lack('trigger', 'zz_omni_guard_update', 'msg_tran')] },
    'guard',
    'warning',
    /^trigger zz_omni_guard_update on msg_tran missing$/,
  ],
  [
    'another engine',
    { installation: { versionNumber: 150_004, serverVersion: '15.4' } },
    'engine',
    'warning',
    /^PostgreSQL 15\.4$/,
  ],
  ['an older schema', { installation: { schemaVersion: 1 } }, 'schema version', 'stops', /^migration 1; .* has 2$/],
  ['a newer schema', { installation: { schemaVersion: 3 } }, 'schema version', 'warning', /^migration 3;/],
  ['no role', { installation: { hasAgent: false, isMember: false } }, 'roles', 'stops', /^no role omni_agent$/],
  ['no member', { installation: { isMember: false } }, 'roles', 'stops', /^omni_agent is not a member of omni_user$/],
  ['another login', { installation: { login: 'postgres' } }, 'roles', 'warning', /^logged in as postgres$/],
  ['a missing month', { installation: { monthsMissing: ['2026-12-01'] } }, 'log tables', 'warning', /2026-12-01$/],
  ['another zone', { surroundings: { serverTimeZone: 'UTC' } }, 'zone', 'warning', /, the database's is UTC$/],
  [
    'a role in another zone',
    { installation: { otherZones: 'app is UTC' } },
    'zone',
    'warning',
    /, that of app is UTC$/,
  ],
  ['a silent stream', { surroundings: { receiver: null } }, 'report stream', 'warning', /^nobody has had a heartbeat/],
  ['a forbidden table', { surroundings: new Error('denied') }, 'tables readable', 'stops', /^denied$/],
  ['dead letters', { deadLetters: async () => 1_200 }, 'queue slow', 'warning', /^dead letters: about 1,200$/],
  ['no queue', { deadLetters: failed('queue x: it does not exist') }, 'queue fast', 'stops', /does not exist$/],
  ['no word of queues', { deadLetters: { unsaid: 'say it' } }, 'queue fast', 'warning', /^not checked$/],
  ['a queue that is kept from you', { deadLetters: denied }, 'queue fast', 'warning', /^not checked: not auth/],
  ['set-me', { credentials: async () => ({ clientId: 'set-me' }) }, 'gateway secret', 'stops', /still set-me$/],
  ['no secret', { credentials: failed('no such secret') }, 'gateway secret', 'stops', /^no such secret$/],
  ['a secret that is kept from you', { credentials: denied }, 'gateway secret', 'warning', /^not checked: not auth/],
  ['another engine of the cluster', { cluster: { engine: 'aurora-mysql' } }, 'cluster', 'stops', /is aurora-mysql$/],
  ['no Data API', { cluster: { hasDataApi: false } }, 'cluster', 'stops', /^its Data API is off$/],
  ['a stopped cluster', { cluster: { status: 'stopped' } }, 'cluster', 'stops', /^its status is stopped$/],
  [
    'a cluster that is changed',
    { cluster: { status: 'modifying' } },
    'cluster',
    'warning',
    /^its status is modifying$/,
  ],
  ['a small instance', { cluster: { writerClass: 'db.t4g.medium' } }, 'cluster', 'stops', /have no Data API$/],
  ['no instance', { cluster: { writerClass: undefined } }, 'cluster', 'stops', /^it has no writer instance$/],
  [
    'a capacity of 0',
    { cluster: { capacity: { min: 0, max: 8 } } },
    'cluster',
    'warning',
    /^its minimum capacity is 0/,
  ],
  ['a fresh account', { cloud: { concurrency: async () => 10 } }, 'Lambda quota', 'warning', /^only 10 functions/],
  ['no role of ECS', { cloud: { serviceRole: async () => false } }, 'ECS role', 'warning', /is missing:/],
  ['no receiver', { cloud: { receiver: async () => undefined } }, 'receiver task', 'warning', /^it is not deployed/],
  ['a receiver that ended', { cloud: { receiver: receiverOf(1, 0) } }, 'receiver task', 'warning', /^0 of 1 tasks run/],
  [
    'a receiver put to rest',
    { cloud: { receiver: receiverOf(0, 0) } },
    'receiver task',
    'warning',
    /^0 of 0 tasks run/,
  ],
  ['a gateway that refuses', { cloud: { gateway: failing('16 UNAUTHENTICATED') } }, 'gateway', 'stops', /UNAUTH/],
  ['a gateway far away', { cloud: { gateway: failing('14 UNAVAILABLE: no') } }, 'gateway', 'stops', /UNAVAILABLE/],
  ['a look denied', { cloud: { serviceRole: denied } }, 'ECS role', 'warning', /^not checked: not authorized$/],
  ['no word of the secret', { credentials: { unsaid: 'say it' } }, 'gateway secret', 'warning', /^not checked$/],
];

it.each(faults)('says what to do about %s', async (...[, fault, check, outcome, found]) => {
  const findings = await findingsOf(fault);
  const finding = findings.find((one) => one.check === check);
  expect(finding).toMatchObject({ outcome, found: expect.stringMatching(found) });
  expect(finding?.whatToDo).not.toBe('');
  expect(stops(findings)).toBe(outcome === 'stops');
});

it('does not read tables that are not there', async () => {
  const findings = await findingsOf({ lacks: [lack('table', 'agent')], surroundings: new Error('must not be asked') });
  expect(findings.map(({ found }) => found)).not.toContain('must not be asked');
});

it('says what there is nothing of to look at, and why, and does not take it for a fault', async () => {
  const findings = await findingsOf({
    credentials: { skipped: 'none' },
    cloud: { receiver: { skipped: 'no ECS here' } },
  });
  const skipped = findings.filter(({ outcome }) => outcome === 'skipped');
  expect(skipped.map(({ check }) => check)).toEqual(['gateway secret', 'receiver task']);
  expect(skipped[1]).toMatchObject({ found: 'no ECS here', whatToDo: '' });
  expect(stops(findings)).toBe(false);
});

it('names the action that the operator’s credentials lack', async () => {
  const findings = await findingsOf({ cloud: { serviceRole: denied, gateway: denied } });
  const said = findings.filter(({ found }) => found.startsWith('not checked')).map(({ whatToDo }) => whatToDo);
  expect(said).toEqual([expect.stringContaining('iam:GetRole'), expect.stringContaining('lambda:InvokeFunction')]);
});

it.each(['docs/runbook.md', 'docs/ko/runbook.md'])('has every check in %s', async (file) => {
  const runbook = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  for (const { check } of await findingsOf({}))
    expect(runbook).toMatch(new RegExp(`^\\| ${check.replace(/^queue .*/, 'queue')} +\\|`, 'm'));
});
