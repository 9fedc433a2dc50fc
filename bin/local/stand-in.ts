import { fork } from 'node:child_process';
import { once } from 'node:events';
import { UsageError } from './usage-error.ts';

/**
 * A stand-in is a local replacement for something that AWS or the gateway runs: the Data API, the queue, the gateway
 * simulator. Each is a separate process, so that killing one is real. This file holds both ends of the IPC channel between
 * the runner and its stand-ins.
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
  /** Of its current process: one that was killed is replaced. Undefined until the new one serves. */
  pid(): number | undefined;
  stats(): Promise<Readonly<Record<string, number>>>;
  /** Asks it to close, and kills it if it has not exited after three seconds. */
  stop(): Promise<void>;
}

export interface StandInProgram {
  readonly name: string;
  /** A TypeScript file in bin/local. */
  readonly file: string;
  /** The stand-in's own options; one that listens on a port takes `port`. */
  readonly options: object;
  /** Called after a restart, which loses what the process held in memory. If it fails, the stand-in is restarted once more. */
  readonly onRestart?: (() => Promise<void>) | undefined;
}

type Request = { type: 'start'; options: unknown } | { type: 'stats' } | { type: 'stop' };
type Reply =
  | { type: 'ready'; url: string }
  | { type: 'failed'; message: string }
  | { type: 'stats'; stats: Record<string, number> };

/** The main program of a stand-in's process. It ends when the runner says so or is gone. */
export function serveStandIn<Options>(start: (options: Options) => Promise<StandIn>): void {
  let running: StandIn | undefined;
  const respond = (reply: Reply) => process.send?.(reply);
  const stop = async () => {
    await running?.close().catch(() => undefined);
    process.exit(0);
  };
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (request: Request) => {
    if (request.type === 'stats') respond({ type: 'stats', stats: { ...running?.stats() } });
    if (request.type === 'stop') await stop();
    if (request.type !== 'start') return;
    try {
      running = await start(request.options as Options);
      respond({ type: 'ready', url: running.url });
    } catch (error) {
      respond({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
      process.exitCode = 1;
      process.disconnect();
    }
  });
}

/** A stand-in that ended is back soon, at the same address, as the real service would be. */
const restartMs = 500;

/** Starts a stand-in and waits until it listens. Whenever it ends on its own, it is restarted on its port. */
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
            process.stderr.write(`${name} could not be restored: ${error.message}. Restarting it.\n`);
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
      // A process that was just killed cannot receive it; without the callback, that error would end the runner.
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
    // A process group of its own: Ctrl-C reaches only the runner, which then stops its stand-ins in order.
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
