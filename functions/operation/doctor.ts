import { type Priority, priorities } from '../message/priority.ts';
import { type CloudPorts, examineCloud } from './doctor-cloud.ts';
import {
  type DoctorSettings,
  type Installation,
  isNeeded,
  judgeGuard,
  judgeInstallation,
  judgeStream,
  judgeTables,
  judgeZone,
  type Lack,
} from './doctor-database.ts';
import { type Errors, type Finding, type Look, look, ok, type Verdict } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

export interface DoctorStore {
  /** From the catalog alone: answers whatever the database lacks. */
  readLacks(): Promise<readonly Lack[]>;
  readInstallation(): Promise<Installation>;
  readSurroundings(): Promise<Surroundings>;
}

export interface DoctorPorts {
  readonly store: DoctorStore;
  /** How many dead letters the lane has. */
  readonly deadLetters: (lane: Priority) => Look<number>;
  /** The gateway's. */
  readonly credentials: Look<{ readonly clientId: string }>;
  readonly cloud: CloudPorts;
  readonly errors: Errors;
}

/** Checks an installation, in the order in which its parts depend on each other. */
export async function examine(ports: DoctorPorts, settings: DoctorSettings): Promise<readonly Finding[]> {
  const ofDatabase = await examineDatabase(ports, settings);
  const others = await Promise.all([
    ...priorities.map((lane) => examineQueue(lane, ports)),
    examineCredentials(ports),
    examineCloud(ports.cloud, ports.errors),
  ]);
  return [...ofDatabase, ...others.flat()];
}

async function examineDatabase({ store, errors }: DoctorPorts, settings: DoctorSettings): Promise<Finding[]> {
  const answered: Finding = { check: 'Data API', outcome: 'ok', found: 'it answers', whatToDo: '' };
  let lacks: readonly Lack[];
  try {
    lacks = await store.readLacks();
  } catch (error) {
    const whatToDo = 'check the cluster, its Data API, the secret of the agent’s role, and your AWS permissions';
    return [{ ...answered, outcome: 'stops', found: errors.explain(error), whatToDo }];
  }
  const findings = [answered, judgeTables(lacks), judgeGuard(lacks)];
  // The rest is read from those tables.
  if (lacks.some(isNeeded)) return findings;
  try {
    const installation = await store.readInstallation();
    const surroundings = await store.readSurroundings();
    const ofZone = judgeZone(surroundings, installation, settings);
    return [...findings, ...judgeInstallation(installation, settings), ofZone, judgeStream(surroundings)];
  } catch (error) {
    const whatToDo = 'run omni-agent doctor as the agent’s role: the secret that its functions have';
    return [...findings, { check: 'tables readable', outcome: 'stops', found: errors.explain(error), whatToDo }];
  }
}

async function examineQueue(lane: Priority, { deadLetters, errors }: DoctorPorts): Promise<Finding[]> {
  const atFailure = 'deploy the agent’s stack again: the queue and its dead-letter queue must exist';
  const needs = 'sqs:GetQueueAttributes';
  return await look(`queue ${lane}`, deadLetters(lane), { judge: judgeQueue, needs, atFailure, errors });
}

function judgeQueue(letters: number): readonly Verdict[] {
  if (letters === 0) return [ok('it exists, with no dead letters')];
  const found = `dead letters: about ${letters.toLocaleString('en')}`;
  return [{ outcome: 'warning', found, whatToDo: 'run omni-agent dlq list' }];
}

/** What the deployment puts into a new secret. */
const placeholder = 'set-me';

const storeCredentials = 'store what the gateway gave you in the secret, as {"clientId": "...", "clientSecret": "..."}';

async function examineCredentials({ credentials, errors }: DoctorPorts): Promise<Finding[]> {
  const needs = 'secretsmanager:GetSecretValue';
  return await look('gateway secret', credentials, { judge: judgeId, needs, atFailure: storeCredentials, errors });
}

function judgeId({ clientId }: { readonly clientId: string }): readonly Verdict[] {
  if (clientId !== placeholder) return [ok('it has a clientId and a clientSecret')];
  return [{ outcome: 'stops', found: `its clientId is still ${placeholder}`, whatToDo: storeCredentials }];
}
