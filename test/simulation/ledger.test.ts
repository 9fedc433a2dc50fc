import { beforeEach, describe, expect, it } from 'vitest';
import { now } from '../support/truth.ts';
import { Ledger } from './ledger.ts';
import { World } from './world.ts';

let world: World;
let ledger: Ledger;

beforeEach(() => {
  world = new World({ seed: 1, startAt: now });
  ledger = new Ledger(world);
});

/** Batch 7, of one row, is refused, and again after these moments, a second apart. */
function refusedAgainAfter(...moments: (() => void)[]): () => void {
  ledger.mark('lease', 'sender1', '7');
  ledger.putOff('7');
  for (const moment of moments) {
    world.now += 1_000;
    moment();
  }
  world.now += 1_000;
  return () => ledger.putOff('7');
}

const lease = () => ledger.mark('lease', 'sender2', '7');
const sealOther = () => ledger.mark('seal', 'sender3', '8');
const writeOther = () => ledger.writeAcceptance('8');

describe('a row that is refused alone again', () => {
  it('has to end if its sender can know of another accepted since', () => {
    expect(refusedAgainAfter(sealOther, writeOther, lease)).toThrow(/I9: batch 7 is refused alone again/);
  });

  it.each<[string, (() => void)[]]>([
    ['nothing was accepted', [lease]],
    ['the acceptance is written after its sender looked', [sealOther, lease, writeOther]],
    ['it was put off once more after the other was sealed', [sealOther, () => ledger.putOff('7'), writeOther, lease]],
  ])('may wait if %s', (_, moments) => {
    expect(refusedAgainAfter(...moments)).not.toThrow();
  });

  it('may wait if the other was sealed before', () => {
    sealOther();
    world.now += 1_000;
    expect(refusedAgainAfter(writeOther, lease)).not.toThrow();
  });
});
