import { beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../functions/message/message.ts';
import { aTruth, now } from '../support/truth.ts';
import { type Bans, subjectsOf } from './bans.ts';
import { Ledger } from './ledger.ts';
import { verdictOf } from './verdict.ts';
import { World } from './world.ts';

const number = 'number 01000000001';
const content = 'content r1x';

let world: World;
let ledger: Ledger;
let bans: Bans;

beforeEach(() => {
  world = new World({ seed: 1, startAt: now });
  ledger = new Ledger(world);
  bans = ledger.bans;
  ledger.insert(aTruth());
});

/** At this number of seconds. */
function at(seconds: number, act: () => void): void {
  world.now = now + seconds * 1_000;
  act();
}

const written = { ban_seq: '7', ban_type: 'R', ban_text: '010-0000-0001', use_yn: 'Y' };
const ban = (subject: Parameters<Bans['add']>[1]) => () => void bans.add(written, subject);
const lift = () => {
  for (const entry of bans.entries) bans.end(entry);
};
const putBack = () => {
  for (const entry of bans.entries) bans.begin(entry);
};
const read = () => bans.note('readBanEntries', 'banlistScheduler1');
const publish = () => bans.note('publishBanList', 'banlistScheduler1');

const message: Message = {
  ...{ clientKey: '1', reference: 'simulated.1.7', recipient: '01000000001', senderNumber: '', priority: 'slow' },
  ...{ expiresAt: new Date(now), paymentCode: '', originCompanyId: '' },
  fallbackChain: [{ channel: 'sms', text: 'r1x version 0' }],
};

/** What the check says of a call for the row now; undefined if the call is allowed. */
async function verdictOnCall(sent: Message = message): Promise<string | undefined> {
  ledger.checkMayBeSent('sender1', [sent]);
  return await verdictOf(world);
}

const lease = () => ledger.mark('lease', 'sender1', '7');
const seal = () => ledger.mark('seal', 'sender1', '7');
const isBanned = /^I7: r1x is sent though its number is banned/;

describe('a banned number', () => {
  it.each([
    { when: 'before the lease', story: [ban(number), lease, seal], verdict: isBanned },
    { when: 'between the lease and the seal', story: [lease, ban(number), seal], verdict: isBanned },
    { when: 'after the seal', story: [lease, seal, ban(number)], verdict: undefined },
    { when: 'and free again before the lease', story: [ban(number), lift, lease, seal], verdict: undefined },
    { when: 'again before the seal', story: [ban(number), lift, lease, putBack, seal], verdict: isBanned },
    { when: 'since another sender sealed the batch', story: [ban(number), lease], verdict: isBanned },
    { when: 'of somebody else', story: [ban('number 01000000002'), lease, seal], verdict: undefined },
  ])('may not be sent to if it was banned $when: $verdict', async ({ story, verdict }) => {
    for (const [index, act] of story.entries()) at(index + 1, act);
    at(9, () => undefined);
    const said = await verdictOnCall();
    if (verdict === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(verdict);
  });
});

describe('a banned text', () => {
  const isKnown = /^I7: r1x is sent though its content r1x is banned/;

  it.each([
    { when: 'was published before the lease', story: [ban(content), read, publish, lease], verdict: isKnown },
    { when: 'was read before it was banned', story: [read, ban(content), publish, lease], verdict: undefined },
    { when: 'was published after the lease', story: [ban(content), read, lease, publish], verdict: undefined },
    { when: 'was never published', story: [ban(content), read, lease], verdict: undefined },
    { when: 'is free again', story: [ban(content), read, publish, lift, lease], verdict: undefined },
    {
      when: 'is banned again, which was published',
      story: [ban(content), read, publish, lift, putBack, read, publish, lease],
      verdict: isKnown,
    },
  ])('may not be sent if it $when: $verdict', async ({ story, verdict }) => {
    for (const [index, act] of [...story, seal].entries()) at(index + 1, act);
    at(12, () => undefined);
    const said = await verdictOnCall();
    if (verdict === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(verdict);
  });

  it('is in an option only if the row sends that option with a note', () => {
    expect(subjectsOf(aTruth())).toEqual([number, content]);
    expect(subjectsOf({ ...aTruth(), note: 'r1x' })).toEqual([number, content]);
    expect(subjectsOf({ ...aTruth(), note: 'r1x', chain: ['alimtalk'] })).toEqual([number, content, 'note r1x']);
  });
});

it('a row may not be sent to another form of its number', async () => {
  at(1, lease);
  at(2, seal);
  at(3, () => undefined);
  expect(await verdictOnCall({ ...message, recipient: '010-0000-0001' })).toMatch(
    /^I7: r1x is sent to another form of its number/,
  );
});

describe('a row that was leased at 90 s and ended at 100 s', () => {
  const times = { inserted: now, leased: now + 90_000, ended: now + 100_000 };

  it.each([
    { of: number, story: { 10: ban(number) }, may: true },
    { of: number, story: { 95: ban(number) }, may: true },
    { of: number, story: { 101: ban(number) }, may: false },
    { of: number, story: { 10: ban(number), 80: lift }, may: false },
    { of: number, story: { 10: ban(number), 95: lift }, may: true },
    { of: content, story: { 10: ban(content), 20: read, 21: publish }, may: true },
    { of: content, story: { 101: ban(content) }, may: false },
    { of: content, story: { 10: ban(content), 20: lift, 30: read, 80: publish }, may: false },
    { of: content, story: { 10: ban(content), 20: lift, 30: read, 95: publish }, may: true },
    { of: content, story: { 10: ban(content), 30: read, 35: lift, 40: publish }, may: true },
  ])('may have ended by $of: $may', ({ story, may }) => {
    for (const [seconds, act] of Object.entries(story)) at(Number(seconds), act);
    const [entry] = bans.entries;
    expect(entry !== undefined && bans.mayHaveEnded(entry, times)).toBe(may);
  });

  it('may not have ended at a claim by a number that was free by then', () => {
    at(10, ban(number));
    at(99, lift);
    const [entry] = bans.entries;
    expect(entry !== undefined && bans.mayHaveEnded(entry, { ...times, leased: undefined })).toBe(false);
  });
});
