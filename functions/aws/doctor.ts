import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { GetRoleCommand, IAMClient, NoSuchEntityException } from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeDBClustersCommand, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import * as z from 'zod';
import type { CloudPorts, ClusterFacts, ReceiverFacts } from '../operation/doctor-cloud.ts';
import type { Probe } from '../operation/probe.ts';
import { probePatience, requestLimits } from '../settings/request-limits.ts';
import type { Installation } from './installation.ts';

const requestHandler = requestLimits();

/** The role with which ECS works for the account. */
const serviceRole = 'AWSServiceRoleForECS';

interface CloudNames {
  readonly clusterArn: string;
  /** Undefined if nobody said where they are. */
  readonly services: Pick<Installation, 'gatewayProbe' | 'receiver'> | undefined;
}

/** Looks at what an installation stands on, with the operator's own credentials. */
export function cloudPorts({ clusterArn, services }: CloudNames): CloudPorts {
  return {
    cluster: () => readCluster(clusterArn),
    concurrency: readConcurrency,
    serviceRole: hasServiceRole,
    receiver:
      services === undefined ? unnamed : async () => services.receiver && (await readReceiver(services.receiver)),
    gateway: services === undefined ? unnamed : () => askProbe(services.gatewayProbe),
  };
}

const unnamed = { unsaid: 'run it with --installation NAME: the stacks say where it is' };

async function readCluster(arn: string): Promise<ClusterFacts> {
  const client = new RDSClient({ requestHandler });
  const { DBClusters = [] } = await client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: arn }));
  const [cluster] = DBClusters;
  if (cluster === undefined) throw new Error(`expected the cluster ${arn}, got none`);
  const { ServerlessV2ScalingConfiguration: scaling, DBClusterMembers: members = [] } = cluster;
  const writer = members.find(({ IsClusterWriter }) => IsClusterWriter)?.DBInstanceIdentifier;
  return {
    arn,
    engine: cluster.Engine ?? '',
    version: cluster.EngineVersion ?? '',
    status: cluster.Status ?? '',
    hasDataApi: cluster.HttpEndpointEnabled ?? false,
    capacity: scaling && { min: scaling.MinCapacity ?? 0, max: scaling.MaxCapacity ?? 0 },
    writerClass: writer === undefined ? undefined : await classOf(client, writer),
  };
}

async function classOf(client: RDSClient, DBInstanceIdentifier: string): Promise<string | undefined> {
  const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  return DBInstances[0]?.DBInstanceClass;
}

async function readConcurrency(): Promise<number> {
  const { AccountLimit } = await new LambdaClient({ requestHandler }).send(new GetAccountSettingsCommand({}));
  if (AccountLimit?.ConcurrentExecutions === undefined) throw new Error('expected a limit of Lambda, got none');
  return AccountLimit.ConcurrentExecutions;
}

async function hasServiceRole(): Promise<boolean> {
  try {
    await new IAMClient({ requestHandler }).send(new GetRoleCommand({ RoleName: serviceRole }));
    return true;
  } catch (error) {
    if (error instanceof NoSuchEntityException) return false;
    throw error;
  }
}

async function readReceiver({
  cluster,
  service,
}: NonNullable<Installation['receiver']>): Promise<ReceiverFacts | undefined> {
  const { services = [] } = await new ECSClient({ requestHandler }).send(
    new DescribeServicesCommand({ cluster, services: [service] }),
  );
  const [found] = services;
  if (found === undefined || found.status === 'INACTIVE') return undefined;
  return { wanted: found.desiredCount ?? 0, running: found.runningCount ?? 0, lastEvent: found.events?.[0]?.message };
}

const answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('answered') }),
  z.object({ outcome: z.literal('failed'), reason: z.string() }),
]);
const thrown = z.object({ errorMessage: z.string() });

/** A function that fails has not reached the secret from where it stands, or not in time. */
async function askProbe(FunctionName: string): Promise<Probe> {
  const client = new LambdaClient({ requestHandler: requestLimits(probePatience) });
  const { FunctionError, Payload } = await client.send(new InvokeCommand({ FunctionName }));
  const payload: unknown = JSON.parse(Payload?.transformToString() || 'null');
  if (FunctionError === undefined) return answer.parse(payload);
  const said = thrown.safeParse(payload).data?.errorMessage ?? FunctionError;
  return { outcome: 'failed', reason: `the probe failed: ${said}` };
}
