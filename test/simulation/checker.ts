import type pg from 'pg';
import type { Moment } from './edges.ts';
import type { Ledger } from './ledger.ts';
import { checkFinished, checkUnreported, momentOf, noteTimes } from './row-checks.ts';
import { emptySnapshot, type Snapshot, type SnapshotBatch, SnapshotReader, type SnapshotRow } from './snapshot.ts';
import {
  batchEdges,
  batchEdgesBetween,
  batchState,
  isHandedOver,
  rankOf,
  rowEdge,
  rowEdges,
  rowState,
} from './state-chart.ts';
import { monthOf, type RowTruth } from './truth.ts';
import { Violation, type World } from './world.ts';

export interface CheckerOptions {
  readonly world: World;
  readonly ledger: Ledger;
  readonly client: pg.Client;
  /** Most messages claimed and not yet sent. */
  readonly openLimit: number;
}

/** Looks at the tables after each statement and reports which invariant does not hold. */
export class Checker {
  readonly #options: CheckerOptions;
  readonly #reader: SnapshotReader;
  #last: Snapshot = emptySnapshot;
  #lastAt = 0;
  /** The row that each entry of what is put aside was made for. */
  readonly #asideFor = new Map<string, string>();

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#reader = new SnapshotReader(options.client);
  }

  get last(): Snapshot {
    return this.#last;
  }

  /** After a statement, the agent's (of this name) or the customer's. */
  async look(statement?: string): Promise<void> {
    const { world } = this.#options;
    const before = { snapshot: this.#last, at: this.#lastAt };
    this.#last = await this.#reader.read();
    if (this.#last === before.snapshot) return;
    this.#lastAt = world.now;
    try {
      this.#checkRows(before.snapshot, statement);
      this.#checkBatches(before, statement);
      this.#checkAside(before.snapshot, statement);
    } catch (error) {
      world.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Where this row is now, and whether it is too late to change what is sent of it. */
  find({ id }: RowTruth): { row: SnapshotRow; isHandedOver: boolean } | undefined {
    const row = this.#last.rows.find((one) => one.id === id);
    return row && { row, isHandedOver: isHandedOver(row, this.#last.batches) };
  }

  /** When a sender begins a call, the batch must be sealed under this key, unless it has been settled meanwhile. */
  checkCall(batchId: string, idempotencyKey: string): void {
    const batch = this.#last.batches.find(({ id }) => id === batchId);
    if (batch === undefined || (batch.state === 'sealed' && batch.key === idempotencyKey)) return;
    this.#options.world.fail(new Violation('I1', `batch ${batchId} is sent though it is not sealed under its key`));
  }

  /** After a statement of a sender that no longer has this batch. */
  checkUntouched(batch: SnapshotBatch): void {
    const found = this.#last.batches.find(({ id }) => id === batch.id);
    if (JSON.stringify(found) !== JSON.stringify(batch))
      this.#options.world.fail(
        new Violation('I1', `batch ${batch.id} is given back by a sender that no longer has it`),
      );
  }

  #checkRows(before: Snapshot, statement: string | undefined): void {
    const now = byId(this.#last.rows);
    const earlier = byId(before.rows);
    for (const truth of this.#options.ledger.rows.values()) {
      const found = now.get(truth.id) ?? [];
      const [row] = found;
      const [old] = earlier.get(truth.id) ?? [];
      if (found.length > 1) throw new Violation('I2', `${truth.id} is there ${found.length} times`);
      if (row === undefined && truth.deletedAt === undefined) throw new Violation('I2', `${truth.id} is gone`);
      if (row !== undefined) this.#checkRow(truth, row, old);
      if (row !== undefined || old !== undefined) this.#noteRow(truth, { old, row, statement });
    }
  }

  #checkRow(truth: RowTruth, row: SnapshotRow, earlier: SnapshotRow | undefined): void {
    if (earlier !== undefined && rankOf(row) < rankOf(earlier))
      throw new Violation('I5', `${truth.id} went from ${earlier.status} back to ${row.status}`);
    if (earlier?.finished && !row.finished) throw new Violation('I5', `${truth.id} is no longer finished`);
    const isClaimedNow = rowState(row) === 'claimed' && earlier?.batchId === null;
    if (isClaimedNow && truth.dueAt > this.#options.world.now + 1)
      throw new Violation('I7', `${truth.id} is claimed before its time`);
    if (isClaimedNow && truth.isHeld) throw new Violation('I7', `${truth.id} is claimed though held`);
    if (row.unreported && !earlier?.unreported) this.#noteUnreported(truth, row);
    if (row.finished && !earlier?.finished) checkFinished(truth);
    if (row.place === 'log') this.#checkLogged(truth, row, earlier);
    if (rowState(row) !== 'claimed') return;
    const batch = this.#last.batches.find(({ id }) => id === row.batchId);
    // A seal may have to leave a member behind because it cannot write it.
    const isStray = this.#last.aside.some(({ clientKey, step }) => clientKey === row.clientKey && step === 'seal');
    if (!batch?.members.includes(row.clientKey) && !isStray)
      throw new Violation('I3', `${truth.id} is in batch ${row.batchId}, which ${batch ? 'has it not' : 'is gone'}`);
  }

  #checkLogged(truth: RowTruth, row: SnapshotRow, earlier: SnapshotRow | undefined): void {
    if (row.status !== '4') throw new Violation('I2', `${truth.id} is logged with msg_status ${row.status}`);
    if (!row.finished) throw new Violation('I3', `${truth.id} is logged before it is finished`);
    if (earlier?.place !== 'log') this.#checkMonth(truth, row);
    const batch = this.#last.batches.find(({ id, state }) => id === row.batchId && state === 'sealed');
    if (batch?.members.includes(row.clientKey) && !row.answered)
      throw new Violation('I3', `${truth.id} is logged while its batch is in doubt`);
  }

  /** The month of its request_date; or of its end, if it ended unsent or without a result and has no table, or its date is not usable. */
  #checkMonth(truth: RowTruth, row: SnapshotRow): void {
    const { now } = this.#options.world;
    const own = monthOf(truth.dueAt);
    const isFarAhead = truth.dueAt > now + 28 * 86_400_000;
    const hasTable = own !== undefined && this.#last.months.includes(own);
    const isUnsent = truth.accepted.length === 0 || row.unreported;
    const isOfItsEnd = !hasTable && (isUnsent || own === undefined || isFarAhead);
    const wanted = isOfItsEnd ? monthOf(now) : own;
    if (row.month !== wanted) throw new Violation('I2', `${truth.id} is in the log of ${row.month}, not of ${wanted}`);
  }

  #noteUnreported(truth: RowTruth, row: SnapshotRow): void {
    checkUnreported(truth, row);
    truth.unreportedAt ??= this.#options.world.now;
    this.#options.world.saw('nobody knows what became of a message' satisfies Moment);
  }

  #noteRow(
    truth: RowTruth,
    {
      old,
      row,
      statement,
    }: { old: SnapshotRow | undefined; row: SnapshotRow | undefined; statement?: string | undefined },
  ): void {
    const { world } = this.#options;
    const edge = rowEdge(old, row);
    if (edge === undefined) return;
    if (!isOneOf(rowEdges, edge)) throw new Violation('I5', `${truth.id} went ${edge}, which is not on the chart`);
    world.saw(`row ${edge}`);
    if (row !== undefined) noteTimes(truth, row, world.now);
    if (edge === 'claimed -> sent' && statement === 'settleBatch' && row?.batchId)
      this.#options.ledger.writeAcceptance(row.batchId);
    if (old?.unreported && statement?.startsWith('merge')) world.saw('a result after E931' satisfies Moment);
    const moment = momentOf(edge, statement);
    if (moment !== undefined) world.saw(moment);
    if (edge === 'claimed -> reported' && statement === 'sealBatch') this.#noteBan(truth, old?.batchId ?? '');
    const isRefusal = truth.refusedAt !== undefined && edge === 'claimed -> reported' && statement === 'settleBatch';
    if (isRefusal) world.saw('the one refused member ends' satisfies Moment);
    if (row?.place === 'log' && truth.wasBlocked && edge !== 'complete -> complete')
      world.saw('a row that was in the way goes on' satisfies Moment);
  }

  /** For a member that left at the seal. */
  #noteBan({ number, times }: RowTruth, batchId: string): void {
    const { ledger, world } = this.#options;
    times.leased = ledger.leasedAt(batchId) ?? world.now;
    const [before, now] = [times.leased, world.now].map((at) => ledger.bans.isBanned(`number ${number}`, at));
    if (now && !before) ledger.saw('a number is banned between the lease and the seal');
  }

  /** Only rows that the customer has blocked may be put aside: nobody else writes at the same time. */
  #checkAside(before: Snapshot, statement: string | undefined): void {
    const { world, ledger } = this.#options;
    for (const { clientKey, step, since } of this.#last.aside) {
      // A late one is about rows in the log, which may have one client_key, and names their batches.
      if (step !== 'late') this.#checkOwner(clientKey, `${step} since ${since}`);
      if (before.aside.some((entry) => entry.clientKey === clientKey && entry.step === step)) continue;
      const truths = [...ledger.rows.values()].filter(({ keys }) => keys.has(clientKey));
      if (!truths.some(({ wasBlocked }) => wasBlocked))
        throw new Violation(
          'I10',
          `${truths.map(({ id }) => id)} is put aside at ${step} by ${statement}, and nothing is in its way`,
        );
      world.saw(`put aside: ${step}`);
    }
  }

  /** An entry goes with its row; with nobody writing at the same time, at once. */
  #checkOwner(clientKey: string, what: string): void {
    const row = this.#last.rows.find((one) => one.place === 'tran' && one.clientKey === clientKey);
    const owner = this.#asideFor.get(`${clientKey} ${what}`) ?? row?.id;
    if (owner === undefined || row?.id !== owner)
      throw new Violation('I10', `${owner} was put aside at ${what}, which now counts for ${row?.id ?? 'no row'}`);
    this.#asideFor.set(`${clientKey} ${what}`, owner);
  }

  #checkBatches(before: { snapshot: Snapshot; at: number }, statement: string | undefined): void {
    const { world, ledger } = this.#options;
    const earlier = new Map(before.snapshot.batches.map((batch) => [batch.id, batch]));
    const now = new Map(this.#last.batches.map((batch) => [batch.id, batch]));
    // Half of a split batch is new too, and a batch that was in doubt at the last claim may be open again by now.
    const isClaim = statement !== 'splitBatch' && this.#last.batches.some(({ id }) => !earlier.has(id));
    if (isClaim) this.#checkOpen();
    for (const id of new Set([...earlier.keys(), ...now.keys()])) {
      const [old, batch] = [earlier.get(id), now.get(id)];
      if (old !== undefined && batch !== undefined) this.#checkBatch(old, batch);
      const edges = batchEdgesBetween(old && { batch: old, at: before.at }, { batch, at: world.now });
      for (const edge of edges) {
        if (!isOneOf(batchEdges, edge))
          throw new Violation('I1', `batch ${id} went ${edge}, which is not on the chart`);
        world.saw(`batch ${edge}`);
        if (edge === 'sealed -> claimed' && statement === 'splitBatch') {
          world.saw('a refused request is halved' satisfies Moment);
          if (old?.members.length === 1) ledger.putOff(id);
          else ledger.halve(old?.members ?? []);
        }
        const isTold = edge === 'in doubt -> gone' && statement === 'sweepBatches';
        if (isTold) world.saw('a batch closed by its reports' satisfies Moment);
      }
    }
  }

  #checkBatch(old: SnapshotBatch, batch: SnapshotBatch): void {
    // No other sender gets a batch while the lease runs.
    const isHeld = (old.leaseUntil ?? Number.NEGATIVE_INFINITY) > this.#options.world.now;
    if (batch.attempts > old.attempts && isHeld)
      throw new Violation('I1', `batch ${batch.id} is leased while another sender holds it`);
    const fixed = ({ key, requestHash, members }: SnapshotBatch) => JSON.stringify([key, requestHash, members]);
    if (old.state === 'sealed' && batch.state === 'sealed' && fixed(old) !== fixed(batch))
      throw new Violation('I1', `batch ${batch.id} was changed after it was sealed`);
  }

  /** After a claim. */
  #checkOpen(): void {
    const { world, openLimit } = this.#options;
    const open = this.#last.batches.filter((batch) => batchState(batch, world.now) !== 'in doubt');
    const messageCount = open.reduce((sum, { members }) => sum + members.length, 0);
    if (messageCount > openLimit)
      throw new Violation('I6', `${messageCount} messages are claimed and not sent, expected at most ${openLimit}`);
  }
}

function isOneOf(edges: readonly string[], edge: string): boolean {
  return edges.includes(edge);
}

function byId(rows: readonly SnapshotRow[]): Map<string, SnapshotRow[]> {
  const found = new Map<string, SnapshotRow[]>();
  for (const row of rows) found.set(row.id, [...(found.get(row.id) ?? []), row]);
  return found;
}
