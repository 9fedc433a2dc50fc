import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { announce } from '../announcement.ts';
import { urlOf } from '../database/schema.ts';
import { countCalls } from '../local-agent.ts';
import { awsEnvironment } from '../runner/function-pool.ts';
import { startReceiver } from '../runner/receiver-process.ts';
import { synthesize } from '../runner/synth.ts';
import { readAssembly } from '../runner/template.ts';
import type { StandInProcess } from '../stand-in.ts';
import { credentials, type OnStop, type Say, type Surroundings } from '../surroundings.ts';
import { DeployedAgent } from './deployed-agent.ts';
import { account, Deployment, credentials as emulatorCredentials, region } from './deployment.ts';
import type { Emulator } from './emulator.ts';

/** The agent in an emulator of AWS, and beside it what the emulator lacks: database, Data API, gateway, receiver. */
export interface EmulatedAgent {
  readonly dataDir: string;
  readonly deployment: Deployment;
  readonly deployed: DeployedAgent;
  /** The database's URL as the role of the customer's application, from its deployed secret. */
  customerUrl(): Promise<string>;
  /** Stores the gateway's credentials in the deployed secret, then starts the receiver on what is deployed. */
  startReceiver(): Promise<void>;
  calls(): Promise<Record<string, number>>;
}

export interface EmulatedAgentParts {
  readonly emulator: Emulator;
  readonly surroundings: Surroundings;
  readonly say: Say;
  readonly onStop: OnStop;
  readonly signal: AbortSignal;
}

/** Starts the stand-ins; nothing is deployed yet. */
export async function prepareEmulatedAgent(parts: EmulatedAgentParts): Promise<EmulatedAgent> {
  const { emulator, surroundings, signal } = parts;
  const { dataDir, database, logins } = surroundings;
  const host = emulator.standIns.listen;
  const simulator = await surroundings.startStandIn('simulator', {
    dataDir: join(dataDir, 'simulator'),
    host,
    seed: 1,
    ...credentials,
    behaviour: { rejectedShare: 0 },
  });
  const dataApi = await surroundings.startStandIn('data-api', {
    databaseUrl: database.masterUrl,
    timeZone: 'UTC',
    port: 0,
    host,
    secrets: { [masterSecretArn]: JSON.stringify(logins.master) },
    secretsManager: { endpoint: emulator.endpoint, region, credentials: emulatorCredentials },
  });
  const settings = settingsOf(emulator, { gatewayUrl: simulator.url, dataApiUrl: dataApi.url });
  const deployed = new DeployedAgent(emulator.endpoint);
  return {
    dataDir,
    deployment: new Deployment({ endpoint: emulator.endpoint, settings, dataDir, signal }),
    deployed,
    customerUrl: async () => {
      const { CUSTOMER_SECRET_ARN: arn = '' } = await deployed.environmentOf('schema-migrator');
      return urlOf(database.masterUrl, login.parse(JSON.parse(await deployed.secret(arn))));
    },
    startReceiver: () => startReceiverOf(deployed, { ...parts, simulator, dataApi }),
    calls: () => countCalls({ dataApi, gateway: simulator }),
  };
}

/** What stands in place of the ARN of the master's secret; the emulator has the others. */
const masterSecretArn = `arn:aws:secretsmanager:${region}:${account}:secret:master-000000`;

const login = z.object({ username: z.string(), password: z.string() });

/** The settings of an agent in the emulator, given the URLs of the stand-ins on this machine. */
export function settingsOf({ standIns }: Emulator, urls: { gatewayUrl: string; dataApiUrl: string }) {
  const fromFunctions = (url: string) => url.replace(`//${standIns.listen}:`, `//${standIns.host}:`);
  return {
    profile: 'local',
    gatewayUrl: fromFunctions(urls.gatewayUrl),
    plaintextGatewayHost: standIns.host,
    dataApiUrl: fromFunctions(urls.dataApiUrl),
    databaseClusterArn: `arn:aws:rds:${region}:${account}:cluster:omni-agent`,
    masterSecretArn,
  };
}

/**
 * Starts a local process with the environment that the receiver's task definition gives it, except for the gateway's
 * address. Names of deployed resources come from the sender's environment, where CloudFormation has resolved them.
 */
async function startReceiverOf(
  deployed: DeployedAgent,
  {
    emulator,
    surroundings: { dataDir },
    simulator,
    dataApi,
    say,
    onStop,
  }: EmulatedAgentParts & { simulator: StandInProcess; dataApi: StandInProcess },
): Promise<void> {
  const outDir = join(dataDir, 'cdk.out.aws');
  await synthesize({ settings: { gatewayUrl: 'grpcs://simulator.invalid:443', alarmTopicArn: 'none' }, outDir });
  const { receiver } = readAssembly(outDir, { queueUrl: emulator.endpoint });
  if (receiver === undefined) throw new Error('expected a task definition of the receiver in profile aws, got none');
  const senderEnvironment = await deployed.environmentOf('sender');
  const environment = await deployed.environmentOf('collector');
  onStop(announce({ dataDir, dataApiUrl: dataApi.url, queueEndpoint: emulator.endpoint, environment }));
  await deployed.putSecret(senderEnvironment['GATEWAY_SECRET_ARN'] ?? '', credentials);
  const names = ['DATABASE_CLUSTER_ARN', 'DATABASE_SECRET_ARN', 'GATEWAY_SECRET_ARN', 'TOKEN_SECRET_ARN'];
  const resolved = Object.fromEntries(names.map((name) => [name, senderEnvironment[name] ?? '']));
  // Not by the settings: the simulator may listen on Docker's bridge, which profile aws does not accept.
  const gateway = { GATEWAY_URL: simulator.url, PLAINTEXT_GATEWAY_HOST: emulator.standIns.listen };
  await mkdir(join(dataDir, 'logs'), { recursive: true });
  const process = startReceiver({
    plan: { ...receiver, environment: { ...receiver.environment, ...resolved, ...gateway } },
    awsEnvironment: awsEnvironment({
      sqs: emulator.endpoint,
      rdsData: dataApi.url,
      secretsManager: emulator.endpoint,
      region,
    }),
    logFile: join(dataDir, 'logs', 'receiver.log'),
    onProblem: say,
  });
  onStop(() => process.stop());
}
