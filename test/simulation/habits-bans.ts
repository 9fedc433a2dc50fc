import { type BanEntry, type Subject, subjectsOf, type WrittenBan } from './bans.ts';
import type { Habit, Hands } from './habit.ts';
import { spelledNumber, spelledText } from './spellings.ts';
import type { RowTruth } from './truth.ts';

const anyUnsent = ['waiting', 'claimed', 'held'] as const;

export const banHabits: readonly Habit[] = [
  { fault: 'numberBanned', states: anyUnsent, act: banNumber },
  { fault: 'textBanned', states: anyUnsent, act: banText },
  { fault: 'banLifted', states: anyUnsent, act: liftOne },
  { fault: 'nothingBanned', states: anyUnsent, act: banNothing, isHarmless: true },
  { fault: 'banListReloaded', states: anyUnsent, act: reload, isHarmless: true },
];

/** The row's number, in any spelling. */
export async function banNumber({ number }: RowTruth, hands: Hands): Promise<void> {
  if (number === '') return;
  const text = spelledNumber(hands.world.random, number);
  await ban({ type: 'R', text, subject: `number ${number}` }, hands);
}

/** A text that only this row has, in a content or in its option. */
export async function banText({ id, note }: RowTruth, hands: Hands): Promise<void> {
  const { random } = hands.world;
  if (note !== undefined && random.chance(0.5)) {
    await ban({ type: 'T', text: spelledText(random, `${note} note`), subject: `note ${note}` }, hands);
    return;
  }
  const expressions = [`${id} version [0-9]+`, `(?i)^${id.toUpperCase()} VERSION`, `${id}\\s+ver.ion`, `^${id} .*\\d$`];
  const [type, text] = random.chance(0.5)
    ? (['T', spelledText(random, `${id} version`)] as const)
    : (['E', random.pick(expressions)] as const);
  await ban({ type, text, subject: `content ${id}` }, hands);
}

/** For good, or for a while. */
async function ban(
  { type, text, subject }: { type: 'R' | 'T' | 'E'; text: string; subject: Subject },
  hands: Hands,
): Promise<void> {
  const { random } = hands.world;
  const entry = await insert(
    {
      ban_type: random.chance(0.3) ? type.toLowerCase() : type,
      ban_text: text,
      use_yn: random.pick(['Y', 'Y', 'y']),
    },
    { subject, hands },
  );
  if (entry !== undefined && random.chance(0.4)) hands.later(random.between(100, 90_000), () => lift(entry, hands));
}

/** Entries that ban nothing: blank, unknown, not in use, not a valid number or expression. Most would ban every row. */
async function banNothing({ id, number }: RowTruth, hands: Hands): Promise<void> {
  const [ban_type, ban_text, use_yn] = hands.world.random.pick([
    ...[
      ['T', '', 'Y'],
      ['T', ' ', 'Y'],
      ['T', '\u3000\t\u200b', 'Y'],
      ['T', null, 'Y'],
      ['T', 'version', 'n'],
    ],
    ...[
      ['E', ' ', 'Y'],
      ['E', '(', 'Y'],
      ['E', '.*', 'Y'],
      ['E', `(${id})?`, 'Y'],
      ['E', 'version', 'N'],
    ],
    ...[
      ['R', '', 'Y'],
      ['R', ' ', 'Y'],
      ['R', null, 'Y'],
      ['R', 'nobody', 'Y'],
      ['R', number, 'N'],
      ['R', number, null],
    ],
    ...[
      ['X', 'version', 'Y'],
      [null, number, 'Y'],
      [' ', 'version', 'Y'],
    ],
  ]);
  await insert(
    { ban_type: ban_type ?? null, ban_text: ban_text ?? null, use_yn: use_yn ?? null },
    { subject: undefined, hands },
  );
}

async function insert(
  columns: Omit<WrittenBan, 'ban_seq'>,
  { subject, hands }: { subject: Subject | undefined; hands: Hands },
): Promise<BanEntry | undefined> {
  const { bans } = hands.ledger;
  if (bans.isEmptied) return undefined;
  const written = { ban_seq: String(bans.entries.length + 1), ...columns };
  await put(written, hands);
  hands.world.tell(`customer bans ${subject ?? 'nothing'} by entry ${written.ban_seq}`);
  return bans.add(written, subject);
}

/** An entry about this row, if there is one; else any. */
async function liftOne(row: RowTruth, hands: Hands): Promise<void> {
  const { bans } = hands.ledger;
  const inForce = bans.entries.filter((entry) => bans.isInForce(entry));
  const subjects: readonly (Subject | undefined)[] = subjectsOf(row);
  const own = inForce.filter(({ subject }) => subjects.includes(subject));
  if (inForce.length > 0) await lift(hands.world.random.pick(own.length > 0 ? own : inForce), hands);
}

/** In any way; some put it back soon. */
async function lift(entry: BanEntry, hands: Hands): Promise<void> {
  const { world, ledger } = hands;
  const { written } = entry;
  if (written === undefined || ledger.bans.isEmptied || !ledger.bans.isInForce(entry)) return;
  const means: readonly Partial<WrittenBan>[] = [{ use_yn: 'N' }, { use_yn: 'n' }, { use_yn: null }, { ban_text: ' ' }];
  if (world.random.chance(0.4)) {
    await hands.run('delete from msg_banlist where ban_seq = $1', [written.ban_seq]);
    entry.written = undefined;
  } else {
    entry.written = { ...written, ...world.random.pick(means) };
    await put(entry.written, hands);
  }
  ledger.bans.end(entry);
  world.tell(`customer no longer bans ${entry.subject} by entry ${written.ban_seq}`);
  if (world.random.chance(0.4)) hands.later(world.random.between(100, 60_000), () => putBack(entry, written, hands));
}

async function putBack(entry: BanEntry, written: WrittenBan, hands: Hands): Promise<void> {
  const { world, ledger } = hands;
  if (ledger.bans.isEmptied || ledger.bans.isInForce(entry)) return;
  // The list may have been renumbered meanwhile.
  entry.written = { ...written, ban_seq: [...entry.seqs].at(-1) ?? written.ban_seq };
  await put(entry.written, hands);
  ledger.bans.begin(entry);
  world.tell(`customer bans ${entry.subject} again by entry ${entry.written.ban_seq}`);
}

/** The whole list from its source: in one transaction, or emptied first and filled again some time later. */
async function reload(_: RowTruth, hands: Hands): Promise<void> {
  const { world, ledger } = hands;
  const { bans } = ledger;
  if (bans.isEmptied || bans.entries.length === 0) return;
  if (world.random.chance(0.5)) {
    await hands.run('begin');
    await hands.run('truncate msg_banlist');
    await fill(hands);
    await hands.run('commit');
    world.saw('a ban list that is truncated and reloaded');
    return;
  }
  const inForce = bans.entries.filter((entry) => bans.isInForce(entry));
  await hands.run('truncate msg_banlist');
  for (const entry of inForce) bans.end(entry);
  bans.isEmptied = true;
  world.tell('customer empties the ban list');
  hands.later(world.random.between(100, 60_000), async () => {
    await fill(hands);
    bans.isEmptied = false;
    for (const entry of inForce) bans.begin(entry);
    world.tell('customer fills the ban list again');
  });
}

/** Under the numbers that the entries had before, or under others. */
async function fill({ world, ledger, run }: Hands): Promise<void> {
  const shift = world.random.pick([0n, 1_000n]);
  const rows: WrittenBan[] = [];
  for (const entry of ledger.bans.entries) {
    if (entry.written === undefined) continue;
    entry.written = { ...entry.written, ban_seq: String(BigInt(entry.written.ban_seq) + shift) };
    entry.seqs.add(entry.written.ban_seq);
    rows.push(entry.written);
  }
  const sql = 'insert into msg_banlist select * from jsonb_populate_recordset(null::msg_banlist, $1)';
  await run(sql, [JSON.stringify(rows)]);
}

async function put({ ban_seq, ban_type, ban_text, use_yn }: WrittenBan, { run }: Hands): Promise<void> {
  await run(
    `insert into msg_banlist (ban_seq, ban_type, ban_text, use_yn) values ($1, $2, $3, $4)
     on conflict (ban_seq) do update set ban_type = excluded.ban_type, ban_text = excluded.ban_text, use_yn = excluded.use_yn`,
    [ban_seq, ban_type, ban_text, use_yn],
  );
}
