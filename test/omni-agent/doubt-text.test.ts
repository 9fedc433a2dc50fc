import { describe, expect, it } from 'vitest';
import { doubtText } from '../../bin/omni-agent/doubt-text.ts';
import { type Doubt, type DoubtfulBatch, judge, toDoubts } from '../../functions/operation/doubt.ts';
import { ordinary } from '../support/findings.ts';

const hour = 3_600;

describe('the text', () => {
  const textOf = (batches: DoubtfulBatch[], batchCount = batches.length) =>
    doubtText(toDoubts({ batchCount, batches })).split('\n');

  it('says so if no batch is in doubt', () => {
    expect(textOf([])).toEqual(['No batch is in doubt.']);
  });

  it('has a row and a sentence for each batch', () => {
    const { why, settledBy }: Doubt = judge(ordinary);
    expect(textOf([ordinary])).toEqual([
      '1 batch is in doubt. The messages may have been sent. The agent settles them by itself; edit nothing.',
      '',
      '  batch              lane   messages   open   in doubt for   attempts   next look',
      `  ${'─'.repeat(79)}`,
      '  9007199254740993   fast        200    200           60 s          1     in 30 s',
      '',
      `  9007199254740993: ${why}; settled by ${settledBy}`,
    ]);
  });

  it('says how many there are if it does not show all', () => {
    expect(textOf([ordinary, ordinary], 3_600)[0]).toMatch(
      /^3,600 batches are in doubt, of which these 2 are the oldest/,
    );
  });

  it('asks for a person, with what the gateway knows the batch by', () => {
    const [last] = textOf([{ ...ordinary, sealedSeconds: 50 * hour }]).slice(-1);
    expect(last).toMatch(/^WARNING: batch 9007199254740993 is in doubt for 2 d: ask the gateway .*6b9d2a3e-/);
  });
});
