import { type Errors, type Finding, type Look, look, ok, type Verdict } from './finding.ts';
import type { Probe } from './probe.ts';

/** What an installation stands on beside its database, queues and secrets. */
export interface CloudPorts {
  readonly cluster: Look<ClusterFacts>;
  /** How many functions of the account may run at once. */
  readonly concurrency: Look<number>;
  /** Whether ECS has the role with which it works for the account. */
  readonly serviceRole: Look<boolean>;
  /** Undefined if there is no such service. */
  readonly receiver: Look<ReceiverFacts | undefined>;
  readonly gateway: Look<Probe>;
}

export interface ClusterFacts {
  readonly arn: string;
  readonly engine: string;
  readonly version: string;
  readonly status: string;
  readonly hasDataApi: boolean;
  /** Undefined without serverless instances. */
  readonly capacity: { readonly min: number; readonly max: number } | undefined;
  /** The class of the instance that writes; undefined if there is none. */
  readonly writerClass: string | undefined;
}

export interface ReceiverFacts {
  readonly wanted: number;
  readonly running: number;
  /** What ECS said last. */
  readonly lastEvent: string | undefined;
}

/** Side by side. */
export async function examineCloud(ports: CloudPorts, errors: Errors): Promise<Finding[]> {
  const findings = await Promise.all([
    look('cluster', ports.cluster, {
      judge: judgeCluster,
      needs: 'rds:DescribeDBClusters, rds:DescribeDBInstances',
      errors,
    }),
    look('Lambda quota', ports.concurrency, { judge: judgeConcurrency, needs: 'lambda:GetAccountSettings', errors }),
    look('ECS role', ports.serviceRole, { judge: judgeServiceRole, needs: 'iam:GetRole', errors }),
    look('receiver task', ports.receiver, { judge: judgeReceiver, needs: 'ecs:DescribeServices', errors }),
    look('gateway', ports.gateway, { judge: judgeProbe, needs: 'lambda:InvokeFunction', errors }),
  ]);
  return findings.flat();
}

/** In one finding for each fault. */
export function judgeCluster(cluster: ClusterFacts): readonly Verdict[] {
  const { arn, engine, version, status, capacity, writerClass } = cluster;
  const faults: (Verdict | false)[] = [
    engine !== 'aurora-postgresql' && {
      outcome: 'stops',
      found: `its engine is ${engine}`,
      whatToDo: 'use a cluster of Aurora PostgreSQL: the agent runs on no other engine',
    },
    !cluster.hasDataApi && {
      outcome: 'stops',
      found: 'its Data API is off',
      whatToDo: `aws rds enable-http-endpoint --resource-arn ${arn}`,
    },
    status !== 'available' && {
      outcome: isStopped(status) ? 'stops' : 'warning',
      found: `its status is ${status}`,
      whatToDo: isStopped(status)
        ? `aws rds start-db-cluster --db-cluster-identifier ${arn.split(':').at(-1)}`
        : 'wait until it is available',
    },
    writerClass === undefined && {
      outcome: 'stops',
      found: 'it has no writer instance',
      whatToDo: 'add an instance to the cluster',
    },
    // As AWS documents it of the Data API.
    writerClass?.startsWith('db.t') === true && {
      outcome: 'stops',
      found: `its writer is a ${writerClass}: instances of the T classes have no Data API`,
      whatToDo: 'change the class of the instance to db.serverless, or to another one that is not a T class',
    },
    capacity?.min === 0 && {
      outcome: 'warning',
      found: 'its minimum capacity is 0: it pauses while the agent is stopped, and the first calls after that fail',
      whatToDo: 'set minCapacity to 0.5 or more; while the agent runs, it never pauses anyway',
    },
  ];
  const found = faults.filter((fault) => fault !== false);
  if (found.length > 0) return found;
  const size = capacity === undefined ? writerClass : `${capacity.min} to ${capacity.max} ACU`;
  return [ok(`${engine} ${version}, ${size}`)];
}

const isStopped = (status: string) => status.startsWith('stop') || status === 'deleting';

/** Ten senders, two of each function that a schedule fires while firings overlap, and what else the account runs. */
const leastConcurrency = 50;

export function judgeConcurrency(limit: number): readonly Verdict[] {
  if (limit >= leastConcurrency) return [ok(`${limit.toLocaleString('en')} functions of the account may run at once`)];
  const request = 'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384';
  const found = `only ${limit} functions of the account may run at once; a campaign uses that up`;
  return [{ outcome: 'warning', found, whatToDo: `${request} --desired-value 1000` }];
}

export function judgeServiceRole(exists: boolean): readonly Verdict[] {
  if (exists) return [ok('AWSServiceRoleForECS exists')];
  const whatToDo =
    'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com, then deploy the receiver again';
  return [{ outcome: 'warning', found: 'AWSServiceRoleForECS is missing: no receiver can start', whatToDo }];
}

export function judgeReceiver(receiver: ReceiverFacts | undefined): readonly Verdict[] {
  if (receiver === undefined)
    return [
      {
        outcome: 'warning',
        found: 'it is not deployed: no reports come in',
        whatToDo: 'deploy the receiver stack',
      },
    ];
  const { wanted, running, lastEvent } = receiver;
  if (running > 0 && running >= wanted) return [ok(running === 1 ? 'it is running' : `${running} are running`)];
  const found = `${running} of ${wanted} tasks run: no reports come in`;
  const said = lastEvent === undefined ? '' : `; ECS said last: ${lastEvent}`;
  const whatToDo = wanted === 0 ? 'set the desired count of its service to 1' : `look at the receiver's log${said}`;
  return [{ outcome: 'warning', found, whatToDo }];
}

export function judgeProbe(found: Probe): readonly Verdict[] {
  if (found.outcome === 'answered') return [ok('it answers at the registered address and accepts the credentials')];
  const { reason } = found;
  const isRefused = /UNAUTHENTICATED|PERMISSION_DENIED/.test(reason);
  const whatToDo = isRefused
    ? 'store the credentials that the gateway gave you in its secret, and register the address (output GatewayAddress)'
    : 'check gatewayUrl, and the way to it from the subnets of the sender (NAT, routes, firewalls)';
  return [{ outcome: 'stops', found: reason, whatToDo }];
}
