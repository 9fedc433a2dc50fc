import { fork } from 'node:child_process';
import { once } from 'node:events';
import { UsageError } from './usage-error.ts';

/**
 * A stand-in is a local replacement of something that AWS or the gateway runs: the Data API, the queue, the gateway
 * simulator. Each is a process of its own, so that killing one is real. This file is what the runner and its
 * stand-ins say to each other over the process's IPC channel.
 */

/** A running stand-in, seen from inside its own process (tests start it in theirs). */
export interface StandIn {
  /** Where it listens: on 127.0.0.1 unless its options say otherwise. */
  readonly url: string;
  /** Counters since the start, for example calls by operation. */
  stats(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** A running stand-in, seen from the runner. */
export interface StandInProcess {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stats(): Promise<Readonly<Record<string, number>>>;
  /** Asks it to close, and kills it if it has not exited after three seconds. */
  stop(): Promise<void>;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
}

type Request = { type: 'start'; options: unknown } | { type: 'stats' } | { type: 'stop' };
type Reply =
  | { type: 'ready'; url: string }
  | { type: 'failed'; message: string }
  | { type: 'stats'; stats: Record<string, number> };

/** The whole main program of a stand-in's file. It ends when the runner says so, or is gone. */
export function serveStandIn<Options>(start: (options: Options) => Promise<StandIn>): void {
  let running: StandIn | undefined;
  const say = (reply: Reply) => process.send?.(reply);
  const stop = async () => {
    await running?.close().catch(() => undefined);
    process.exit(0);
  };
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (request: Request) => {
    if (request.type === 'stats') say({ type: 'stats', stats: { ...running?.stats() } });
    if (request.type === 'stop') await stop();
    if (request.type !== 'start') return;
    try {
      running = await start(request.options as Options);
      say({ type: 'ready', url: running.url });
    } catch (error) {
      say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
      process.exitCode = 1;
      process.disconnect();
    }
  });
}

/** Starts the stand-in whose program is `file` (a TypeScript file in bin/local) and waits until it listens. */
export async function startStandIn(name: string, file: string, options: unknown): Promise<StandInProcess> {
  const child = fork(file, [], {
    execArgv: ['--import', 'tsx'],
    // A group of its own: Ctrl-C reaches the runner alone, which then ends its stand-ins in order.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit').then(() => undefined);
  const ask = <T extends Reply['type']>(request: Request, ...types: T[]) =>
    new Promise<Extract<Reply, { type: T }>>((resolve, reject) => {
      const onReply = (reply: Reply) => {
        if (!(types as string[]).includes(reply.type)) return;
        child.off('message', onReply);
        resolve(reply as Extract<Reply, { type: T }>);
      };
      child.on('message', onReply);
      void exited.then(() => reject(new Error(`${name} ended before it answered`)));
      child.send(request);
    });
  const first = await ask({ type: 'start', options }, 'ready', 'failed');
  if (first.type === 'failed') throw new UsageError(`${name}: ${first.message}`);
  return {
    name,
    url: first.url,
    pid: child.pid ?? 0,
    exited,
    stats: async () => (await ask({ type: 'stats' }, 'stats')).stats,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.send({ type: 'stop' } satisfies Request);
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await exited;
      clearTimeout(timer);
    },
  };
}
