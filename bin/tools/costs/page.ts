import { memoryMb } from '../../../functions/settings/memory.ts';
import { channels } from '../../../functions/settings/metrics.ts';
import { markdownTable } from '../markdown-table.ts';
import { billOf, hoursOfMonth, totalOf } from './bill.ts';
import type { Inventory } from './inventory.ts';
import { assumed, measured, type Taken } from './measured.ts';
import { listedOn, prices } from './prices.ts';
import { scenariosOf } from './scenarios.ts';

const volumes = [0, 1e6, 1e7, 1e8];
const heads = ['idle', '1 million', '10 million', '100 million'];

/** The text of docs/costs.md, given an agent with its own cluster and network. */
export function costsPage(alone: Inventory): string {
  const bills = volumes.map((messages) => billOf(alone, messages));
  const items = (bills[0] ?? []).map(({ item }, line) => [item, ...bills.map((bill) => dollars(bill[line]?.usd ?? 0))]);
  const totals = Object.values(scenariosOf(alone)).map(({ what, inventory }) => [what, ...totalsOf(inventory)]);
  return `<!-- Generated from the templates by \`npm run generate\`. Do not edit. -->

# Costs

What a month of ${hoursOfMonth} hours costs in Seoul, in US dollars at AWS's list prices: without what AWS gives for free, without your
discounts, without tax, and without what the gateway takes for a message. The resources are counted in the synthesized
templates, the calls in a run of the agent on one machine. No bill of AWS has confirmed it yet.

## By messages a month

${markdownTable([['', ...heads], ...items, ['**in all**', ...bills.map((bill) => `**${dollars(totalOf(bill))}**`)]])}

The messages come in campaigns, so that batches are full. A message that travels alone takes a batch of its own: one million
messages cost ${dollars(totalOf(billOf(alone, 1e6)))} in campaigns, and ${dollars(totalOf(billOf(alone, 1e6, measured.singly)))} if each comes alone. The storage is that of the month's own rows: each
month that you keep in the log adds its own again.

\`node --import tsx bin/tools/costs.ts 25000000\` prints the bill of another number of messages.

## What halves it

${markdownTable([['', ...heads], ...totals])}

- **Your cluster.** \`databaseClusterArn\` puts the tables into an Aurora PostgreSQL cluster that you pay for anyway. The database
  is the largest item, and cannot pause: the agent looks for due rows every two seconds.
- **Your network.** \`vpcId\` and \`senderSubnetIds\` use a VPC whose NAT gateway you pay for anyway. What the agent sends through
  it is in the figures.
- **A NAT instance.** \`natGateway\` at false makes a VPC without a way out; lead its private subnets through an instance of
  yours, such as a t4g.nano with the registered address. If it stops, nothing is sent until it runs again.
- **Fewer looks.** \`collectIntervalMs\` and \`mergeIntervalMs\` save calls of the Data API, ${dollars(looksOf(alone))} at most. The loops cost what they
  cost however often they look.

## What the figures rest on

Two functions loop, Collector and ReportMigrator; all others run for a moment. Each has the memory that it was measured to need:

${markdownTable([['part', 'MB', 'most taken'], ...memoryRows()])}

1,000 messages take, beyond what an idle agent does (\`node --import tsx test/bench/load.ts\`):

${markdownTable([['', 'in campaigns', 'alone'], ...takenRows()])}

Not counted, but assumed: Lambda polls each queue with ${assumed.pollers} connections for ${assumed.pollSeconds} s at a time; a processor of the database takes
4 ACU, and twice that is billed; ${assumed.bytesPerIo.toLocaleString('en')} bytes of the database's log are one I/O; the Fargate task's platform moves ${assumed.taskPlatformGb} GB. A metric is
billed for the hours that have it: with messages, there are some in each hour, with results on each of ${channels.length} channels. Not in
the figures: backups beyond the size of the database, the images and assets of the deployment, what your alarms' topic delivers,
and what Secrets Manager takes if the Data API reads a secret anew for a call (0.05 for 10,000 reads; AWS does not say how often).

${markdownTable([['price', '$', 'per', 'page'], ...priceRows()])}

Prices are those of the region ap-northeast-2 in public copies of AWS's price list of ${listedOn}. Those in italics are not in
them, but what others say. The pages are where AWS lists them: compare before you count on it.
`;
}

function totalsOf(inventory: Inventory): string[] {
  return volumes.map((messages) => dollars(totalOf(billOf(inventory, messages))));
}

function looksOf(inventory: Inventory): number {
  return billOf(inventory, 0).find(({ item }) => item === 'Data API')?.usd ?? 0;
}

function memoryRows(): string[][] {
  const taken: Readonly<Record<string, number>> = measured.megabytes;
  return Object.entries(memoryMb).map(([part, mb]) => [
    part,
    String(mb),
    taken[part] === undefined ? '' : String(taken[part]),
  ]);
}

const takenWords: readonly (readonly [keyof Taken, string])[] = [
  ['dataApiRequests', 'requests of the Data API, of 32 KB each'],
  ['queueRequests', 'requests of SQS'],
  ['senderInvocations', 'invocations of the sender'],
  ['senderSeconds', 'seconds of the sender'],
  ['logBytes', 'bytes of logs'],
  ['natBytes', 'bytes through the NAT, at most'],
  ['gatewayBytes', 'of them to and from the gateway'],
  ['walBytes', "bytes of the database's log"],
  ['storedBytes', 'bytes of storage'],
  ['databaseCpuSeconds', "seconds of the database's processor"],
];

function takenRows(): string[][] {
  const { inCampaigns, singly } = measured;
  return takenWords.map(([name, what]) => [
    what,
    ...[inCampaigns, singly].map((one) => one[name].toLocaleString('en')),
  ]);
}

function priceRows(): string[][] {
  return Object.values(prices).map(({ what, usd, per, page, isListed }) => {
    const price = usd.toFixed(10).replace(/\.?0+$/, '');
    return [what, isListed ? price : `_${price}_`, per, page];
  });
}

function dollars(usd: number): string {
  return usd < 10 ? usd.toFixed(2) : Math.round(usd).toLocaleString('en');
}
