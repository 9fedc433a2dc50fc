import { parseRecord, type SendQueueClient, sqsSendQueue } from '../../functions/aws/send-queue.ts';
import { type Priority, priorities } from '../../functions/message/priority.ts';
import type { SendQueue } from '../../functions/pipeline/collect.ts';
import { records } from '../../functions/settings/sizes.ts';
import { timing } from '../../functions/settings/timing.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

interface StoredRecord {
  readonly body: string;
  visibleAt: number;
  receives: number;
}

/** As in the template's event source mappings. */
const maximumConcurrency = 2;

export interface SimulatedQueueOptions {
  readonly world: World;
  /** Called with every entry, and with what the agent's client says. */
  readonly onSaid: (what: unknown) => void;
  /** Starts a sender with these batches; returns which failed, or undefined if it died. */
  readonly invoke: (batchIds: readonly string[], onEnd: (failed: readonly string[] | undefined) => void) => void;
}

/** Three SQS queues with their event source mappings: delivery at least once, in any order, sometimes late. */
export class SimulatedQueue {
  readonly #options: SimulatedQueueOptions;
  readonly #lanes: Readonly<Record<Priority, { records: StoredRecord[]; running: number }>>;

  constructor(options: SimulatedQueueOptions) {
    this.#options = options;
    const lane = () => ({ records: [], running: 0 });
    this.#lanes = { veryfast: lane(), fast: lane(), slow: lane() };
  }

  /** A collector's access to it, through the agent's own client. */
  connect(process: Process): SendQueue {
    const urls = { veryfast: 'veryfast', fast: 'fast', slow: 'slow' } as const;
    const client: SendQueueClient = {
      send: ({ input }) =>
        process.call({ thereMs: this.#options.world.random.between(2, 20), backMs: 5 }, () =>
          this.#store(priorities.find((name) => name === input.QueueUrl) ?? 'slow', input.Entries ?? []),
        ),
    };
    return sqsSendQueue(client, urls, this.#options.onSaid);
  }

  get isEmpty(): boolean {
    return Object.values(this.#lanes).every(({ records }) => records.length === 0);
  }

  /** Loses everything that is queued. */
  wipe(): void {
    for (const lane of Object.values(this.#lanes)) lane.records.length = 0;
  }

  #store(
    priority: Priority,
    entries: readonly {
      Id?: string | undefined;
      MessageBody?: string | undefined;
      DelaySeconds?: number | undefined;
    }[],
  ) {
    const { faults, random } = this.#options.world;
    this.#options.onSaid(entries);
    if (faults.strikes('queueErrorBefore')) throw new Error('SQS: simulated');
    const refused = entries.filter(() => faults.strikes('queueEntryRefused'));
    for (const { MessageBody = '', DelaySeconds = 0 } of entries.filter((entry) => !refused.includes(entry))) {
      const delayMs = DelaySeconds * 1000 + (faults.strikes('recordDelayed') ? random.between(1, 90) * 1000 : 0);
      this.#add(priority, MessageBody, delayMs);
      if (faults.strikes('recordDuplicated')) this.#add(priority, MessageBody, delayMs + random.between(0, 60_000));
    }
    if (faults.strikes('queueErrorAfter')) throw new Error('SQS: simulated');
    return { Failed: refused.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })) };
  }

  #add(priority: Priority, body: string, delayMs: number): void {
    const { world } = this.#options;
    this.#lanes[priority].records.push({ body, visibleAt: world.now + delayMs, receives: 0 });
    world.after(delayMs + world.random.between(5, 100), () => this.#poll(priority));
  }

  #poll(priority: Priority): void {
    const { world } = this.#options;
    const lane = this.#lanes[priority];
    const visible = lane.records.filter(({ visibleAt }) => visibleAt <= world.now);
    if (visible.length === 0 || lane.running >= maximumConcurrency) return;
    if (world.faults.strikes('recordsDisordered')) visible.reverse();
    const taken = visible.slice(0, records.perInvocation);
    for (const record of taken) this.#receive(priority, record);
    lane.running += 1;
    const batchIds = taken.map(({ body }) => parseRecord(body).batchId);
    this.#options.invoke(batchIds, (failed) => {
      lane.running -= 1;
      const done = taken.filter(({ body }) => failed !== undefined && !failed.includes(parseRecord(body).batchId));
      const deleted = done.filter(() => !world.faults.strikes('recordDeleteLost'));
      lane.records = lane.records.filter((record) => !deleted.includes(record));
      this.#poll(priority);
    });
    this.#poll(priority);
  }

  /** Hides the record for a time; after its last receipt it goes to the dead-letter queue, and only the sweep finds its batch. */
  #receive(priority: Priority, record: StoredRecord): void {
    const { world } = this.#options;
    record.receives += 1;
    record.visibleAt = world.now + timing.visibilitySeconds * 1000;
    world.after(timing.visibilitySeconds * 1000 + 1, () => {
      const lane = this.#lanes[priority];
      if (record.receives >= records.mostReceives) lane.records = lane.records.filter((other) => other !== record);
      this.#poll(priority);
    });
  }
}
