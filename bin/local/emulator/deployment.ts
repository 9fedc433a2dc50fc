import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { contextKey } from '../../../lib/agent-config.ts';
import { UsageError } from '../usage-error.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const cdklocal = createRequire(import.meta.url).resolve('aws-cdk-local/bin/cdklocal');

/** The account of an emulator's stacks; not a real one. */
export const account = '000000000000';
/** The region that cdklocal deploys to when a stack names none. */
export const region = 'us-east-1';
export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Time limit of a CDK command: an emulator that hangs must not hang the run. */
const limitMs = 240_000;

type Settings = Readonly<Record<string, unknown>>;

export interface DeploymentOptions {
  readonly endpoint: string;
  /** Of the agent, including profile local. */
  readonly settings: Settings;
  readonly dataDir: string;
  readonly signal: AbortSignal;
}

/** The agent's CDK app, deployed to an emulator by the CDK's own command line. */
export class Deployment {
  readonly #options: DeploymentOptions;

  constructor(options: DeploymentOptions) {
    this.#options = options;
  }

  async bootstrap(): Promise<void> {
    await this.#cdk(['bootstrap', `aws://${account}/${region}`]);
  }

  /** Deploys every stack, with these settings changed; of the source in another folder, if one is given. */
  async deploy(changed: Settings = {}, source: string = root): Promise<void> {
    await this.#cdk(['deploy', '--all', '--require-approval', 'never'], { changed, source });
  }

  async destroy(): Promise<void> {
    // Even while the run is being stopped: nothing must be left behind in the emulator.
    await this.#cdk(['destroy', '--all', '--force'], { signal: 'never' });
  }

  async #cdk(
    args: readonly string[],
    {
      changed = {},
      source = root,
      signal = this.#options.signal,
    }: { readonly changed?: Settings; readonly source?: string; readonly signal?: AbortSignal | 'never' } = {},
  ): Promise<void> {
    const { endpoint, settings, dataDir } = this.#options;
    const context = `${contextKey}=${JSON.stringify({ ...settings, ...changed })}`;
    const common = ['--output', join(dataDir, 'cdk.out'), '--no-notices', '--ci', '--context', context];
    const child = spawn(process.execPath, [cdklocal, ...args, ...common], {
      cwd: source,
      env: { ...process.env, ...environmentFor(endpoint) },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
      ...(signal !== 'never' && { signal }),
    });
    const [stdout, stderr, [code, killedBy]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (code === 0) return;
    const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
    throw new UsageError(`cdklocal ${args[0]} ended with ${killedBy ?? code}:\n${lines.slice(-15).join('\n')}`);
  }
}

function environmentFor(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}
