import type pg from 'pg';
import type { Moment } from './edges.ts';
import type { Ledger, RowTruth } from './ledger.ts';
import { type Snapshot, type SnapshotBatch, SnapshotReader, type SnapshotRow } from './snapshot.ts';
import { batchEdges, batchEdgesBetween, batchState, rowEdge, rowEdges } from './state-chart.ts';
import { Violation, type World } from './world.ts';

export interface CheckerOptions {
  readonly world: World;
  readonly ledger: Ledger;
  readonly client: pg.Client;
  /** Most messages claimed and not yet sent. */
  readonly openLimit: number;
}

/** Looks at the tables after each statement, and says what of the invariants does not hold. */
export class Checker {
  readonly #options: CheckerOptions;
  readonly #reader: SnapshotReader;
  #last: Snapshot = { rows: [], batches: [], reports: 0 };
  #lastAt = 0;

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
    } catch (error) {
      world.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** When a sender begins a call: unless it is settled meanwhile, the batch is sealed, under this key. */
  checkCall(batchId: string, idempotencyKey: string): void {
    const batch = this.#last.batches.find(({ id }) => id === batchId);
    if (batch === undefined || (batch.state === 'sealed' && batch.key === idempotencyKey)) return;
    this.#options.world.fail(new Violation('I1', `batch ${batchId} is sent though it is not sealed under its key`));
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
    if (earlier !== undefined && row.status < earlier.status)
      throw new Violation('I5', `${truth.id} went from ${earlier.status} back to ${row.status}`);
    if (earlier?.finished && !row.finished) throw new Violation('I5', `${truth.id} is no longer finished`);
    const isClaimedNow = row.status === '1' && row.batchId !== null && earlier?.batchId === null;
    if (isClaimedNow && truth.dueAt > this.#options.world.now + 1)
      throw new Violation('I7', `${truth.id} is claimed before its time`);
    if (row.finished && !earlier?.finished) checkFinished(truth);
    if (row.place === 'log') this.#checkLogged(truth, row);
    if (row.status !== '1' || row.batchId === null) return;
    const batch = this.#last.batches.find(({ id }) => id === row.batchId);
    if (!batch?.members.includes(row.clientKey))
      throw new Violation('I3', `${truth.id} is in batch ${row.batchId}, which ${batch ? 'has it not' : 'is gone'}`);
  }

  #checkLogged(truth: RowTruth, row: SnapshotRow): void {
    if (row.status !== '4') throw new Violation('I2', `${truth.id} is logged with msg_status ${row.status}`);
    if (!row.finished) throw new Violation('I3', `${truth.id} is logged before it is finished`);
    if (truth.month !== undefined && row.month !== truth.month)
      throw new Violation('I2', `${truth.id} is in the log of ${row.month}, not of ${truth.month}`);
    if (this.#last.batches.some(({ id, state }) => id === row.batchId && state === 'sealed'))
      throw new Violation('I3', `${truth.id} is logged while its batch is in doubt`);
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
    const moments: Readonly<Record<string, Moment>> = {
      sealBatch: 'a member leaves its batch before the seal',
      mergeReports: 'a report before the answer',
    };
    const moment = edge === 'claimed -> reported' ? moments[statement ?? ''] : undefined;
    if (moment !== undefined) world.saw(moment);
  }

  #checkBatches(before: { snapshot: Snapshot; at: number }, statement: string | undefined): void {
    const { world } = this.#options;
    const earlier = new Map(before.snapshot.batches.map((batch) => [batch.id, batch]));
    const now = new Map(this.#last.batches.map((batch) => [batch.id, batch]));
    if (this.#last.batches.some(({ id }) => !earlier.has(id))) this.#checkOpen();
    for (const id of new Set([...earlier.keys(), ...now.keys()])) {
      const [old, batch] = [earlier.get(id), now.get(id)];
      if (old !== undefined && batch !== undefined) this.#checkBatch(old, batch);
      const edges = batchEdgesBetween(old && { batch: old, at: before.at }, { batch, at: world.now });
      for (const edge of edges) {
        if (!isOneOf(batchEdges, edge))
          throw new Violation('I1', `batch ${id} went ${edge}, which is not on the chart`);
        world.saw(`batch ${edge}`);
        const isTold = edge === 'in doubt -> gone' && statement === 'sweepBatches';
        if (isTold) world.saw('a batch closed by its reports' satisfies Moment);
      }
    }
  }

  #checkBatch(old: SnapshotBatch, batch: SnapshotBatch): void {
    // Nobody else gets a batch while the lease of its sender runs.
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

/** By the answer; or, once it is accepted, by a delivery or by the news of the last channel. */
function checkFinished({ id, accepted, told, chain }: RowTruth): void {
  const isFinal = told.some(({ reportCode, channel }) => reportCode === '10000' || channel === chain.at(-1));
  if (accepted.length > 0 && !isFinal) throw new Violation('I3', `${id} is finished before its last channel is`);
}

function isOneOf(edges: readonly string[], edge: string): boolean {
  return edges.includes(edge);
}

function byId(rows: readonly SnapshotRow[]): Map<string, SnapshotRow[]> {
  const found = new Map<string, SnapshotRow[]>();
  for (const row of rows) found.set(row.id, [...(found.get(row.id) ?? []), row]);
  return found;
}
