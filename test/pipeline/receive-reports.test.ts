import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../functions/message/report.ts';
import {
  type ReceiveEvent,
  type ReportEvent,
  type ReportStream,
  receiveReports,
} from '../../functions/pipeline/receive-reports.ts';
import { toStorable } from '../../functions/pipeline/storable-report.ts';
import { agentOn, reportOf } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';

const database = useDatabase();
beforeEach(() => emptyTables(database.current));

const pool = () => database.current.pool;
const master = () => database.current.master;
const store = () => agentOn(database.current, new FakeGateway()).reportStore();

function report(key: string, more: Partial<Report> = {}): Report {
  return {
    messageKey: key,
    reference: 'abcdef01.1.2',
    channel: 'sms',
    messageType: 'SM',
    reportType: 'result',
    reportCode: '10000',
    carrier: '10001',
    handsetAt: new Date('2026-11-24T03:00:00Z'),
    parts: undefined,
    ...more,
  };
}

/** A stream that yields what it is given, then stays open until it is closed. */
class ScriptedStream implements ReportStream {
  readonly acknowledged: string[] = [];
  /** Whether its iteration has ended, so that nothing of it goes on. */
  isLeft = false;
  readonly #events: ReportEvent[];
  readonly #closed = new AbortController();

  constructor(events: readonly ReportEvent[]) {
    this.#events = [...events];
  }

  acknowledge(batchId: string): void {
    this.acknowledged.push(batchId);
  }

  close(): void {
    this.#closed.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReportEvent> {
    try {
      for (const event of this.#events) yield event;
      await delay(60_000, undefined, { signal: this.#closed.signal }).catch(() => undefined);
    } finally {
      this.isLeft = true;
    }
  }
}

const batch = (batchId: string, ...reports: Report[]): ReportEvent => ({ type: 'reports', batchId, reports });

/** A receiver at work on these streams, one after another; waits pass at once, and are remembered. */
function receive(
  streams: readonly ScriptedStream[],
  { ports = {}, holder = 'a' }: { ports?: object; holder?: string } = {},
) {
  const stop = new AbortController();
  const events: ReceiveEvent[] = [];
  const coming = [...streams];
  const ended = receiveReports(
    {
      gateway: { openReports: () => coming.shift() ?? new ScriptedStream([]) },
      store: store(),
      clock: { now: () => performance.now(), sleep: () => delay(5), random: () => 0 },
      onEvent: (event) => events.push(event),
      ...ports,
    },
    { subscription: 'test', holder },
    stop.signal,
  );
  return {
    events,
    ended,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

const stored = async () =>
  (await pool().query('select msg_key from msg_report order by seq')).rows.map((row) => row.msg_key);

describe('a receiver', () => {
  it('stores each report, then acknowledges its batch', async () => {
    const stream = new ScriptedStream([
      batch('1', report('A'), report('B')),
      { type: 'heartbeat' },
      batch('2', report('C')),
    ]);
    const receiver = receive([stream]);
    await expect.poll(() => stream.acknowledged).toEqual(['1', '2']);
    expect(await stored()).toEqual(['A', 'B', 'C']);
    expect(receiver.events.map(({ type }) => type)).toContain('heartbeat');
    await receiver.stop();
  });

  it('acknowledges nothing that could not be stored, and gets it again', async () => {
    const [first, second] = [
      new ScriptedStream([batch('1', report('A'))]),
      new ScriptedStream([batch('1', report('A'))]),
    ];
    let failures = 1;
    const failing = {
      ...store(),
      store: async (...args: Parameters<ReturnType<typeof store>['store']>) => {
        if (failures-- > 0) throw new Error('scripted');
        await store().store(...args);
      },
    };
    const receiver = receive([first, second], { ports: { store: failing } });
    await expect.poll(() => second.acknowledged).toEqual(['1']);
    expect(first.acknowledged).toEqual([]);
    expect(await stored()).toEqual(['A']);
    expect(receiver.events.map(({ type }) => type)).toContain('failed');
    await receiver.stop();
  });

  it('stores a report that comes again once', async () => {
    const stream = new ScriptedStream([
      batch('1', report('A')),
      batch('2', report('A', { reportCode: '22003' }), report('A')),
    ]);
    const receiver = receive([stream]);
    await expect.poll(() => stream.acknowledged).toEqual(['1', '2']);
    expect((await pool().query('select report_code from msg_report')).rows).toEqual([{ report_code: '10000' }]);
    await receiver.stop();
  });

  it('finishes what it is storing when it is told to stop, and gives its lease up', async () => {
    const stream = new ScriptedStream([batch('1', report('A'))]);
    let storing: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      storing = resolve;
    });
    const slow = {
      ...store(),
      store: async (...args: Parameters<ReturnType<typeof store>['store']>) => {
        storing();
        await delay(50);
        await store().store(...args);
      },
    };
    const receiver = receive([stream], { ports: { store: slow } });
    await begun;
    await receiver.stop();
    expect(stream.acknowledged).toEqual(['1']);
    expect(await stored()).toEqual(['A']);
    expect(await store().holdLease('b')).toBe(true);
  });

  it.each([
    { what: 'it cannot store', ports: { store: () => Promise.reject(new Error('no database')) } },
    { what: 'another has taken the lease', ports: { holdLease: vi.fn(async () => false).mockResolvedValueOnce(true) } },
  ])('leaves the stream, with another batch on its way, when $what', async ({ ports }) => {
    const stream = new ScriptedStream([
      batch('b1', report('K1')),
      batch('b2', report('K2')),
      batch('b3', report('K3')),
    ]);
    let now = 0;
    // Each group is one batch, so that the next has come while this one is stored; the lease is renewed with each.
    const sleep = (ms: number) => (ms === 1_000 ? Promise.resolve() : delay(1));
    const clock = { now: () => (now += 10_000), sleep, random: () => 0 };
    const receiver = receive([stream], { ports: { store: { ...store(), ...ports }, clock } });
    await expect.poll(() => stream.isLeft).toBe(true);
    await receiver.stop();
  });

  it('ends at once when it is told to stop while it takes the lease', async () => {
    const told = { stop: async () => undefined as unknown };
    const holdLease = async () => {
      void told.stop();
      return true;
    };
    const receiver = receive([new ScriptedStream([])], {
      // The answer comes a moment later, when there is somebody to stop.
      ports: { store: { ...store(), holdLease: () => delay(1).then(holdLease) } },
    });
    told.stop = () => receiver.stop();
    await receiver.ended;
    expect(receiver.events.map(({ type }) => type)).toEqual(['active', 'ended']);
  });

  it('stands by while another holds the lease, and takes over when it is over', async () => {
    await store().holdLease('a');
    const stream = new ScriptedStream([batch('1', report('A'))]);
    const receiver = receive([stream], { holder: 'b' });
    await expect.poll(() => receiver.events.map(({ type }) => type)).toEqual(['standby']);
    expect(stream.acknowledged).toEqual([]);
    await master().query(`update receiver_lease set lease_until = '-infinity'`);
    await expect.poll(() => stream.acknowledged).toEqual(['1']);
    await receiver.stop();
  });

  it('counts a report that names no message, and stores the others', async () => {
    const nameless = report('', { reference: 'what' });
    const stream = new ScriptedStream([batch('1', nameless, report('A'))]);
    const receiver = receive([stream]);
    await expect.poll(() => stream.acknowledged).toEqual(['1']);
    expect(receiver.events).toContainEqual({ type: 'stored', reports: 1, unusable: 1 });
    expect(await stored()).toEqual(['A']);
    await receiver.stop();
  });
});

describe('the lease', () => {
  it('is one receiver’s for 24 s, so that a second takes over within 30', async () => {
    const start = new Date('2026-11-24T12:00:00Z');
    const agent = agentOn(database.current, new FakeGateway());
    const at = (seconds: number) => agent.setNow(new Date(start.getTime() + seconds * 1000));
    at(0);
    expect(await agent.reportStore().holdLease('a')).toBe(true);
    at(23);
    expect(await agent.reportStore().holdLease('b')).toBe(false);
    expect(await agent.reportStore().holdLease('a')).toBe(true);
    at(47.1);
    expect(await agent.reportStore().holdLease('b')).toBe(true);
    expect(await agent.reportStore().holdLease('a')).toBe(false);
  });
});

describe('a report is made to fit', () => {
  it.each([
    ['a NUL', { messageType: 'S\0M' }, { messageType: 'SM' }],
    ['a long code', { reportCode: '123456789012' }, { reportCode: '1234567890' }],
    ['a long carrier', { carrier: 'x'.repeat(20) }, { carrier: 'x'.repeat(10) }],
    ['a character of two units at its end', { carrier: `123456789👍x` }, { carrier: '123456789👍' }],
    ['a time that cannot be', { handsetAt: new Date(Number.NaN) }, { handsetAt: undefined }],
    ['a time of another age', { handsetAt: new Date('1970-01-01') }, { handsetAt: undefined }],
    ['no key, but our reference', { messageKey: '' }, { messageKey: '1.2' }],
    ['a key beyond its column', { messageKey: 'k'.repeat(50) }, { messageKey: 'k'.repeat(40) }],
  ])('with %s', async (_, flaw, fitting) => {
    const storable = toStorable(report('A', flaw));
    expect(storable).toMatchObject(fitting);
    if (storable) await store().store([storable]);
    expect(await stored()).toHaveLength(1);
  });
});

describe('two receivers at once', () => {
  it('store the same reports once each, in whatever order they have them', async () => {
    const reports = Array.from({ length: 1_500 }, (_, index) =>
      reportOf(`abcdef01.${index}.1`, 'sms', { messageKey: `K${index}` }),
    );
    await Promise.all([reports, reports.toReversed(), reports].map((some) => store().store(some)));
    expect(new Set(await stored()).size).toBe(1_500);
    expect(await stored()).toHaveLength(1_500);
  });
});
