import type { Habit, Hands } from './habit.ts';
import { banNumber } from './habits-bans.ts';
import { type RowState, rowState } from './state-chart.ts';
import type { RowTruth } from './truth.ts';

/** What the customer's triggers object to: the writes of each step, by what they change. */
const minded = {
  claim: { on: 'update of batch_id on msg_tran', when: 'old.batch_id is null and new.batch_id is not null' },
  seal: { on: 'update of batch_id on msg_tran', when: 'old.batch_id is not null and new.batch_id is null' },
  split: { on: 'update of batch_id on msg_tran', when: 'old.batch_id <> new.batch_id' },
  settle: { on: 'update on msg_tran', when: 'old.msg_sent_date is null and new.msg_sent_date is not null' },
  settleByStatus: {
    on: 'update on msg_tran',
    when: `old.msg_status = '1' and new.msg_status = '2' and new.msg_sent_date is not null`,
  },
  merge: {
    on: 'update on msg_tran',
    when: `old.msg_status = '2' and num_nonnulls(new.mt_report_code, new.kko_report_code, new.rcs_report_code) > 0`,
  },
  mergeByCode: { on: 'update on msg_tran', when: `old.mt_report_code is null and new.mt_report_code = '10000'` },
  expire: { on: 'update on msg_tran', when: 'new.asked_at is distinct from old.asked_at' },
  archive: { on: 'delete on msg_tran', when: 'true' },
  log: { on: 'insert on msg_log', when: 'true' },
  late: { on: 'update on msg_log', when: 'true' },
} as const;

export type Minded = keyof typeof minded;

const anyState = ['waiting', 'claimed', 'held', 'sent', 'reported'] as const;

export const blockingHabits: readonly Habit[] = [
  {
    fault: 'triggerRaises',
    states: anyState,
    act: (row, hands) => mind(row, hands, { step: anyStep(row, hands), isSilent: false }),
  },
  {
    fault: 'triggerPassesOver',
    states: anyState,
    act: (row, hands) => mind(row, hands, { step: anyStep(row, hands), isSilent: true }),
  },
  // A row that must leave its batch at the seal, and cannot.
  { fault: 'leaverMinded', states: ['claimed'], act: mindLeaving },
  { fault: 'rowReferenced', states: anyState, act: refer },
];

const steps = ['settle', 'settleByStatus', 'merge', 'mergeByCode', 'expire', 'archive', 'log', 'late'] as const;

/** Which step comes next for a row in each state. */
const nextSteps: Partial<Readonly<Record<RowState, readonly Minded[]>>> = {
  waiting: ['claim'],
  claimed: ['settle', 'settleByStatus'],
  sent: ['merge', 'mergeByCode', 'expire'],
  reported: ['archive', 'log'],
};

/** Often the step that comes next, because few rows wait for long. */
function anyStep(row: RowTruth, { world, checker }: Hands): Minded {
  const found = checker.find(row)?.row;
  const next = found === undefined ? undefined : nextSteps[rowState(found)];
  return world.random.pick(next !== undefined && world.random.chance(0.5) ? next : steps);
}

async function mindLeaving(row: RowTruth, hands: Hands): Promise<void> {
  await mind(row, hands, { step: 'seal', isSilent: hands.world.random.chance(0.3), lastingShare: 0.5 });
  await banNumber(row, hands);
}

/** Of a row that the gateway has: its answer, its reports, and those that come once it is archived. */
export async function mindWhatFollows(row: RowTruth, hands: Hands): Promise<void> {
  const { random } = hands.world;
  const step = random.pick(['settle', 'settleByStatus', 'merge', 'mergeByCode', 'late', 'late'] as const);
  await mind(row, hands, { step, isSilent: random.chance(0.5), lastingShare: 0.7 });
}

/** A trigger that objects to one row's writes in one step: it raises an error, at once or at the commit, or skips the row. */
export async function mind(
  row: RowTruth,
  hands: Hands,
  { step, isSilent, lastingShare = 0.4 }: { step: Minded; isSilent: boolean; lastingShare?: number },
): Promise<void> {
  const { world } = hands;
  const { on, when } = minded[step];
  const name = `customer_${row.id}_${step.toLowerCase()}`;
  if (row.blocks.has(name)) return;
  const how = world.random.pick(isSilent ? silently(on) : loudly(on));
  const [kind, time] =
    how === 'deferred' ? ['constraint trigger', 'after'] : ['trigger', how === 'after' ? how : 'before'];
  const record = on.startsWith('insert') ? 'new' : 'old';
  await hands.run(`
    create or replace function customer_minds() returns trigger language plpgsql as $$
    begin
      if tg_argv[0] = 'null' then return null; end if;
      if tg_argv[0] = 'old' then return old; end if;
      raise exception 'customer: not this row';
    end $$;
    create ${kind} ${name} ${time} ${on} ${how === 'deferred' ? 'deferrable initially deferred' : ''}
      for each row when (${record}.etc_text_1 = '${row.id}' and ${when}) execute function customer_minds('${how}')`);
  world.tell(`customer minds ${step} of ${row.id}: ${how}`);
  const drop = `drop trigger ${name} on ${on.includes('msg_log') ? 'msg_log' : 'msg_tran'}`;
  standInTheWay(row, hands, { ...{ name, lastingShare }, goAway: () => hands.runAsOwner(drop) });
}

/** What a silent trigger returns: null, or the row as it was. */
function silently(on: string): ('null' | 'old')[] {
  return on.startsWith('update') ? ['null', 'old'] : ['null'];
}

/** When a trigger raises its error. */
function loudly(on: string): ('before' | 'after' | 'deferred')[] {
  return on.includes('msg_log') ? ['before', 'after'] : ['before', 'after', 'deferred'];
}

/** A row of another of the customer's tables references this one, which cannot be archived as long as it does. */
async function refer(row: RowTruth, hands: Hands): Promise<void> {
  const name = `customer_note of ${row.clientKey}`;
  if (row.blocks.has(name)) return;
  await hands.run('create table if not exists customer_note (message bigint references msg_tran)');
  if (
    (await hands.run('insert into customer_note select client_key from msg_tran where etc_text_1 = $1', [row.id])) === 0
  )
    return;
  hands.world.tell(`customer refers to ${row.id}`);
  standInTheWay(row, hands, {
    name,
    lastingShare: 0.2,
    goAway: () => hands.run(`delete from customer_note where message = ${row.clientKey}`),
  });
}

/** For some time, or for ever. */
function standInTheWay(
  row: RowTruth,
  hands: Hands,
  { name, goAway, lastingShare }: { name: string; goAway: () => Promise<number>; lastingShare: number },
): void {
  const { world } = hands;
  row.blocks.add(name);
  row.wasBlocked = true;
  if (world.random.chance(lastingShare)) return;
  hands.later(world.random.between(2_000, 120_000), async () => {
    await goAway();
    row.blocks.delete(name);
    world.tell(`customer no longer minds ${row.id}`);
  });
}
