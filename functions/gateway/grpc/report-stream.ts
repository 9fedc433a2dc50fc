import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { ReportEvent, ReportStream } from '../../pipeline/receive-reports.ts';
import { sizes } from '../../settings/sizes.ts';
import type { CallFailure } from './answers.ts';
import { toReports } from './from-proto.ts';
import type { ReportsRequest, ReportsResponse } from './generated/omni/gateway/v1/gateway.ts';

/** What one statement stores; the contract allows no more. */
const maxBatchSize = sizes.store;

/** How long the gateway may take to end a stream that we ended. */
const farewellMs = 2_000;

type Call = ClientDuplexStream<ReportsRequest, ReportsResponse>;

interface Opened {
  readonly call: Call;
  readonly token: string;
  close(): void;
}

export interface StreamSettings {
  readonly subscription: string;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  readonly reopenMs: number;
  readonly open: () => Promise<Opened>;
  /** Says what it was; the stream had this token, if it came so far as to open. */
  readonly onFailed: (error: unknown, token: string | undefined) => CallFailure;
  readonly onBadReport: (reason: string) => void;
}

/** The stream broke or fell silent; the gateway or the network must act, we open another. */
export class ReportStreamError extends Error {
  override readonly name = 'ReportStreamError';
}

/**
 * One report stream; it opens when iterated, once. After `close` nothing more is read, but what was read can still be
 * acknowledged until the iteration has ended: the receiver finishes what it is storing.
 */
export class GrpcReportStream implements ReportStream {
  readonly #settings: StreamSettings;
  readonly #read: ReportsResponse[] = [];
  #opened: Opened | undefined;
  #isClosed = false;
  /** Set when the gateway or the network ended the stream: null in good order. */
  #ended: ReportStreamError | null | undefined;
  #openedAt = 0;
  #wake = (): void => undefined;

  constructor(settings: StreamSettings) {
    this.#settings = settings;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReportEvent, void, undefined> {
    if (this.#isClosed) return;
    const opened = await this.#open();
    const heartbeat = setInterval(() => {
      opened.call.write({ event: { $case: 'heartbeat', value: {} } });
    }, this.#settings.heartbeatMs);
    let inGoodOrder = false;
    try {
      for (let next = await this.#next(opened.call); next !== undefined; next = await this.#next(opened.call)) {
        const event = this.#toEvent(next);
        // A consumer that breaks off while it has the event leaves in good order too.
        inGoodOrder = true;
        if (event !== undefined) yield event;
        inGoodOrder = false;
      }
      inGoodOrder = true;
    } finally {
      clearInterval(heartbeat);
      this.#opened = undefined;
      // Only a stream that still stands takes time to part.
      takeLeave(opened, inGoodOrder && this.#ended === undefined ? farewellMs : 0);
    }
  }

  acknowledge(batchId: string): void {
    this.#opened?.call.write({ event: { $case: 'acknowledge', value: { batchId } } });
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #open(): Promise<Opened> {
    const { subscription, open, onFailed } = this.#settings;
    const opened = await open().catch((error: unknown) => {
      throw new ReportStreamError(onFailed(error, undefined).reason, { cause: error });
    });
    const { call, token } = opened;
    call.on('data', (response: ReportsResponse) => {
      this.#read.push(response);
      // One at a time: the rest waits at the gateway until this one is stored.
      call.pause();
      this.#wake();
    });
    call.on('error', (error) => {
      const { reason } = onFailed(error, token);
      this.#ended ??= new ReportStreamError(reason, { cause: error });
      this.#wake();
    });
    call.on('end', () => {
      if (this.#ended === undefined) this.#ended = null;
      this.#wake();
    });
    call.write({ event: { $case: 'subscribe', value: { subscription, maxBatchSize } } });
    this.#opened = opened;
    this.#openedAt = performance.now();
    return opened;
  }

  /** Undefined when the stream is at its end: closed, ended by the gateway, or old enough to be opened anew. */
  async #next(call: Call): Promise<ReportsResponse | undefined> {
    while (!this.#isClosed && performance.now() - this.#openedAt < this.#settings.reopenMs) {
      const response = this.#read.shift();
      if (response !== undefined) return response;
      if (this.#ended === null) return undefined;
      if (this.#ended !== undefined) throw this.#ended;
      call.resume();
      await this.#news();
    }
    return undefined;
  }

  /** Resolves when something has happened. The silence is counted from here, when nothing read is left. */
  #news(): Promise<void> {
    const { silenceMs } = this.#settings;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new ReportStreamError(`no word from the gateway for ${silenceMs} ms`)),
        silenceMs,
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #toEvent({ event }: ReportsResponse): ReportEvent | undefined {
    if (event?.$case === 'heartbeat') return { type: 'heartbeat' };
    if (event?.$case !== 'reportBatch') return undefined;
    const { batchId = '', reports } = event.value;
    return { type: 'reports', batchId, reports: toReports(reports, this.#settings.onBadReport) };
  }
}

/** In good order the last acknowledgements still reach the gateway; what it sends meanwhile comes again. */
function takeLeave({ call, close }: Opened, patienceMs: number): void {
  const timer = setTimeout(() => {
    call.cancel();
    close();
  }, patienceMs);
  call.once('status', () => {
    clearTimeout(timer);
    close();
  });
  call.removeAllListeners('data');
  call.on('data', () => undefined);
  call.end();
  call.resume();
}
