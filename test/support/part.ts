import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, vi } from 'vitest';

/** Variables that every part has. */
export const house = {
  INSTALLATION: 'omni-agent',
  DATABASE_CLUSTER_ARN: 'arn:cluster',
  DATABASE_SECRET_ARN: 'arn:secret',
  DATABASE_NAME: 'omni',
  TIME_ZONE: 'Asia/Seoul',
};

type Handler = (event: never, context: Context, callback: never) => unknown;

/** A part of the agent, run in this process with these variables; what it logs and measures is kept, line by line. */
export function usePart(variables: Readonly<Record<string, string>>) {
  const lines: Record<string, unknown>[] = [];

  beforeEach(() => {
    const ofAws = { AWS_REGION: 'ap-northeast-2', POWERTOOLS_METRICS_DISABLED: 'false' };
    // Logger and metrics then write to this process's console.
    const all = { ...house, ...variables, ...ofAws, POWERTOOLS_DEV: 'true' };
    for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
    for (const level of ['info', 'warn', 'log', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation((line) => {
        if (typeof line === 'string' && line.startsWith('{')) lines.push(JSON.parse(line));
      });
    }
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    lines.length = 0;
  });

  return {
    /** Log lines and metrics. */
    lines,
    logged: (level: string) => lines.filter((line) => line['level'] === level),
    /** The values of a metric, one for each line that has it. */
    measured: (name: string) => lines.filter((line) => name in line).map((line) => line[name]),
    /** One invocation, by an event; Lambda has so long for it, or as the test says each time that it is asked. */
    async invoke(handler: Handler, event: unknown = {}, time: number | (() => number) = 90): Promise<unknown> {
      const context: Partial<Context> = {
        functionName: 'part',
        getRemainingTimeInMillis: typeof time === 'number' ? () => time * 1_000 : time,
      };
      return await Reflect.apply(handler, undefined, [event, context]);
    },
  };
}

/** Moves the clock of a firing that turns in a loop, until it has ended. */
export async function untilEnded(firing: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = firing.finally(() => {
    isOver = true;
  });
  while (!isOver) await vi.advanceTimersByTimeAsync(100);
  await over;
}

/** A clock that only the test moves: to be set before a part is loaded. */
export function useStandingClock(): { now(): number } {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const begun = performance.now();
  return { now: () => performance.now() - begun };
}
