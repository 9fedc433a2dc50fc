import { describe, expect, it, vi } from 'vitest';
import { type Next, turnUntilEnd, turnUntilIdle } from '../../functions/pipeline/loop.ts';

/** A clock that sleeping moves; a turn takes a second. */
function loopOf(turns: readonly (Next | Error)[], endsAt = 20_000) {
  let now = 0;
  const slept: number[] = [];
  const errors: unknown[] = [];
  const script = [...turns];
  const ended = turnUntilEnd(
    async () => {
      now += 1_000;
      const next = script.shift() ?? 'idle';
      if (next instanceof Error) throw next;
      return next;
    },
    {
      endsAt,
      soonMs: 1_000,
      idleMs: 5_000,
      clock: {
        now: () => now,
        sleep: async (ms) => {
          slept.push(ms);
          now += ms;
        },
      },
      onError: (error) => errors.push(error),
    },
  );
  return { ended, slept, errors };
}

describe('the loop of a firing', () => {
  it('turns at once while there is more, soon while only a limit holds it back, else at its interval', async () => {
    const { ended, slept } = loopOf(['now', 'now', 'soon', 'idle', 'idle', 'idle']);
    await ended;
    expect(slept).toEqual([1_000, 5_000, 5_000]);
  });

  it('begins no turn after its end, and does not wait for one', async () => {
    const { ended, slept } = loopOf([], 6_500);
    await ended;
    expect(slept).toEqual([5_000]);
  });

  it('tells a turn that failed, waits it out and goes on', async () => {
    const { ended, slept, errors } = loopOf([new Error('once'), 'idle', 'idle', 'idle']);
    await ended;
    expect(errors).toEqual([new Error('once')]);
    expect(slept).toEqual([5_000, 5_000, 5_000]);
  });

  it('fails if its last turn did', async () => {
    const { ended } = loopOf(['idle', 'idle', 'idle', new Error('last')]);
    await expect(ended).rejects.toThrow('last');
  });
});

describe('a firing that drains', () => {
  it.each<[string, Next[], number]>([
    ['ends with the first turn that does not want another at once', ['now', 'now', 'idle', 'now'], 3],
    ['does not wait where only a limit holds it back', ['soon', 'now'], 1],
    ['begins no turn after its end', ['now', 'now', 'now', 'now', 'now'], 4],
  ])('%s', async (_what, script, turns) => {
    let now = 0;
    const turn = vi.fn(async () => {
      now += 1_000;
      return script.shift() ?? 'idle';
    });
    await turnUntilIdle(turn, { endsAt: 3_500, clock: { now: () => now, sleep: () => expect.fail('a wait') } });
    expect(turn).toHaveBeenCalledTimes(turns);
  });

  it('fails with a turn that does', async () => {
    const turn = vi.fn(async () => Promise.reject(new Error('once')));
    await expect(turnUntilIdle(turn, { endsAt: 1, clock: { now: () => 0, sleep: async () => {} } })).rejects.toThrow(
      'once',
    );
    expect(turn).toHaveBeenCalledTimes(1);
  });
});
