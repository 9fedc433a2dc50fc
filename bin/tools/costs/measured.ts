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

/** Counted by `node --import tsx test/bench/load.ts` on two cores; test/tools/costs.test.ts compares them with each other. */
export const measured = {
  /** In batches of up to 200. */
  inCampaigns: {
    dataApiRequests: 186,
    queueRequests: 31,
    senderInvocations: 12,
    senderSeconds: 12,
    logBytes: 24_000,
    natBytes: 5_250_000,
    gatewayBytes: 418_000,
    walBytes: 4_660_000,
    storedBytes: 1_880_000,
    databaseCpuSeconds: 1.29,
  },
  /** Each in a batch of its own. */
  singly: {
    dataApiRequests: 6_500,
    queueRequests: 4_200,
    senderInvocations: 1_000,
    senderSeconds: 1_000,
    logBytes: 4_000_000,
    natBytes: 67_400_000,
    gatewayBytes: 794_000,
    walBytes: 39_200_000,
    storedBytes: 1_880_000,
    databaseCpuSeconds: 43.8,
  },
  /** Of an idle minute. */
  idle: {
    /** The receiver's right to the stream, renewed. */
    receiverRequests: 6,
    natBytes: 40_000,
    logBytes: 2_300,
  },
  /** Of a firing that does not loop and finds nothing to do. */
  secondsOfFiring: 0.3,
  /** The most memory that each took, in MB. */
  megabytes: {
    collector: 85,
    sender: 100,
    'report-migrator': 85,
    'log-migrator': 81,
    'banlist-scheduler': 94,
    'table-create-scheduler': 82,
    'schema-migrator': 81,
    'report-receiver': 89,
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
