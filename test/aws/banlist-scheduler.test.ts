import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { checkBanList } from '../../functions/maintenance/ban-list.ts';

const check = vi.hoisted(() => vi.fn<typeof checkBanList>());
vi.mock('../../functions/maintenance/ban-list.ts', () => ({ checkBanList: check }));

const counts = { textCount: 2, expressionCount: 1, problemCount: 12 };
const problems = Array.from({ length: 12 }, (_, at) => ({ banSeq: String(at), problem: 'blank' }));
const nothingNew = { ...counts, problems, isPublished: false, hasNewProblems: false };
const lines: Record<string, unknown>[] = [];

beforeEach(() => {
  // Logger and metrics then write to this process's console.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  const house = { DATABASE_CLUSTER_ARN: 'arn:c', DATABASE_SECRET_ARN: 'arn:s', DATABASE_NAME: 'omni' };
  for (const [name, value] of Object.entries({ ...house, TIME_ZONE: 'Asia/Seoul', AWS_REGION: 'ap-northeast-2' })) {
    vi.stubEnv(name, value);
  }
  for (const level of ['info', 'warn', 'log'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line));
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  lines.length = 0;
});

/** One firing of the function, as Lambda has loaded it. */
async function fire(): Promise<void> {
  const { handler } = await import('../../functions/banlist-scheduler.ts');
  const context: Partial<Context> = { functionName: 'banlist-scheduler', getRemainingTimeInMillis: () => 55_000 };
  await Reflect.apply(handler, undefined, [{}, context]);
}

const logged = (level: string) => lines.filter((line) => line['level'] === level);

it('says nothing of a list that is as it was', async () => {
  check.mockResolvedValue({ ...nothingNew, next: 'idle' });
  await fire();
  expect([...logged('WARN'), ...logged('INFO')]).toEqual([]);
});

it('warns once of new problems, and names ten of them by their ban_seq', async () => {
  check.mockResolvedValue({ ...nothingNew, hasNewProblems: true, next: 'idle' });
  await fire();
  const message = 'ban list: entries that ban nothing';
  expect(logged('WARN')).toMatchObject([{ message, problemCount: 12, problems: problems.slice(0, 10) }]);
});

it('tells of a version that it published', async () => {
  check.mockResolvedValue({ ...nothingNew, isPublished: true, next: 'idle' });
  await fire();
  expect(logged('INFO')).toMatchObject([{ message: 'ban list published', textCount: 2, expressionCount: 1 }]);
});

it('counts the check and the problems, under the dimension that the alarm looks at', async () => {
  check.mockResolvedValue({ ...nothingNew, next: 'idle' });
  await fire();
  expect(lines).toMatchObject([{ service: 'banlist-scheduler', BanListChecked: 1, BanListProblems: 12 }]);
});

it('counts no check that failed', async () => {
  check.mockRejectedValue(new Error('no database'));
  await expect(fire()).rejects.toThrow('no database');
  expect(lines.filter((line) => 'BanListChecked' in line)).toEqual([]);
});
