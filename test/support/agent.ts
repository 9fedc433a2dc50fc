import { archiveStore } from '../../functions/database/archive-store.ts';
import { collectStore } from '../../functions/database/collect-store.ts';
import { type ExpireStoreSettings, expireStore } from '../../functions/database/expire-store.ts';
import { mergeStore } from '../../functions/database/merge-store.ts';
import { reportStore } from '../../functions/database/report-store.ts';
import { sendStore } from '../../functions/database/send-store.ts';
import type { Channel } from '../../functions/message/channel.ts';
import { parseReference } from '../../functions/message/reference.ts';
import { archive } from '../../functions/pipeline/archive.ts';
import { type CollectSettings, collect, type QueuedBatch } from '../../functions/pipeline/collect.ts';
import { expire, type InquiryGateway } from '../../functions/pipeline/expire.ts';
import { mergeReports } from '../../functions/pipeline/merge-reports.ts';
import type { SendGateway, SendPorts } from '../../functions/pipeline/send/ports.ts';
import { send } from '../../functions/pipeline/send/send.ts';
import type { StorableReport } from '../../functions/pipeline/storable-report.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import type { TestDatabase } from './database.ts';

const defaultValiditySeconds = 86_400;
const noLimit: CollectSettings = { messagesPerSecond: 0, sendQueueLimit: 3_000, sizes };

const usualHours: ExpireStoreSettings = { rangeHours: 96, reconcileAfterHours: 24, unmatchedKeepDays: 90 };

/** The steps on a test database, each callable on its own. The test sets the time. */
export function agentOn(database: Pick<TestDatabase, 'at'>, gateway: SendGateway & InquiryGateway) {
  let now: Date | null = null;
  const queued: QueuedBatch[] = [];
  const slept: number[] = [];
  let clockMs = 0;
  const clock: SendPorts['clock'] = {
    now: () => clockMs,
    sleep: async (ms) => {
      slept.push(ms);
      clockMs += ms;
    },
    random: () => 0,
  };
  const at = () => database.at(now);
  return {
    /** Everything that was queued, oldest first. */
    queued,
    slept,
    /** Lets the sender's own clock jump, as a frozen process's does. */
    lag: (ms: number) => {
      clockMs += ms;
    },
    setNow: (date: Date | null) => {
      now = date;
    },
    collect: (settings: Partial<CollectSettings> = {}) =>
      collect(
        {
          store: collectStore(at(), { defaultValiditySeconds }),
          queue: { enqueue: async (more) => void queued.push(...more) },
        },
        { ...noLimit, ...settings },
      ),
    send: (
      batchId: string,
      { messagesPerSecond = 0, store = {} }: { messagesPerSecond?: number; store?: Partial<SendPorts['store']> } = {},
    ) =>
      send(batchId, {
        store: { ...sendStore(at(), { messagesPerSecond, defaultValiditySeconds }), ...store },
        gateway,
        clock,
      }),
    sendStore: (messagesPerSecond = 0) => sendStore(at(), { messagesPerSecond, defaultValiditySeconds }),
    merge: (fromSeq = '0') => mergeReports({ store: mergeStore(at()) }, { fromSeq, turnLimit: sizes.merge }),
    archive: () => archive({ store: archiveStore(at()) }, { turnLimit: sizes.archive }),
    expire: ({ requests = 20, ...hours }: Partial<ExpireStoreSettings & { requests: number }> = {}) =>
      expire({ store: expireStore(at(), { ...usualHours, ...hours }), gateway }, { sizes, requests }),
    store: (reports: readonly StorableReport[]) => reportStore(at()).store(reports),
    reportStore: () => reportStore(at()),
  };
}

export type TestAgent = ReturnType<typeof agentOn>;

/** A report of an accepted message, as the fake gateway names it. */
export function reportOf(reference: string, channel: Channel, more: Partial<StorableReport> = {}): StorableReport {
  const types: Record<string, string> = {
    sms: 'SM',
    mms: 'MM',
    international: 'IM',
    rcs: 'RS',
    alimtalk: 'AT',
    friendtalk: 'FT',
  };
  return {
    reference: parseReference(reference),
    messageKey: `K-${reference}`,
    channel,
    messageType: types[channel] ?? '',
    reportType: 'result',
    reportCode: '10000',
    carrier: ['sms', 'mms', 'rcs', 'international'].includes(channel) ? '10001' : '',
    handsetAt: new Date('2026-11-24T03:00:00Z'),
    parts: undefined,
    ...more,
  };
}
