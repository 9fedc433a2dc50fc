import type pg from 'pg';
import type { Checker } from './checker.ts';
import { timeZone } from './database.ts';
import { drafted, type Plan, randomPlan } from './drafts.ts';
import type { SimulatedFiles } from './files.ts';
import { type Habit, type Hands, isOfCustomer } from './habit.ts';
import { canGiveUp, giveUp, habits, removeForAnother, thinkAgain } from './habits.ts';
import { mind, mindWhatFollows } from './habits-blocks.ts';
import {
  addColumn,
  type Copied,
  copyBack,
  presetColumns,
  presetStatus,
  release,
  validitySeconds,
} from './habits-inserts.ts';
import type { Ledger } from './ledger.ts';
import type { ReportDesk } from './report-desk.ts';
import { rowState } from './state-chart.ts';
import { newTruth, type RowTruth } from './truth.ts';
import type { World } from './world.ts';

export interface CustomerParts {
  readonly world: World;
  readonly ledger: Ledger;
  readonly checker: Checker;
  readonly client: pg.Client;
  /** Does what takes the owner of a table. */
  readonly master: pg.Client;
  readonly desk: ReportDesk;
  readonly files: SimulatedFiles;
}

/** Above 2^53, so that a key that was turned into a number somewhere no longer matches. */
const firstKey = 9_007_199_254_741_000n;

const anyTime: Plan = { dueInMs: 0, ttl: null, isMalformed: false };

/** A customer who inserts rows, changes them later, and has habits of all kinds, all by SQL. */
export class Customer {
  readonly #parts: CustomerParts;
  readonly #hands: Hands & { query: (sql: string, values: readonly unknown[]) => Promise<Copied[]> };
  #count = 0;
  #keyCount = 0;
  /** What it still has to do, even after the faults have stopped. */
  #pending = 0;
  #hasInserted = false;
  #hasColumn = false;
  /** Whether its messages are valid for longer than the gateway remembers a key. */
  readonly #isPatient: boolean;

  constructor(parts: CustomerParts) {
    this.#parts = parts;
    this.#isPatient = parts.world.random.chance(0.3);
    const { world, ledger, checker, client, master } = parts;
    this.#hands = {
      ...{ world, ledger, checker },
      run: (sql, values = []) => this.#run(client, sql, values),
      runAsOwner: (sql) => this.#run(master, sql, []),
      query: async (sql, values) => (await client.query(sql, [...values])).rows,
      later: (ms, act) => this.#later(ms, act),
      newKey: () => this.#newKey(),
    };
  }

  /** Whether it has done everything it wanted to do. */
  get isDone(): boolean {
    return this.#hasInserted && this.#pending === 0;
  }

  /** Inserts this many rows in bursts over the first minute, and meddles until the faults stop. */
  start(messages: number): void {
    const { world } = this.#parts;
    let left = messages;
    // Some send a campaign all at once: only then do calls queue up for slots.
    const mostAtOnce = world.random.pick([15, 60]);
    world.after(0, () => this.#parts.files.insert());
    const burst = async () => {
      const count = Math.min(left, world.random.integer(1, mostAtOnce));
      for (let i = 0; i < count; i++) await this.#insert(randomPlan(this.#parts.world.random, this.#isPatient));
      left -= count;
      this.#hasInserted = left === 0;
      if (left > 0) world.after(world.random.between(500, 20_000), burst);
    };
    world.after(world.random.between(0, 2_000), burst);
    world.after(world.random.between(1_000, 10_000), () => this.#meddle());
  }

  /** Call this when a sender has leased a batch: it seals soon, and some customers change its rows just then. */
  mayInterfere(batchId: string): void {
    const { world } = this.#parts;
    if (!world.faults.over && world.random.chance(0.15))
      world.after(world.random.between(0, world.random.pick([10, 50])), () => this.#meddleOnce(batchId));
  }

  /** Call this when the gateway refuses a request because of this row: it is halved soon, and some triggers object to that. */
  mayMindHalving(row: RowTruth): void {
    const { world } = this.#parts;
    if (!world.faults.strikes('halvingMinded')) return;
    const isSilent = world.random.chance(0.25);
    world.after(0, () => mind(row, this.#hands, { step: 'split', isSilent }));
  }

  /** Call this when a call never reaches the gateway: its rows are sealed, and some customers change one just then. */
  mayThinkAgain(row: RowTruth): void {
    const { world, checker } = this.#parts;
    if (!world.faults.strikes('unsentRowChanged')) return;
    world.after(0, async () => {
      await thinkAgain(row, this.#hands);
      await checker.look();
    });
  }

  /** Call this when the gateway has a call and its sender no answer yet: some customers replace one of its rows just then. */
  mayReplace(row: RowTruth): void {
    const { world } = this.#parts;
    if (!world.faults.strikes('rowReplaced')) return;
    world.after(0, async () => {
      if (await removeForAnother(row, this.#hands)) await this.#insert(anyTime, row.clientKey);
    });
  }

  /** Call this at the same moment: some triggers object to what the agent writes next. */
  mayMindTheAnswer(row: RowTruth): void {
    const { world } = this.#parts;
    if (!world.faults.strikes('answerMinded')) return;
    row.isMeddledWith = true;
    world.after(0, () => mindWhatFollows(row, this.#hands));
    // Most are archived by then.
    this.#later(world.random.between(40_000, 120_000), async () => this.#parts.desk.repeat(row));
  }

  /** Call this when the gateway knows nothing of this row, and its time is over: some triggers object to its end. */
  mayMindTheLoss(row: RowTruth): void {
    const { world } = this.#parts;
    if (!world.faults.strikes('inquiryMinded')) return;
    const isSilent = world.random.chance(0.7);
    world.after(0, () => mind(row, this.#hands, { step: 'expire', isSilent, lastingShare: 0.7 }));
  }

  async #insert(plan: Plan, reusedKey?: string): Promise<void> {
    const { world, client, checker, files } = this.#parts;
    const { id, clientKey } = this.#newRow(reusedKey);
    const draft = drafted(plan, { id, clientKey, count: this.#count, hands: this.#hands });
    const status = presetStatus(this.#hands);
    const orderNo = this.#hasColumn ? `order ${id}` : null;
    const own = { ...(orderNo && { order_no: orderNo }), ...presetColumns(this.#hands) };
    const fileKey = draft.truth.chain.includes('mms') ? await files.keyFor(id) : null;
    const values = {
      ...draft.values,
      ...(fileKey && { mt_file_key: fileKey }),
      ttl: plan.ttl,
      msg_status: status,
      ...own,
    };
    const dueAt = Math.round(world.now + plan.dueInMs);
    const columns = Object.keys(values);
    await client.query(
      `insert into msg_tran (${columns.join(', ')}, request_date) values (${columns.map((_, index) => `$${index + 1}`).join(', ')},
         to_timestamp(${dueAt} / 1000.0) at time zone '${timeZone}')`,
      Object.values(values),
    );
    const times = { dueAt, expiresAt: dueAt + (plan.ttl ?? validitySeconds) * 1000 };
    const truth = newTruth({ id, clientKey, orderNo, ...draft.truth, ...times }, world.now);
    truth.endedAt = status === '3' ? world.now : undefined;
    truth.isHeld = !['1', '3'].includes(status);
    // It may have to wait for its file.
    truth.isMeddledWith = status !== '1' || fileKey !== null;
    this.#parts.ledger.insert(truth);
    world.tell(`customer inserts ${id} as ${status}`);
    await checker.look();
    if (truth.isHeld && world.random.chance(0.8))
      this.#later(world.random.between(1_000, 60_000), () => release(truth, this.#hands));
  }

  #newRow(reusedKey?: string): { id: string; clientKey: string } {
    this.#count += 1;
    return { id: `r${this.#count}x`, clientKey: reusedKey ?? this.#newKey() };
  }

  #newKey(): string {
    this.#keyCount += 1;
    return String(firstKey + BigInt(this.#keyCount));
  }

  #meddle(): void {
    const { world } = this.#parts;
    if (world.faults.over) return;
    world.after(world.random.between(1_000, 8_000), async () => {
      if (!this.#hasColumn) this.#hasColumn = await addColumn(this.#hands);
      await this.#meddleOnce();
      await this.#reuse();
      await this.#replaceAside();
      await this.#copyBack();
      this.#meddle();
    });
  }

  /** On rows of this batch, or on any. */
  async #meddleOnce(batchId?: string): Promise<void> {
    for (const habit of habits) await this.#meddleWith(habit, batchId);
  }

  /** On any row that the habit is about, if it strikes; now and then on one that has been meddled with before. */
  async #meddleWith({ fault, states, act, isPreferred, isHarmless }: Habit, batchId?: string): Promise<void> {
    const { world, ledger, checker } = this.#parts;
    const { random } = world;
    const rows = checker.last.rows.filter(
      (row) => states.includes(rowState(row)) && (batchId ?? row.batchId) === row.batchId,
    );
    if (rows.length === 0 || !world.faults.strikes(fault)) return;
    const truths = rows.flatMap(({ id }) => ledger.rows.get(id) ?? []);
    const isSecond = random.chance(0.3);
    const preferred = truths.filter((row) => isPreferred?.(row, world.now) ?? (isSecond && row.isMeddledWith));
    const row = random.pick(preferred.length > 0 ? preferred : truths);
    row.isMeddledWith ||= isHarmless !== true;
    await act(row, this.#hands);
    await checker.look();
  }

  /** Customers reuse a client_key once its row is archived. */
  async #reuse(): Promise<void> {
    const { world } = this.#parts;
    const free = this.#archived();
    if (free.length === 0 || !world.faults.strikes('keyReused')) return;
    const { clientKey } = world.random.pick(free);
    await this.#insert(anyTime, clientKey);
    this.#parts.desk.repeatFor(clientKey);
  }

  /** Some give up on a row that does not move: they remove it, or give it another key, and insert another under its key. */
  async #replaceAside(): Promise<void> {
    const { world, ledger, checker } = this.#parts;
    const aside = new Set(checker.last.aside.map(({ clientKey }) => clientKey));
    const rows = checker.last.rows.filter((row) => aside.has(row.clientKey) && canGiveUp.includes(rowState(row)));
    const truths = rows.flatMap(({ id }) => ledger.rows.get(id) ?? []);
    if (truths.length === 0 || !world.faults.strikes('asideReplaced')) return;
    const freed = await giveUp(world.random.pick(truths), this.#hands);
    if (freed !== undefined) await this.#insert(anyTime, freed);
  }

  async #copyBack(): Promise<void> {
    const { world, checker } = this.#parts;
    const logged = new Set(checker.last.rows.filter(({ place }) => place === 'log').map(({ id }) => id));
    const rows = this.#archived().filter(({ id }) => logged.has(id));
    if (rows.length === 0 || !world.faults.strikes('rowCopiedBack')) return;
    const row = world.random.pick(rows);
    await copyBack(row, this.#newRow(row.clientKey), this.#hands);
    this.#parts.desk.repeatFor(row.clientKey);
  }

  /** Rows whose client_key has left msg_tran. */
  #archived(): RowTruth[] {
    const { ledger, checker } = this.#parts;
    const taken = new Set(checker.last.rows.filter(({ place }) => place === 'tran').map(({ clientKey }) => clientKey));
    return [...ledger.rows.values()].filter(({ clientKey }) => !taken.has(clientKey));
  }

  /** Some of its statements are stopped by its own triggers and foreign keys, or by the guard. */
  async #run(client: pg.Client, sql: string, values: readonly unknown[]): Promise<number> {
    try {
      return (await client.query(sql, [...values])).rowCount ?? 0;
    } catch (error) {
      if (error instanceof Error && isOfCustomer(error.message)) return 0;
      throw error;
    }
  }

  #later(ms: number, act: () => Promise<void>): void {
    const { world, checker } = this.#parts;
    this.#pending += 1;
    world.after(ms, async () => {
      await act();
      await checker.look();
      this.#pending -= 1;
    });
  }
}
