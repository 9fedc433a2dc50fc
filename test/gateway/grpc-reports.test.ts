import { randomUUID } from 'node:crypto';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectGateway, type GatewayOptions } from '../../functions/gateway/gateway.ts';
import {
  Channel as ProtoChannel,
  type Report as ProtoReport,
  type ReportsRequest,
  type ReportsResponse,
  ReportType,
} from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { Channel } from '../../functions/message/channel.ts';
import type { Report } from '../../functions/message/report.ts';
import type { ReportEvent, ReportStream } from '../../functions/pipeline/receive-reports.ts';
import { account, aMessage, aSimulator, eventually, someMessages } from '../support/gateway-parts.ts';
import { aScriptedGateway } from '../support/scripted-gateway.ts';

function aGateway(url: string, options: Partial<GatewayOptions> = {}) {
  const gateway = connectGateway({ url, plaintextHost: undefined, credentials: async () => account, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

type ServerCall = ServerDuplexStream<ReportsRequest, ReportsResponse>;

/** A gateway whose report streams do what the test says; it has what the client said on each. */
async function aReportingGateway(onOpen: (call: ServerCall) => void) {
  const heard: ReportsRequest['event'][][] = [];
  const url = await aScriptedGateway({
    reports: (call) => {
      const events: ReportsRequest['event'][] = [];
      heard.push(events);
      call.on('data', ({ event }) => events.push(event));
      call.on('end', () => call.end());
      onOpen(call);
    },
  });
  return { url, heard };
}

const batchOf = (batchId: string, ...reports: ProtoReport[]): ReportsResponse => ({
  event: { $case: 'reportBatch', value: { batchId, reports } },
});
const heartbeat: ReportsResponse = { event: { $case: 'heartbeat', value: {} } };
const aReport = (overrides: Partial<ProtoReport> = {}): ProtoReport => ({
  messageKey: 'a-key',
  reference: 'test.1.7',
  channel: ProtoChannel.CHANNEL_SMS,
  messageType: 'SM',
  code: '10000',
  handsetAt: undefined,
  ...overrides,
});

/** Reads and acknowledges until there are so many reports. */
async function take(stream: ReportStream, count: number): Promise<Report[]> {
  const reports: Report[] = [];
  for await (const event of stream) {
    if (event.type !== 'reports') continue;
    reports.push(...event.reports);
    stream.acknowledge(event.batchId);
    if (reports.length >= count) break;
  }
  return reports;
}

async function collect(stream: ReportStream): Promise<ReportEvent[]> {
  const events: ReportEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe('a report stream', () => {
  it('brings a report for each message, and what was acknowledged comes once', async () => {
    const simulator = await aSimulator();
    const gateway = aGateway(simulator.url);
    const messages = someMessages(150);
    await gateway.send({ idempotencyKey: randomUUID(), messages });
    const reports = await take(gateway.openReports('agent'), 150);
    expect(reports.map((report) => report.reference).sort()).toEqual(messages.map((one) => one.reference).sort());
    await eventually(() => expect(simulator.stats()).toMatchObject({ reportsAcknowledged: 150, openStreams: 0 }));
    await gateway.send({ idempotencyKey: randomUUID(), messages: [aMessage({ reference: 'test.99.7' })] });
    const [next] = await take(gateway.openReports('agent'), 1);
    expect(next?.reference).toBe('test.99.7');
  });

  it('brings again what the stream before did not acknowledge', async () => {
    const simulator = await aSimulator();
    const gateway = aGateway(simulator.url);
    await gateway.send({ idempotencyKey: randomUUID(), messages: [aMessage({ reference: 'test.5.7' })] });
    for await (const event of gateway.openReports('agent')) if (event.type === 'reports') break;
    expect(await take(gateway.openReports('agent'), 1)).toMatchObject([{ reference: 'test.5.7' }]);
  });

  it('translates every field, once', async () => {
    const handsetAt = new Date('2026-01-02T03:04:05.678Z');
    const { url } = await aReportingGateway((call) => {
      const receipt = { reportType: ReportType.REPORT_TYPE_HANDSET, channel: ProtoChannel.CHANNEL_INTERNATIONAL };
      call.write(batchOf('1', aReport({ handsetAt, carrier: '10001' }), aReport({ ...receipt, parts: 3 })));
    });
    const [first, second] = await take(aGateway(url).openReports('agent'), 2);
    expect(first).toEqual({
      messageKey: 'a-key',
      reference: 'test.1.7',
      channel: Channel.Sms,
      messageType: 'SM',
      reportType: 'result',
      reportCode: '10000',
      carrier: '10001',
      handsetAt,
      parts: undefined,
    });
    expect(second).toMatchObject({ channel: Channel.International, reportType: 'handset', carrier: '', parts: 3 });
  });

  it('leaves out reports that fit no column, says so, and keeps the others', async () => {
    const onBadReport = vi.fn();
    const unknown = { messageKey: '', reference: '' };
    const { url } = await aReportingGateway((call) => {
      const noChannel = aReport({ channel: ProtoChannel.CHANNEL_UNSPECIFIED });
      call.write(batchOf('1', noChannel, aReport(unknown), aReport({ messageKey: '' }), aReport()));
    });
    const reports = await take(aGateway(url, { onBadReport }).openReports('agent'), 2);
    expect(reports.map((report) => report.messageKey)).toEqual(['', 'a-key']);
    expect(onBadReport.mock.calls).toEqual([
      ['report of message key "a-key" names unknown channel 0'],
      ['report of channel sms names no message'],
    ]);
  });

  it('subscribes first, then sends heartbeats, and yields those of the gateway', async () => {
    const { url, heard } = await aReportingGateway((call) => call.write(heartbeat));
    const stream = aGateway(url, { heartbeatMs: 5 }).openReports('agent');
    for await (const event of stream) {
      expect(event).toEqual({ type: 'heartbeat' });
      await eventually(() => expect(heard[0]?.length).toBeGreaterThan(2));
      stream.close();
    }
    expect(heard[0]?.slice(0, 3)).toEqual([
      { $case: 'subscribe', value: { subscription: 'agent', maxBatchSize: 1_000 } },
      { $case: 'heartbeat', value: {} },
      { $case: 'heartbeat', value: {} },
    ]);
  });

  it('can be acknowledged after it was closed, while the last batch is being stored', async () => {
    const { url, heard } = await aReportingGateway((call) => call.write(batchOf('the-last', aReport())));
    const stream = aGateway(url).openReports('agent');
    for await (const event of stream) {
      stream.close();
      await eventually(() => expect(heard[0]).toHaveLength(1));
      if (event.type === 'reports') stream.acknowledge(event.batchId);
    }
    const acknowledgement = { $case: 'acknowledge', value: { batchId: 'the-last' } };
    await eventually(() => expect(heard[0]).toContainEqual(acknowledgement));
  });

  it('is left in good order: a gateway that takes its time still hears the last word', async () => {
    const parting: string[] = [];
    const url = await aScriptedGateway({
      reports: (call) => {
        call.on('cancelled', () => parting.push('cancelled'));
        call.on('data', ({ event }) => parting.push(event?.$case ?? ''));
        call.on('end', () =>
          setTimeout(() => {
            parting.push('ended');
            call.end();
          }, 50),
        );
        call.write(batchOf('1', aReport()));
      },
    });
    await take(aGateway(url).openReports('agent'), 1);
    await eventually(() => expect(parting).toContain('ended'));
    expect(parting.slice(0, 3)).toEqual(['subscribe', 'acknowledge', 'ended']);
  });

  it('waits with the next batches while one is being stored', async () => {
    let written = 0;
    const { url } = await aReportingGateway((call) => {
      const report = aReport({ messageKey: 'k'.repeat(40) });
      const batch = batchOf('1', ...Array.from({ length: 1_000 }, () => report));
      const write = () => {
        while (written < 1_000) {
          written += 1;
          if (!call.write(batch)) return void call.once('drain', write);
        }
      };
      write();
    });
    const stream = aGateway(url).openReports('agent');
    let seen = -1;
    for await (const _ of stream) {
      // The gateway's writes stand still although the client is alive: the flow is held back.
      await eventually(
        () => {
          const before = seen;
          seen = written;
          expect(written).toBe(before);
        },
        { interval: 100 },
      );
      break;
    }
    expect(written).toBeLessThan(200);
  });
});

describe('a report stream ends', () => {
  it('by throwing after a silence', async () => {
    const { url } = await aReportingGateway((call) => call.write(heartbeat));
    const stream = aGateway(url, { silenceMs: 50 }).openReports('agent');
    await expect(collect(stream)).rejects.toMatchObject({ name: 'ReportStreamError', message: /no word .* 50 ms/ });
  });

  it('in good order when it is old enough to be opened anew', async () => {
    const { url } = await aReportingGateway((call) => {
      const timer = setInterval(() => call.write(heartbeat), 5);
      call.on('end', () => clearInterval(timer));
    });
    const stream = aGateway(url, { reopenMs: 30 }).openReports('agent');
    await expect(collect(stream)).resolves.toBeInstanceOf(Array);
  });

  it('in good order when the gateway ends it so', async () => {
    const { url } = await aReportingGateway((call) => {
      call.write(batchOf('1', aReport()));
      call.end();
    });
    expect(await collect(aGateway(url).openReports('agent'))).toMatchObject([{ type: 'reports', batchId: '1' }]);
  });

  it('by throwing when the gateway breaks it off', async () => {
    const { url } = await aReportingGateway((call) => call.emit('error', { code: status.ABORTED, details: 'a newer' }));
    await expect(collect(aGateway(url).openReports('agent'))).rejects.toThrow('ABORTED: a newer');
  });

  it('by throwing when nobody listens', async () => {
    const simulator = await aSimulator();
    await simulator.close();
    await expect(collect(aGateway(simulator.url).openReports('agent'))).rejects.toThrow(/UNAVAILABLE/);
  });

  it('at once when it was closed before it was read', async () => {
    const { url, heard } = await aReportingGateway(() => undefined);
    const stream = aGateway(url).openReports('agent');
    stream.close();
    expect(await collect(stream)).toEqual([]);
    expect(heard).toEqual([]);
  });

  it('with the token dropped when the gateway refused it', async () => {
    let nowMs = Date.now();
    const simulator = await aSimulator({ now: () => nowMs });
    const onCredentialsRefused = vi.fn();
    const gateway = aGateway(simulator.url, { onCredentialsRefused });
    await gateway.send({ idempotencyKey: randomUUID(), messages: [aMessage()] });
    nowMs += 25 * 3_600_000;
    await expect(collect(gateway.openReports('agent'))).rejects.toThrow(/UNAUTHENTICATED/);
    expect(onCredentialsRefused).toHaveBeenCalledOnce();
    expect(await take(gateway.openReports('agent'), 1)).toHaveLength(1);
  });
});
