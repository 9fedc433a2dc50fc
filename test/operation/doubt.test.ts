import { describe, expect, it } from 'vitest';
import { type DoubtfulBatch, judge } from '../../functions/operation/doubt.ts';
import { ordinary } from '../support/findings.ts';

const hour = 3_600;

describe('why a batch is in doubt', () => {
  const cases: [Partial<DoubtfulBatch>, string][] = [
    [{}, 'a call was not answered; the next waits for 30 s'],
    [{ pauseSeconds: 0 }, 'a call was not answered; the next is due'],
    [{ pauseSeconds: 0, leaseSeconds: 44.5 }, 'a call was not answered; a sender is at it again, for 44 s at most'],
    [{ pauseSeconds: 0, released: false }, 'its sender ended before it could write an answer'],
    [{ released: false, leaseSeconds: 9 }, 'a call was not answered; a sender is at it again, for 9 s at most'],
    [{ open: 7, answered: 193 }, 'it was answered, but 7 of its 200 rows could not be written yet'],
    [{ open: 0, answered: 0 }, 'none of its messages is open any more; only the batch itself is'],
  ];

  it.each(cases)('%o: %s', (known, why) => {
    expect(judge({ ...ordinary, ...known }).why).toBe(why);
  });
});

describe('what settles a batch in doubt', () => {
  const key = (left: string) =>
    `the same request under its key, for ${left} more (Inquire, if a row was changed, or a text of it banned)`;
  const cases: [Partial<DoubtfulBatch>, string][] = [
    [{}, key('22 h')],
    [{ sealedSeconds: 23 * hour - 90 }, key('90 s')],
    [{ sealedSeconds: 23 * hour }, 'Inquire, because its key is too old to send again'],
    [{ sealedSeconds: 23 * hour, banned: 1 }, 'Inquire, because its key is too old to send again'],
    [
      { sealedSeconds: 23 * hour, open: 0 },
      'Inquire, because its key is too old to send again; by the reports of all its rows alone, two days after its first call',
    ],
    [{ gone: 1 }, 'Inquire, because of its messages 1 was taken away since'],
    [{ banned: 2, expired: 1 }, 'Inquire, because of its messages 2 were banned, 1 was expired since'],
  ];

  it.each(cases)('%o: %s', (known, settledBy) => {
    expect(judge({ ...ordinary, ...known }).settledBy).toBe(settledBy);
  });

  it('is a person too, once its key is too old', () => {
    const asks = (known: Partial<DoubtfulBatch>) => judge({ ...ordinary, ...known }).askGateway;
    expect(asks({ sealedSeconds: 23 * hour - 1 })).toBe(false);
    expect(asks({ sealedSeconds: 23 * hour })).toBe(true);
    expect(asks({ sealedSeconds: 23 * hour, open: 0 })).toBe(false);
  });
});
