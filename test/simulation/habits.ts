import { usesOption } from './bans.ts';
import { timeZone } from './database.ts';
import { type Habit, type Hands, rewrite, write } from './habit.ts';
import { banHabits, banText } from './habits-bans.ts';
import { blockingHabits } from './habits-blocks.ts';
import { release } from './habits-inserts.ts';
import { spelledChain } from './spellings.ts';
import { type RowState, rowState } from './state-chart.ts';
import type { RowTruth } from './truth.ts';
import { Violation } from './world.ts';

const unsent = ['waiting', 'claimed'] as const;
const theirs = [...unsent, 'held', 'sent', 'reported'] as const;

export const habits: readonly Habit[] = [
  { fault: 'rowDeleted', states: [...unsent, 'held'], act: remove },
  { fault: 'sentRowDeleted', states: ['sent'], act: remove },
  { fault: 'rowChanged', states: unsent, act: change },
  // Customers who postpone a row mostly do so because it is late.
  { fault: 'rowPostponed', states: unsent, act: postpone, isPreferred: ({ expiresAt }, now) => expiresAt <= now },
  { fault: 'rowGrown', states: unsent, act: grow },
  { fault: 'rowHeld', states: unsent, act: hold },
  { fault: 'rowEnded', states: [...unsent, 'held'], act: end },
  { fault: 'sentRowEnded', states: ['sent'], act: end },
  { fault: 'rowUndated', states: unsent, act: undate },
  { fault: 'rowTouched', states: theirs, act: touch, isHarmless: true },
  { fault: 'rowWrittenBack', states: theirs, act: writeBack, isHarmless: true },
  { fault: 'channelOrderChanged', states: [...unsent, 'sent'], act: changeChannels },
  { fault: 'clientKeyChanged', states: [...unsent, 'sent'], act: changeKey },
  ...banHabits,
  ...blockingHabits,
];

async function remove(row: RowTruth, hands: Hands): Promise<void> {
  const sql = 'delete from msg_tran where client_key = $1 and etc_text_1 = $2';
  if ((await hands.run(sql, [row.clientKey, row.id])) === 0) return;
  row.deletedAt = hands.world.now;
  hands.world.tell(`customer deletes ${row.id}`);
}

async function change(row: RowTruth, hands: Hands): Promise<void> {
  const set = ['mt', 'kko', 'rcs'].map((name) => `${name}_content = case when ${name}_content is not null then $3 end`);
  if (!(await rewrite(row, hands, [set.join(', '), `${row.id} version ${row.version + 1}`]))) return;
  row.version += 1;
  hands.world.tell(`customer changes ${row.id}`);
}

async function postpone(row: RowTruth, hands: Hands): Promise<void> {
  const validMs = row.expiresAt - row.dueAt;
  if (row.isMalformed || !Number.isFinite(validMs)) return;
  const dueAt = Math.round(hands.world.now + hands.world.random.between(1_000, 90_000));
  await dateTo(row, hands, { dueAt, validMs });
  hands.world.tell(`customer puts ${row.id} off`);
}

/** Keeps the length of its validity. */
async function dateTo(
  row: RowTruth,
  hands: Hands,
  { dueAt, validMs }: { dueAt: number; validMs: number },
): Promise<void> {
  const set = `request_date = to_timestamp($3 / 1000.0) at time zone '${timeZone}'`;
  if (!(await rewrite(row, hands, [set, dueAt]))) return;
  row.dueAt = dueAt;
  row.expiresAt = dueAt + validMs;
}

/** Until somebody approves, which some forget; or, by mistake, a past date that no message can have. */
async function undate(row: RowTruth, hands: Hands): Promise<void> {
  const { random, tell } = { random: hands.world.random, tell: (what: string) => hands.world.tell(what) };
  const validMs = row.expiresAt - row.dueAt;
  if (row.isMalformed || !Number.isFinite(validMs)) return;
  const date = random.pick(['infinity', '9999-12-31 23:59:59', '1970-01-01 09:00:00']);
  if (!(await rewrite(row, hands, [`request_date = '${date}'`]))) return;
  row.dueAt = date.startsWith('1970') ? 0 : Number.POSITIVE_INFINITY;
  row.expiresAt = row.dueAt + validMs;
  tell(`customer dates ${row.id} ${date}`);
  if (row.dueAt === 0 || random.chance(0.2)) return;
  hands.later(random.between(1_000, 60_000), async () => {
    if (Number.isFinite(row.dueAt)) return;
    await dateTo(row, hands, { dueAt: Math.round(hands.world.now), validMs });
    tell(`customer approves of ${row.id}`);
  });
}

/** Beyond what the Data API could return, which matters only if the option is sent. */
async function grow(row: RowTruth, hands: Hands): Promise<void> {
  if (!(await rewrite(row, hands, [`kko_option = json_build_object('title', repeat('x', 70000))`]))) return;
  row.note = undefined;
  row.isMalformed ||= usesOption(row.chain);
  hands.world.tell(`customer makes ${row.id} grow`);
}

/** Before it inserts another under the same client_key, as some code does instead of an UPDATE. Both are messages. */
export async function removeForAnother(row: RowTruth, hands: Hands): Promise<boolean> {
  const found = hands.checker.find(row)?.row;
  if (found === undefined || rowState(found) !== 'claimed') return false;
  row.isMeddledWith = true;
  await remove(row, hands);
  return row.deletedAt !== undefined;
}

export const canGiveUp: readonly RowState[] = [...unsent, 'sent'];

/** By removing it or by another client_key; returns the client_key that is free now. */
export async function giveUp(row: RowTruth, hands: Hands): Promise<string | undefined> {
  const { clientKey } = row;
  row.isMeddledWith = true;
  await (hands.world.random.chance(0.7) ? remove : changeKey)(row, hands);
  return row.deletedAt !== undefined || row.clientKey !== clientKey ? clientKey : undefined;
}

/** For a sealed row that may turn out unsent: then its new content counts, and a ban that is published by then. */
export async function thinkAgain(row: RowTruth, hands: Hands): Promise<void> {
  const found = hands.checker.find(row)?.row;
  if (found === undefined || rowState(found) !== 'claimed') return;
  row.isMeddledWith = true;
  await hands.world.random.pick([postpone, postpone, grow, banText])(row, hands);
}

/** With any other status; most are released later. */
async function hold(row: RowTruth, hands: Hands): Promise<void> {
  const { world } = hands;
  const isTooLate = hands.checker.find(row)?.isHandedOver;
  if (!(await rewrite(row, hands, ['msg_status = $3', world.random.pick(['0', '0', 'H', '2', '4'])]))) return;
  world.tell(`customer holds ${row.id}`);
  if (isTooLate) world.saw('a hold that comes too late');
  else row.isHeld = true;
  if (world.random.chance(0.8)) hands.later(world.random.between(1_000, 60_000), () => release(row, hands));
}

async function end(row: RowTruth, hands: Hands): Promise<void> {
  const { world } = hands;
  const found = hands.checker.find(row);
  if (!(await write(row, hands, [`msg_status = '3'`]))) return;
  world.tell(`customer ends ${row.id}`);
  if (found?.isHandedOver && found.row.status === '1') {
    world.saw('an end that comes too late');
    return;
  }
  row.endedAt = world.now;
  row.isHeld = false;
}

/** Must disturb nothing, least of all the row itself. */
async function touch(row: RowTruth, hands: Hands): Promise<void> {
  await withoutEffect(row, hands, () =>
    write(row, hands, [`etc_text_2 = 'seen', etc_text_3 = clock_timestamp()::text`]),
  );
}

/** An entity that was read before the send: an ORM writes back every column. */
async function writeBack(row: RowTruth, hands: Hands): Promise<void> {
  const set = `msg_status = '1', batch_id = null, msg_sent_date = null, msg_key = null, finished_at = null, archived_at = null,
    mt_report_code = '99999', mt_rslt_date = '2030-01-01', mt_dlr_report_code = '99999', mt_report_pos = null, kko_report_code = null,
    rcs_report_code = '10000', end_reason = 'old', agent_writes = nullif(coalesce(agent_writes, 0) - 1, -1)`;
  if (hands.checker.find(row)?.isHandedOver) hands.world.saw('an old entity written back after the send');
  if (row.isHeld) {
    await write(row, hands, [set]);
    await hands.checker.look();
    // The customer's own trigger may have undone it.
    const found = hands.checker.find(row)?.row;
    row.isHeld = found !== undefined && rowState(found) === 'held';
  } else await withoutEffect(row, hands, () => write(row, hands, [set]));
  hands.world.tell(`customer writes ${row.id} back`);
}

async function withoutEffect(row: RowTruth, { checker, world }: Hands, act: () => Promise<unknown>): Promise<void> {
  const before = checker.find(row)?.row;
  await act();
  await checker.look();
  const after = checker.find(row)?.row;
  if (JSON.stringify(before) !== JSON.stringify(after))
    world.fail(
      new Violation('I10', `${row.id} was ${JSON.stringify(before)}, its customer made it ${JSON.stringify(after)}`),
    );
}

/** The channels in reverse order, or without the last. */
async function changeChannels(row: RowTruth, hands: Hands): Promise<void> {
  const { world } = hands;
  if (row.chain.length < 2 || row.isMalformed) return;
  const chain = world.random.chance(0.5) ? row.chain.toReversed() : row.chain.slice(0, -1);
  const isFixed = hands.checker.find(row)?.isHandedOver;
  if (!(await rewrite(row, hands, ['channel_order = $3', spelledChain(world.random, chain)]))) return;
  world.tell(`customer sends ${row.id} by ${chain.join(',')}`);
  if (isFixed) world.saw('a channel_order that is fixed');
  else row.chain = chain;
}

async function changeKey(row: RowTruth, hands: Hands): Promise<void> {
  const { world } = hands;
  const clientKey = hands.newKey();
  const isFixed = hands.checker.find(row)?.isHandedOver;
  const isWritten = await rewrite(row, hands, ['client_key = $3', clientKey]);
  world.tell(`customer gives ${row.id} another key`);
  if (isFixed && isWritten) world.fail(new Violation('I4', `${row.id} has another client_key, though it was sent`));
  if (isFixed) world.saw('a client_key that is fixed');
  if (!isWritten) return;
  row.clientKey = clientKey;
  row.keys.add(clientKey);
}
