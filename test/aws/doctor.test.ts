import { afterEach, describe, expect, it, vi } from 'vitest';
import { cloudPorts } from '../../functions/aws/doctor.ts';
import { readInstallation } from '../../functions/aws/installation.ts';
import type { Look } from '../../functions/operation/finding.ts';
import { type Answer, aFakeAws, stackWith, useAws, xmlError } from '../support/fake-aws.ts';

afterEach(() => vi.unstubAllEnvs());

const clusterArn = 'arn:aws:rds:ap-northeast-2:111122223333:cluster:omni';
const services = { gatewayProbe: 'the-probe', receiver: { cluster: 'the-cluster', service: 'the-service' } };

/** One look, by the SDK, at services that answer so. */
async function look<Name extends keyof ReturnType<typeof cloudPorts>>(name: Name, answers: Record<string, Answer>) {
  const { url, asked } = await aFakeAws(answers);
  useAws(url);
  const port: Look<unknown> = cloudPorts({ clusterArn, services })[name];
  if (typeof port !== 'function') throw new Error(`expected a look, got ${JSON.stringify(port)}`);
  return { found: await port(), asked };
}

describe('the cluster', () => {
  const members =
    '<DBClusterMember><DBInstanceIdentifier>reader</DBInstanceIdentifier><IsClusterWriter>false</IsClusterWriter></DBClusterMember>' +
    '<DBClusterMember><DBInstanceIdentifier>writer</DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter></DBClusterMember>';
  const scaling =
    '<ServerlessV2ScalingConfiguration><MinCapacity>0.5</MinCapacity><MaxCapacity>8.0</MaxCapacity></ServerlessV2ScalingConfiguration>';
  const clusterWith = (more: string) =>
    `<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><Engine>aurora-postgresql</Engine><EngineVersion>17.9</EngineVersion><Status>available</Status><HttpEndpointEnabled>true</HttpEndpointEnabled>${more}</DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>`;
  const DescribeDBInstances =
    '<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceClass>db.serverless</DBInstanceClass></DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>';

  it('is read with the class of its writer', async () => {
    const DescribeDBClusters = clusterWith(`<DBClusterMembers>${members}</DBClusterMembers>${scaling}`);
    const { found, asked } = await look('cluster', { DescribeDBClusters, DescribeDBInstances });
    expect(found).toEqual({
      arn: clusterArn,
      engine: 'aurora-postgresql',
      version: '17.9',
      status: 'available',
      hasDataApi: true,
      capacity: { min: 0.5, max: 8 },
      writerClass: 'db.serverless',
    });
    expect(asked[0]?.body).toContain(`DBClusterIdentifier=${encodeURIComponent(clusterArn)}`);
    expect(asked[1]?.body).toContain('DBInstanceIdentifier=writer');
  });

  it('may have neither a writer nor a capacity', async () => {
    const { found } = await look('cluster', { DescribeDBClusters: clusterWith('') });
    expect(found).toMatchObject({ writerClass: undefined, capacity: undefined });
  });

  it('may be kept from the operator', async () => {
    const denied = xmlError('AccessDenied', 'not authorized to perform: rds:DescribeDBClusters');
    await expect(look('cluster', { DescribeDBClusters: denied })).rejects.toThrow(/not authorized/);
  });
});

it('the quota is that of the account', async () => {
  const settings = { AccountLimit: { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 } };
  expect((await look('concurrency', { 'GET /account-settings': settings })).found).toBe(10);
});

describe('the role of ECS', () => {
  const role =
    '<GetRoleResponse><GetRoleResult><Role><RoleName>AWSServiceRoleForECS</RoleName><Path>/</Path><RoleId>A</RoleId><Arn>arn</Arn><CreateDate>2026-11-24T03:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>';

  it.each([
    ['is there', role, true],
    ['is missing', xmlError('NoSuchEntity', 'The role cannot be found.'), false],
  ] as const)('%s', async (...[, GetRole, expected]) => {
    const { found, asked } = await look('serviceRole', { GetRole });
    expect(found).toBe(expected);
    expect(asked[0]?.body).toContain('RoleName=AWSServiceRoleForECS');
  });
});

describe('the receiver', () => {
  it('is counted, with the last that ECS said', async () => {
    const events = [
      { id: '2', message: 'unable to place a task' },
      { id: '1', message: 'older' },
    ];
    const service = { serviceName: 'the-service', status: 'ACTIVE', desiredCount: 1, runningCount: 0, events };
    const { found, asked } = await look('receiver', { DescribeServices: { services: [service], failures: [] } });
    expect(found).toEqual({ wanted: 1, running: 0, lastEvent: 'unable to place a task' });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ cluster: 'the-cluster', services: ['the-service'] });
  });

  it('may have been removed', async () => {
    expect((await look('receiver', { DescribeServices: { services: [], failures: [] } })).found).toBeUndefined();
  });
});

describe('the gateway', () => {
  const invocation = 'POST /functions/the-probe/invocations';

  it.each([
    [{ outcome: 'answered' }],
    [{ outcome: 'failed', reason: '16 UNAUTHENTICATED: unknown client id or wrong secret' }],
  ])('is what the probe says: %j', async (answer) => {
    expect((await look('gateway', { [invocation]: answer })).found).toEqual(answer);
  });
});

it('the gateway cannot be reached where the probe itself fails', async () => {
  const body = { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 30.00 seconds' };
  const failed = { status: 200, body, headers: { 'x-amz-function-error': 'Unhandled' } };
  const { found } = await look('gateway', { 'POST /functions/the-probe/invocations': failed });
  expect(found).toEqual({ outcome: 'failed', reason: `the probe failed: ${body.errorMessage}` });
});

describe('a deployed agent', () => {
  const data = {
    DatabaseCluster: clusterArn,
    DatabaseName: 'omni',
    TimeZone: 'Asia/Seoul',
    AgentSecret: 'arn:secret',
    GatewaySecret: 'arn:gateway',
    GatewayAddress: '192.0.2.1',
  };
  const agent = {
    QueueVeryFast: 'https://sqs.ap-northeast-2.amazonaws.com/111122223333/vf',
    QueueFast: 'https://sqs.ap-northeast-2.amazonaws.com/111122223333/f',
    QueueSlow: 'https://sqs.ap-northeast-2.amazonaws.com/111122223333/s',
    DefaultValiditySeconds: '3600',
    GatewayProbeName: 'the-probe',
  };
  const stacks: Record<string, Answer> = {
    'DescribeStacks shop-data': stackWith('shop-data', data),
    'DescribeStacks shop': stackWith('shop', agent),
    'DescribeStacks shop-receiver': stackWith('shop-receiver', { ReceiverCluster: 'c', ReceiverService: 's' }),
  };
  const gone = (name: string) => xmlError('ValidationError', `Stack with id ${name} does not exist`);
  const read = async (changed: Record<string, Answer> = {}) => {
    useAws((await aFakeAws({ ...stacks, ...changed })).url);
    return await readInstallation('shop');
  };

  it('is described by its stacks', async () => {
    expect(await read()).toEqual({
      clusterArn,
      secretArn: 'arn:secret',
      database: 'omni',
      timeZone: 'Asia/Seoul',
      defaultValiditySeconds: 3_600,
      queueUrls: { veryfast: agent.QueueVeryFast, fast: agent.QueueFast, slow: agent.QueueSlow },
      gatewaySecretArn: 'arn:gateway',
      gatewayProbe: 'the-probe',
      receiver: { cluster: 'c', service: 's' },
    });
  });

  it('may lack its receiver, and nothing else', async () => {
    expect(await read({ 'DescribeStacks shop-receiver': gone('shop-receiver') })).toMatchObject({
      receiver: undefined,
    });
    await expect(read({ 'DescribeStacks shop': gone('shop') })).rejects.toThrow(
      /^expected the stacks of an agent, got no shop$/,
    );
    await expect(read({ 'DescribeStacks shop': stackWith('shop', {}) })).rejects.toThrow(
      /^stack shop: expected the outputs of this version, got none or others of QueueVeryFast, /,
    );
  });
});
