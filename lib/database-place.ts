import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Endpoint, type IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';
import type { AgentConfig } from './agent-config.ts';
import { Cluster } from './cluster.ts';
import type { ExistingParts } from './existing-parts.ts';
import type { AgentNetwork } from './network.ts';

/** Where the tables are. */
export interface DatabasePlace {
  readonly clusterArn: string;
  readonly masterSecret: ISecret;
  /** Unknown of a cluster that is given by its ARN alone. */
  readonly endpoint: Endpoint | undefined;
  /** Where the port is opened for clients; unknown of a cluster without such a group. */
  readonly securityGroupId: string | undefined;
  /** The settings with which a later deployment uses the same. */
  readonly kept: Readonly<Partial<AgentConfig>>;
}

interface PlaceProps {
  readonly config: AgentConfig;
  readonly existing: ExistingParts;
  readonly network: AgentNetwork | undefined;
  readonly key: IKey | undefined;
}

/** The cluster of the app or of the settings, or else a new one. */
export function databasePlace(scope: Construct, { config, existing, network, key }: PlaceProps): DatabasePlace {
  const { databaseClusterArn, masterSecretArn, databaseSecurityGroupId, databaseEndpoint } = config;
  if (existing.cluster !== undefined) return placeOfCluster(existing.cluster, existing, config);
  if (databaseClusterArn !== undefined && masterSecretArn !== undefined) {
    const attributes = { secretCompleteArn: masterSecretArn, ...(key && { encryptionKey: key }) };
    return {
      clusterArn: databaseClusterArn,
      masterSecret: Secret.fromSecretAttributes(scope, 'MasterSecret', attributes),
      endpoint: databaseEndpoint === undefined ? undefined : endpointOf(databaseEndpoint),
      securityGroupId: databaseSecurityGroupId,
      kept: {
        databaseClusterArn,
        masterSecretArn,
        ...(databaseSecurityGroupId !== undefined && { databaseSecurityGroupId }),
        ...(databaseEndpoint !== undefined && { databaseEndpoint }),
      },
    };
  }
  if (network === undefined) throw new Error('expected a network for a new cluster, got none');
  const { cluster, masterSecret, securityGroup } = new Cluster(scope, 'Database', { config, network, key });
  const { securityGroupId } = securityGroup;
  const { clusterArn, clusterEndpoint: endpoint } = cluster;
  const kept = {
    databaseClusterArn: clusterArn,
    databaseEndpoint: endpoint.socketAddress,
    masterSecretArn: masterSecret.secretArn,
    databaseSecurityGroupId: securityGroupId,
  };
  return { clusterArn, masterSecret, endpoint, securityGroupId, kept };
}

/** Of `host:port`. */
function endpointOf(address: string): Endpoint {
  const [host = '', port] = address.split(':');
  return new Endpoint(host, Number(port));
}

function placeOfCluster(
  cluster: IDatabaseCluster,
  { masterSecret, clientSecurityGroups = [] }: ExistingParts,
  { clientCidrs, clientSecurityGroupIds, databaseSecurityGroupId }: AgentConfig,
): DatabasePlace {
  if (masterSecret === undefined)
    throw new ConfigurationError('Wrong settings: masterSecret: expected a secret with cluster, got nothing');
  const [group] = cluster.connections.securityGroups;
  const securityGroupId = databaseSecurityGroupId ?? group?.securityGroupId;
  const clients = clientCidrs.length + clientSecurityGroupIds.length + clientSecurityGroups.length;
  if (clients > 0 && securityGroupId === undefined)
    throw new ConfigurationError(
      'Wrong settings: cluster: expected one with a security group for its clients, got none',
    );
  const { clusterArn, clusterEndpoint: endpoint } = cluster;
  return { clusterArn, masterSecret, endpoint, securityGroupId, kept: {} };
}
