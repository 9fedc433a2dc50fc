import { afterEach, describe, expect, it } from 'vitest';
import { type Runner, startRunner } from '../support/runner.ts';

let runner: Runner | undefined;
afterEach(async () => {
  await runner?.cleanUp();
});

describe('the demo campaign', () => {
  it('arrives in the log complete, ends with one line of JSON and leaves no process behind', async () => {
    runner = startRunner(['demo', '--messages', '120', '--rate', '0', '--json']);
    expect(await runner.exited, runner.stderr()).toBe(0);
    const result = JSON.parse(runner.stdout().trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ inserted: 120, archived: 120, duplicates: 0, lost: 0 });
    expect(result.accepted + result.rejected).toBe(120);
    expect(Object.keys(result.calls)).toEqual(['dataApi', 'sqs', 'gateway']);
    expect(runner.stdout().trim().split('\n')).toHaveLength(1);
    expect(runner.processes()).toEqual([]);
  }, 120_000);
});

describe('a wrong start', () => {
  it.each([
    [['demo', '--rate', 'fast'], {}, '--rate: expected a whole number from 0 to 100000, got "fast"'],
    [['demo', '--messages', '0'], {}, '--messages: expected a whole number from 1 to 1000000, got "0"'],
    [['demo', '--wat'], {}, "Unknown option '--wat'"],
    [['nonsense'], {}, 'expected demo or up, got nonsense'],
    [['demo'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, 'DATABASE_URL: cannot connect'],
  ])('%j %j stops with one clear line', async (args, environment, expected) => {
    runner = startRunner(args, environment);
    expect(await runner.exited).toBe(1);
    expect(runner.stderr()).toContain(expected);
    expect(runner.stderr().trim().split('\n')).toHaveLength(1);
    expect(runner.processes()).toEqual([]);
  });
});
