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
  /** Of its process now: one that was killed has another in its place, which counts once it serves. */
  pid(): number | undefined;
  stats(): Promise<Readonly<Record<string, number>>>;
  /** Asks it to close, and kills it if it has not exited after three seconds. */
  stop(): Promise<void>;
}

export interface StandInProgram {
  readonly name: string;
  /** A TypeScript file in bin/local. */
  readonly file: string;
  /** Of the stand-in itself; one that listens on a port takes `port`. */
  readonly options: object;
  /** Called when it was started again, without what its process held in memory. If it fails, it is started again. */
  readonly onRestart?: (() => Promise<void>) | undefined;
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

/** What stands in for a service is there again soon, at the same address, as the service would be. */
const restartMs = 500;

/** Starts a stand-in and waits until it listens. Whenever it ends by itself it is started again on its port. */
export async function startStandIn(program: StandInProgram): Promise<StandInProcess> {
  const { name, options, onRestart } = program;
  let current = launch(program, options);
  const { url } = await current.ready;
  const { port } = new URL(url);
  let serving = true;
  let stopping = false;
  let restarting: NodeJS.Timeout | undefined;
  const watch = () => {
    void current.exited.then(() => {
      serving = false;
      if (stopping) return;
      restarting = setTimeout(() => {
        const next = launch(program, { ...options, port: Number(port) });
        current = next;
        watch();
        next.ready
          .then(onRestart)
          .then(() => {
            serving = true;
          })
          .catch((error: Error) => {
            if (stopping) return;
            process.stderr.write(`${name} is not as it was: ${error.message}. It is started again.\n`);
            next.child.kill('SIGKILL');
          });
      }, restartMs);
    });
  };
  watch();
  return {
    name,
    url,
    pid: () => (serving ? current.child.pid : undefined),
    stats: async () => (await current.ask({ type: 'stats' }, 'stats')).stats,
    async stop() {
      stopping = true;
      clearTimeout(restarting);
      const { child, exited } = current;
      if (child.exitCode !== null || child.signalCode !== null) return;
      // One that was killed in this very moment no longer hears it; without the callback that would end the runner.
      child.send({ type: 'stop' } satisfies Request, () => undefined);
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** One process of a stand-in. */
function launch({ name, file }: StandInProgram, options: object) {
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
      child.send(request, (error) => error && reject(error));
    });
  const ready = ask({ type: 'start', options }, 'ready', 'failed').then((first) => {
    if (first.type === 'failed') throw new UsageError(`${name}: ${first.message}`);
    return first;
  });
  return { child, exited, ask, ready };
}
