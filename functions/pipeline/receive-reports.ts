import type { Report } from '../message/report.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { backoffSeconds } from './backoff.ts';
import { type StorableReport, toStorable } from './storable-report.ts';

/** What the receiver needs of a gateway. */
export interface ReportGateway {
  /** Opens the stream. Batches that an earlier stream of this subscription did not acknowledge come again. */
  openReports(subscription: string): ReportStream;
}

/**
 * An open report stream. Iterating ends when the stream was closed, by us or in good order by the gateway, and throws
 * when it broke or fell silent.
 */
export interface ReportStream extends AsyncIterable<ReportEvent> {
  /** Says that a batch is stored for good. */
  acknowledge(batchId: string): void;
  /** Ends the stream. Batches not acknowledged come again on the next one. */
  close(): void;
}

export type ReportEvent =
  | { readonly type: 'reports'; readonly batchId: string; readonly reports: readonly Report[] }
  | { readonly type: 'heartbeat' };

/** What the receiver needs of the database. */
export interface ReportStore {
  /** Stores reports for good; one that is stored already is passed over. */
  store(reports: readonly StorableReport[]): Promise<void>;
  /** Takes or renews the right to hold the stream; false if another receiver has it. */
  holdLease(holder: string): Promise<boolean>;
  dropLease(holder: string): Promise<void>;
}

export interface ReceivePorts {
  readonly gateway: ReportGateway;
  readonly store: ReportStore;
  readonly clock: { now(): number; sleep(ms: number, signal: AbortSignal): Promise<void>; random(): number };
  readonly onEvent: (event: ReceiveEvent) => void;
}

/** What happened, for whoever logs it. */
export type ReceiveEvent =
  | { readonly type: 'active' | 'standby' | 'heartbeat' | 'ended' }
  | { readonly type: 'stored'; readonly reports: number; readonly unusable: number }
  | { readonly type: 'failed'; readonly error: unknown; readonly retryInSeconds: number };

export interface ReceiveSettings {
  readonly subscription: string;
  /** Names this receiver among others. */
  readonly holder: string;
}

/** Holds the report stream until told to stop; then what is being stored is acknowledged before it returns. */
export async function receiveReports(ports: ReceivePorts, settings: ReceiveSettings, stop: AbortSignal): Promise<void> {
  let failures = 0;
  let wasStandby = false;
  while (!stop.aborted) {
    try {
      if (await ports.store.holdLease(settings.holder)) {
        wasStandby = false;
        ports.onEvent({ type: 'active' });
        await holdStream(ports, settings, stop);
        failures = 0;
        ports.onEvent({ type: 'ended' });
      } else {
        if (!wasStandby) ports.onEvent({ type: 'standby' });
        wasStandby = true;
      }
      await ports.clock.sleep(retryLeaseMs, stop);
    } catch (error) {
      const retryInSeconds = backoffSeconds(failures, ports.clock.random());
      failures += 1;
      ports.onEvent({ type: 'failed', error, retryInSeconds });
      await ports.clock.sleep(retryInSeconds * 1000, stop);
    }
  }
  await ports.store.dropLease(settings.holder);
}

/** With a lease of 24 s, a second receiver takes over within 27. */
const retryLeaseMs = 3_000;

/**
 * Reads one stream to its end. Batches are gathered for a moment and stored in one statement. The right to the stream is
 * renewed on the way: heartbeats come every ten seconds.
 */
async function holdStream(ports: ReceivePorts, settings: ReceiveSettings, stop: AbortSignal): Promise<void> {
  const stream = ports.gateway.openReports(settings.subscription);
  const close = () => stream.close();
  stop.addEventListener('abort', close, { once: true });
  // It may have come while the lease was taken: then nobody hears of it again.
  if (stop.aborted) close();
  let renewedAt = ports.clock.now();
  try {
    for await (const events of gathered(stream, ports.clock)) {
      if (ports.clock.now() - renewedAt > (timing.receiverLeaseSeconds * 1000) / 3) {
        if (!(await ports.store.holdLease(settings.holder))) return;
        renewedAt = ports.clock.now();
      }
      if (events.some((event) => event.type === 'heartbeat')) ports.onEvent({ type: 'heartbeat' });
      await storeBatches(
        events.filter((event) => event.type === 'reports'),
        stream,
        ports,
      );
    }
  } finally {
    stop.removeEventListener('abort', close);
    stream.close();
  }
}

/** How long the first report waits for others: each statement is billed, and carriers report one by one. */
const gatherMs = 1_000;

/** The events of a stream in groups: what came within a second of the first, or a statement's worth of reports. */
async function* gathered(stream: ReportStream, clock: ReceivePorts['clock']): AsyncGenerator<ReportEvent[]> {
  const events = stream[Symbol.asyncIterator]();
  let coming = events.next();
  try {
    for (let first = await coming; !first.done; first = await coming) {
      const group: ReportEvent[] = [];
      const window = new AbortController();
      const over = clock.sleep(gatherMs, window.signal).then(() => undefined);
      let next: IteratorResult<ReportEvent> | undefined = first;
      try {
        while (next !== undefined && !next.done && reportCount(group) < sizes.store) {
          group.push(next.value);
          coming = events.next();
          next = await Promise.race([coming, over]);
        }
      } finally {
        window.abort();
        // A stream that broke: what it brought before is stored all the same, and the error comes with the next await.
        yield group;
      }
    }
  } finally {
    // Whoever breaks off, with an event on its way here, leaves the stream too: else its heartbeat goes on for ever. Not
    // awaited: it ends once the stream is closed.
    events.return?.(undefined).catch(() => undefined);
  }
}

function reportCount(events: readonly ReportEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === 'reports' ? event.reports.length : 0), 0);
}

async function storeBatches(
  batches: readonly Extract<ReportEvent, { type: 'reports' }>[],
  stream: ReportStream,
  ports: ReceivePorts,
): Promise<void> {
  if (batches.length === 0) return;
  const reports = batches.flatMap((batch) => batch.reports);
  const storable = reports.map(toStorable).filter((report) => report !== undefined);
  if (storable.length > 0) await ports.store.store(storable);
  // Only now: whatever dies before this line, the gateway delivers the batches again.
  for (const batch of batches) stream.acknowledge(batch.batchId);
  ports.onEvent({ type: 'stored', reports: storable.length, unusable: reports.length - storable.length });
}
