import { beforeAll, expect, it } from 'vitest';
import { billOf, totalOf } from '../../bin/tools/costs/bill.ts';
import { type FunctionItem, type Inventory, takeInventory } from '../../bin/tools/costs/inventory.ts';
import { measured } from '../../bin/tools/costs/measured.ts';
import { inventoryOf, scenariosOf } from '../../bin/tools/costs/scenarios.ts';
import { memoryMb } from '../../functions/settings/memory.ts';
import { parts } from '../../functions/settings/part.ts';

const nothing: Inventory = {
  ...{ functions: [], natGateways: 0, natInstances: 0, publicAddresses: 0, capacity: 0, processors: 0, taskGb: 0 },
  ...{ queues: 0, secrets: 0, keys: 0, alarms: 0, dashboards: 0, metrics: { always: 0, withMessages: 0 } },
};
const collector: FunctionItem = {
  ...{ part: 'collector', memoryGb: 0.25, firedEvery: 60, hasQueues: false, isTraced: true },
  loop: { seconds: 65, intervalMs: 2_000 },
};

function lineOf(inventory: Partial<Inventory>, item: string, messages = 0): number {
  return billOf({ ...nothing, ...inventory }, messages).find((line) => line.item === item)?.usd ?? Number.NaN;
}

let alone: Inventory;
beforeAll(() => {
  alone = inventoryOf();
});

it('counts what the templates make', () => {
  const { functions, ...counts } = alone;
  expect(counts).toMatchObject({ natGateways: 1, publicAddresses: 1, capacity: 0.5, processors: 0.25, taskGb: 0.5 });
  expect(counts).toMatchObject({ queues: 3, secrets: 6, keys: 0 });
  const looping = functions.filter(({ loop }) => loop !== undefined);
  expect(looping.map(({ part, loop }) => [part, loop]).toSorted()).toEqual([
    ['collector', { seconds: 65, intervalMs: 2_000 }],
    ['report-migrator', { seconds: 65, intervalMs: 2_000 }],
  ]);
  expect(functions.filter(({ hasQueues }) => hasQueues).map(({ part }) => part)).toEqual(['sender']);
  expect(functions.find(({ part }) => part === 'table-create-scheduler')?.firedEvery).toBe(3_600);
});

const ownCluster = {
  databaseClusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:own',
  masterSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:master-AbCdEf',
};
const ownNetwork = { vpcId: 'vpc-0123456789abcdef0', senderSubnetIds: ['subnet-0123456789abcdef0'] };
const databaseSubnetIds = ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef2'];

it.each([
  ['ownCluster', ownCluster],
  ['ownNetwork', { ...ownNetwork, databaseSubnetIds }],
  ['ownBoth', { ...ownCluster, ...ownNetwork }],
] as const)('takes from the agent alone what the settings of %s leave out', (name, settings) => {
  expect(scenariosOf(alone)[name].inventory).toEqual(inventoryOf(settings));
});

it('leaves the NAT to an instance that the customer adds', () => {
  const { natInstance } = scenariosOf(alone);
  const without = inventoryOf({ natGateway: false });
  expect(natInstance.inventory).toEqual({ ...without, natInstances: 1, publicAddresses: 1 });
});

it('refuses a kind of resource of which it does not know whether it costs', () => {
  expect(() => takeInventory({ Cache: { Type: 'AWS::ElastiCache::CacheCluster' } })).toThrow(
    'AWS::ElastiCache::CacheCluster: expected a type of resource that is known to be paid for or free, got this one',
  );
});

it('counts an alarm once for each metric that it reads, and a rule by its rate', () => {
  const two = {
    Metrics: [
      { Id: 'a', MetricStat: {} },
      { Id: 'b', MetricStat: {} },
      { Id: 'c', Expression: 'a + b' },
    ],
  };
  const { alarms } = takeInventory({
    Plain: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'm' } },
    Sum: { Type: 'AWS::CloudWatch::Alarm', Properties: two },
  });
  expect(alarms).toBe(3);
  const odd = { ScheduleExpression: 'cron(0 0 * * ? *)', Targets: [] };
  const target = { Arn: { 'Fn::GetAtt': ['F', 'Arn'] } };
  const rule = { Type: 'AWS::Events::Rule', Properties: { ...odd, Targets: [target] } };
  expect(() => takeInventory({ rule })).toThrow('expected a rate in minutes or hours, got cron(0 0 * * ? *)');
});

it.each<{ what: string; item: string; inventory: Partial<Inventory>; usd: number }>([
  { what: 'a NAT gateway by the hour, and by the GB', item: 'NAT', inventory: { natGateways: 1 }, usd: 43.23 },
  { what: 'the least capacity of the database', item: 'database: capacity', inventory: { capacity: 0.5 }, usd: 73 },
  { what: 'each second of a loop', item: 'Lambda', inventory: { functions: [collector] }, usd: 9.5 },
  { what: 'each look of a loop', item: 'Data API', inventory: { functions: [collector] }, usd: 0.6 },
  { what: 'the task', item: 'Fargate task', inventory: { processors: 0.25, taskGb: 0.5 }, usd: 8.29 },
  { what: 'a trace of each firing', item: 'traces', inventory: { functions: [collector] }, usd: 0.22 },
  { what: 'empty queues, because Lambda asks them', item: 'SQS', inventory: { queues: 3 }, usd: 0.79 },
])('bills $what', ({ item, inventory, usd }) => {
  expect(lineOf(inventory, item)).toBeCloseTo(usd, 1);
});

it('bills more for more messages, and most for those that come alone', () => {
  const totals = [0, 1e6, 1e7, 1e8].map((messages) => totalOf(billOf(alone, messages)));
  expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  expect(totalOf(billOf(alone, 1e6, measured.singly))).toBeGreaterThan(totals[1] ?? Number.NaN);
  for (const { inventory } of Object.values(scenariosOf(alone)))
    expect(totalOf(billOf(inventory, 1e6))).toBeLessThanOrEqual(totals[1] ?? Number.NaN);
});

it('every part has half as much memory again as it was seen to take', () => {
  const taken: Readonly<Record<string, number>> = measured.megabytes;
  for (const part of parts) expect(memoryMb[part], part).toBeGreaterThanOrEqual(1.5 * (taken[part] ?? 0));
});
