import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { reasonOf, toProblem } from '../../bin/omni-agent/problems.ts';
import { StatementError } from '../../functions/database/data-api.ts';

describe('the reason of an error', () => {
  const twoFamilies = [new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')];
  const cases: [string, unknown, string][] = [
    ['its message', new Error('no such host'), 'no such host'],
    [
      'the first of several, which have no message together',
      new AggregateError(twoFamilies),
      twoFamilies[0]?.message ?? '',
    ],
    ['one line', new Error('first\nsecond'), 'first'],
    ['its name, if it says nothing', new TypeError(''), 'TypeError'],
    ['without what the Data API adds', new Error('ERROR: no table x; Position: 15; SQLState: 42P01'), 'no table x'],
    ['also without a position', new Error('ERROR: no database x; SQLState: 3D000'), 'no database x'],
  ];

  it.each(cases)('is %s', (_, error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});

describe('a problem', () => {
  const failed = (cause: unknown) => new StatementError('readStatus: failed', { cause });

  it('is what a statement failed of, with where', () => {
    const problem = toProblem(failed(new Error('ERROR: no table x; SQLState: 42P01')), 'local agent, /data');
    expect(problem).toMatchObject({ name: 'UsageError', exitCode: 1 });
    expect(problem).toMatchObject({
      message: expect.stringMatching(/^local agent, \/data: expected .*: no table x$/),
    });
  });

  it('is no defect: what should never happen keeps its stack', () => {
    const defects = [new TypeError('x'), failed(z.object({ a: z.string() }).safeParse({}).error), failed(undefined)];
    for (const defect of defects) expect(toProblem(defect, 'here')).toBe(defect);
  });
});
