import type { FunctionItem, Inventory } from './inventory.ts';
import { assumed, measured, type Taken } from './measured.ts';
import { type PriceName, prices } from './prices.ts';

/** A line of a month's bill. */
export interface BillLine {
  readonly item: string;
  readonly usd: number;
}

export const hoursOfMonth = 730;
const minutes = hoursOfMonth * 60;
const gigabyte = 1e9;
const million = 1e6;

/** What a month with so many messages costs, each kind of thing in a line. */
export function billOf(inventory: Inventory, messages: number, taken: Taken = measured.inCampaigns): BillLine[] {
  const used = usageOf(inventory, { thousands: messages / 1_000, taken });
  return Object.entries(used).map(([item, amounts]) => ({
    item,
    usd: amounts.map(([price, amount]) => prices[price].usd * amount).reduce((sum, one) => sum + one, 0),
  }));
}

export function totalOf(lines: readonly BillLine[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}

type Amounts = readonly (readonly [PriceName, number])[];

interface Load {
  readonly thousands: number;
  readonly taken: Taken;
}

function usageOf(inventory: Inventory, load: Load): Record<string, Amounts> {
  const { natGateways, natInstances, publicAddresses, capacity, processors, taskGb, queues, secrets, keys, metrics } =
    inventory;
  const { thousands, taken } = load;
  const hasMessages = thousands > 0;
  const polls = (queues * assumed.pollers * hoursOfMonth * 3_600) / assumed.pollSeconds;
  // A gateway of the customer's own takes as much for each GB.
  const natGb = natInstances > 0 ? 0 : natGbOf(load);
  return {
    NAT: [
      ['natGatewayHour', natGateways * hoursOfMonth],
      ['natGatewayGb', natGb],
      ['instanceHour', natInstances * hoursOfMonth],
      ['diskGb', natInstances * assumed.instanceDiskGb],
    ],
    'public address': [['publicAddressHour', publicAddresses * hoursOfMonth]],
    'data to the gateway': [['transferOutGb', (thousands * taken.gatewayBytes) / gigabyte]],
    'database: capacity': [['capacityHour', capacityHoursOf(capacity, load)]],
    'database: storage and I/O': [
      ['databaseStorageGb', (thousands * taken.storedBytes) / gigabyte],
      ['databaseIo', (thousands * taken.walBytes) / assumed.bytesPerIo / million],
    ],
    'Data API': [['dataApi', dataApiRequestsOf(inventory, load) / million]],
    Lambda: lambdaOf(inventory, load),
    'Fargate task': [
      ['fargateProcessorHour', processors * hoursOfMonth],
      ['fargateGbHour', taskGb * hoursOfMonth],
    ],
    SQS: [['queueRequest', (polls + thousands * taken.queueRequests) / million]],
    'secrets and keys': [
      ['secret', secrets],
      ['key', keys],
    ],
    'alarms and dashboards': [
      ['alarm', inventory.alarms],
      ['dashboard', inventory.dashboards],
    ],
    metrics: [['metric', metrics.always + (hasMessages ? metrics.withMessages : 0)]],
    logs: [['logGb', logGbOf(inventory, load)]],
    traces: [['trace', tracesOf(inventory, load) / million]],
  };
}

function firingsOf({ firedEvery }: FunctionItem): number {
  return firedEvery === undefined ? 0 : (hoursOfMonth * 3_600) / firedEvery;
}

function lambdaOf({ functions }: Inventory, { thousands, taken }: Load): Amounts {
  const all = functions.map((one) => {
    const seconds = firingsOf(one) * (one.loop?.seconds ?? measured.secondsOfFiring);
    const sent = one.hasQueues ? thousands : 0;
    return {
      gbSeconds: one.memoryGb * (seconds + sent * taken.senderSeconds),
      requests: firingsOf(one) + sent * taken.senderInvocations,
    };
  });
  return all.flatMap(({ gbSeconds, requests }) => [
    ['lambdaGbSecond', gbSeconds] as const,
    ['lambdaRequest', requests / million] as const,
  ]);
}

/** At most: Lambda traces one invocation a second and a twentieth of the others, or those whose queue record has a trace. */
function tracesOf({ functions }: Inventory, { thousands, taken }: Load): number {
  const traced = functions.filter(({ isTraced }) => isTraced);
  const all = traced.map((one) => firingsOf(one) + (one.hasQueues ? thousands * taken.senderInvocations : 0));
  return all.reduce((sum, one) => sum + one, 0);
}

/** A look is one request, whatever it finds. */
function dataApiRequestsOf({ functions, processors }: Inventory, { thousands, taken }: Load): number {
  const looks = functions.map(
    (one) => firingsOf(one) * (one.loop ? (one.loop.seconds * 1_000) / one.loop.intervalMs : 1),
  );
  const ofReceiver = processors > 0 ? measured.idle.receiverRequests * minutes : 0;
  return looks.reduce((sum, one) => sum + one, 0) + ofReceiver + thousands * taken.dataApiRequests;
}

/** An existing database has its capacity already. */
function capacityHoursOf(least: number, { thousands, taken }: Load): number {
  if (least === 0) return 0;
  const forMessages = (thousands * taken.databaseCpuSeconds * assumed.capacityPerProcessor) / 3_600;
  return least * hoursOfMonth + forMessages;
}

function natGbOf({ thousands, taken }: Load): number {
  return assumed.taskPlatformGb + (minutes * measured.idle.natBytes + thousands * taken.natBytes) / gigabyte;
}

function logGbOf({ functions, natGateways }: Inventory, { thousands, taken }: Load): number {
  const invocations = functions.map(firingsOf).reduce((sum, one) => sum + one, thousands * taken.senderInvocations);
  const own = minutes * measured.idle.logBytes + thousands * taken.logBytes;
  return (own + invocations * assumed.platformLogBytes) / gigabyte + (natGateways > 0 ? assumed.flowLogGb : 0);
}
