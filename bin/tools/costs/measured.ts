import type { Part } from '../../../functions/settings/part.ts';

/** What 1,000 messages take beyond what an idle agent does. */
export interface Taken {
  /** As the Data API bills them: every 32 KB of a call. */
  readonly dataApiRequests: number;
  readonly queueRequests: number;
  readonly senderInvocations: number;
  readonly senderSeconds: number;
  readonly logBytes: number;
  /** To and from gateway and Data API: what passes the NAT, at most. */
  readonly natBytes: number;
  readonly gatewayBytes: number;
  readonly walBytes: number;
  readonly storedBytes: number;
  readonly databaseCpuSeconds: number;
}

/** Counted by `node --import tsx test/bench/load.ts 2 10000 30`, on Node 24 and two busy cores, 2026-11-27. */
export const measured = {
  /** In batches of up to 200. */
  inCampaigns: {
    dataApiRequests: 85,
    queueRequests: 15,
    senderInvocations: 5.7,
    senderSeconds: 7.4,
    logBytes: 10_700,
    natBytes: 2_420_000,
    gatewayBytes: 391_000,
    walBytes: 4_670_000,
    storedBytes: 1_180_000,
    databaseCpuSeconds: 0.82,
  },
  /** Each in a batch of its own. */
  singly: {
    dataApiRequests: 3_630,
    queueRequests: 3_000,
    senderInvocations: 1_000,
    senderSeconds: 240,
    logBytes: 2_120_000,
    natBytes: 20_700_000,
    gatewayBytes: 733_000,
    walBytes: 7_090_000,
    storedBytes: 1_180_000,
    databaseCpuSeconds: 31.5,
  },
  /** Of an idle minute. */
  idle: {
    /** The receiver's right to the stream, renewed. */
    receiverRequests: 6,
    natBytes: 40_000,
    logBytes: 2_470,
  },
  /** Of a firing that does not loop, at most: the ban list's. */
  secondsOfFiring: 0.7,
  /** The most memory that each took, in MB. */
  megabytes: {
    collector: 109,
    sender: 200,
    'report-migrator': 105,
    'log-migrator': 103,
    'banlist-scheduler': 122,
    'table-create-scheduler': 103,
    'schema-migrator': 101,
    'report-receiver': 122,
  },
} as const satisfies {
  inCampaigns: Taken;
  singly: Taken;
  idle: Readonly<Record<string, number>>;
  secondsOfFiring: number;
  megabytes: Readonly<Partial<Record<Part, number>>>;
};

/** What no run on one machine can count. */
export const assumed = {
  /** Lambda polls an empty queue with so many connections, each for so long (its documentation). */
  pollers: 5,
  pollSeconds: 20,
  /** The lines that Lambda itself logs of an invocation. */
  platformLogBytes: 350,
  /** Flow logs of an idle network, and what the task's own platform sends and fetches, in a month. */
  flowLogGb: 0.1,
  taskPlatformGb: 1,
  /** Capacity that a busy processor of the database takes (AWS's figure), doubled: it is scaled up ahead and down late. */
  capacityPerProcessor: 4 * 2,
  /** Of an instance in place of the NAT gateway. */
  instanceDiskGb: 8,
  /** Bytes of the database's log that are billed as one I/O. */
  bytesPerIo: 4_096,
} as const;
