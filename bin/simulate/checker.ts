import type pg from 'pg';
import type { Ledger, RowTruth } from './ledger.ts';
import { type Snapshot, type SnapshotBatch, SnapshotReader, type SnapshotRow } from './snapshot.ts';
import { Violation, type World } from './world.ts';

/** Looks at the tables after each statement, and says what of the invariants does not hold. */
export class Checker {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #reader: SnapshotReader;
  #last: Snapshot = { rows: [], batches: [], reports: 0 };

  constructor(world: World, ledger: Ledger, client: pg.Client) {
    this.#world = world;
    this.#ledger = ledger;
    this.#reader = new SnapshotReader(client);
  }

  get last(): Snapshot {
    return this.#last;
  }

  /** After a statement, the agent's or the customer's. */
  async look(): Promise<void> {
    const before = this.#last;
    this.#last = await this.#reader.read();
    if (this.#last === before) return;
    try {
      this.#checkRows(before);
      this.#noteBatches(before);
    } catch (error) {
      this.#world.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #checkRows(before: Snapshot): void {
    const now = byId(this.#last.rows);
    const earlier = byId(before.rows);
    for (const truth of this.#ledger.rows.values()) {
      const found = now.get(truth.id) ?? [];
      const [row] = found;
      if (found.length > 1) throw new Violation('I2', `${truth.id} is there ${found.length} times`);
      if (row === undefined) {
        if (truth.deletedAt === undefined) throw new Violation('I2', `${truth.id} is gone`);
        continue;
      }
      this.#checkRow(truth, row, earlier.get(truth.id)?.[0]);
    }
  }

  #checkRow(truth: RowTruth, row: SnapshotRow, earlier: SnapshotRow | undefined): void {
    if (row.messageKey !== null) this.#ledger.settled.add(truth.id);
    if (earlier !== undefined && row.status < earlier.status)
      throw new Violation('I5', `${truth.id} went from ${earlier.status} back to ${row.status}`);
    if (earlier?.finished && !row.finished) throw new Violation('I5', `${truth.id} is no longer finished`);
    if (row.place === 'log') this.#checkLogged(truth, row);
    if (row.status === '1' && row.batchId !== null && !this.#last.batches.some(({ id }) => id === row.batchId))
      throw new Violation('I3', `${truth.id} belongs to batch ${row.batchId}, which is gone`);
    const edge = `${stateOf(earlier)} -> ${stateOf(row)}`;
    if (stateOf(earlier) !== stateOf(row)) this.#world.saw(`row ${edge}`);
  }

  #checkLogged(truth: RowTruth, row: SnapshotRow): void {
    if (row.status !== '4') throw new Violation('I2', `${truth.id} is logged with msg_status ${row.status}`);
    if (!row.finished) throw new Violation('I3', `${truth.id} is logged before it is finished`);
    if (truth.month !== undefined && row.month !== truth.month)
      throw new Violation('I2', `${truth.id} is in the log of ${row.month}, not of ${truth.month}`);
    if (this.#last.batches.some(({ id, state }) => id === row.batchId && state === 'sealed'))
      throw new Violation('I3', `${truth.id} is logged while its batch is in doubt`);
  }

  /** Nobody else gets a batch while the lease of its sender runs. */
  #checkLease(batch: SnapshotBatch, earlier: SnapshotBatch | undefined): void {
    const heldUntil = earlier?.leaseUntil ?? Number.NEGATIVE_INFINITY;
    if (earlier !== undefined && batch.attempts > earlier.attempts && heldUntil > this.#world.now)
      throw new Violation('I1', `batch ${batch.id} is leased while another sender holds it`);
  }

  #noteBatches(before: Snapshot): void {
    const earlier = new Map(before.batches.map((batch) => [batch.id, batch]));
    const now = new Map(this.#last.batches.map((batch) => [batch.id, batch]));
    for (const batch of this.#last.batches) {
      this.#checkLease(batch, earlier.get(batch.id));
      for (const edge of edgesOf(earlier.get(batch.id), batch)) this.#world.saw(`batch ${edge}`);
    }
    for (const batch of before.batches) if (!now.has(batch.id)) this.#world.saw(`batch ${batch.state} -> gone`);
  }
}

function edgesOf(earlier: SnapshotBatch | undefined, batch: SnapshotBatch): string[] {
  if (earlier === undefined) return ['new -> claimed'];
  if (earlier.state !== batch.state) return [`${earlier.state} -> ${batch.state}`];
  if (earlier.attempts < batch.attempts) return [`${batch.state} leased`];
  return [];
}

function stateOf(row: SnapshotRow | undefined): string {
  if (row === undefined) return 'new';
  if (row.status === '1') return row.batchId === null ? 'waiting' : 'claimed';
  return { '2': 'sent', '3': 'reported', '4': 'complete' }[row.status] ?? row.status;
}

function byId(rows: readonly SnapshotRow[]): Map<string, SnapshotRow[]> {
  const found = new Map<string, SnapshotRow[]>();
  for (const row of rows) found.set(row.id, [...(found.get(row.id) ?? []), row]);
  return found;
}
