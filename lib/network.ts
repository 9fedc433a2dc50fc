import { Annotations, RemovalPolicies } from 'aws-cdk-lib';
import {
  CfnEIP,
  IpAddresses,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { parseGatewayUrl } from '../functions/settings/gateway-url.ts';
import type { AgentConfig } from './agent-config.ts';
import type { ExistingParts } from './existing-parts.ts';

/** Where sender, receiver and database are; the other functions need no network of ours. */
export interface AgentNetwork {
  readonly vpc: IVpc;
  /** Sender and receiver reach AWS and the gateway from these. */
  readonly senderSubnets: SubnetSelection;
  readonly databaseSubnets: SubnetSelection;
}

/**
 * A network of the agent's own. Sender and receiver leave through one fixed address, because the gateway's key works from
 * registered addresses only; the database has subnets that lead nowhere. It stays when its stack is destroyed: the database
 * that stays needs it, and the address is registered.
 */
export class Network extends Construct implements AgentNetwork {
  readonly vpc: IVpc;
  readonly senderSubnets: SubnetSelection = { subnetGroupName: 'Private' };
  readonly databaseSubnets: SubnetSelection = { subnetGroupName: 'Database' };
  /** The settings with which a later deployment uses the same. */
  readonly kept: Readonly<Partial<AgentConfig>>;
  /** Unknown of an address that existed already. */
  readonly address: string | undefined;

  constructor(scope: Construct, id: string, { vpcCidr, natGateway, addressAllocationId }: AgentConfig) {
    super(scope, id);
    const ownAddress =
      natGateway && addressAllocationId === undefined ? new CfnEIP(this, 'Address', { domain: 'vpc' }) : undefined;
    this.address = ownAddress?.attrPublicIp;
    const allocationId = addressAllocationId ?? ownAddress?.attrAllocationId;
    const privateType = natGateway ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED;
    const allocationIds = allocationId === undefined ? [] : [allocationId];
    // The cast: under exactOptionalPropertyTypes the library's classes miss their own interfaces, in types alone.
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      ipAddresses: IpAddresses.cidr(vpcCidr),
      natGateways: natGateway ? 1 : 0,
      ...(natGateway && { natGatewayProvider: NatProvider.gateway({ eipAllocationIds: allocationIds }) }),
      // Nothing of ours is in the default group; emptying it takes a custom resource, with a role that may do so to any group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        ...(natGateway ? [{ name: 'Public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }] : []),
        { name: 'Private', subnetType: privateType },
        { name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED },
      ],
    }) as IVpc;
    const { subnetIds: senderSubnetIds } = this.vpc.selectSubnets(this.senderSubnets);
    const { subnetIds: databaseSubnetIds } = this.vpc.selectSubnets(this.databaseSubnets);
    this.kept = { vpcId: this.vpc.vpcId, senderSubnetIds, databaseSubnetIds };
    RemovalPolicies.of(this).retainOnUpdateOrDelete();
  }
}

/** The VPC of the app or of the settings, or else a new one. */
export function networkOf(scope: Construct, config: AgentConfig, existing: ExistingParts): AgentNetwork {
  const { vpc } = existing;
  if (vpc !== undefined) {
    const leading = { subnetType: SubnetType.PRIVATE_WITH_EGRESS };
    const isolated = vpc.isolatedSubnets.length > 0 ? { subnetType: SubnetType.PRIVATE_ISOLATED } : leading;
    const { senderSubnets = leading, databaseSubnets = isolated } = existing;
    return { vpc, senderSubnets, databaseSubnets };
  }
  return config.vpcId === undefined ? new Network(scope, 'Network', config) : networkOfIds(scope, config.vpcId, config);
}

/** An existing VPC by the ids of the settings; nothing of it is looked up. */
function networkOfIds(
  scope: Construct,
  vpcId: string,
  { senderSubnetIds = [], databaseSubnetIds = [] }: AgentConfig,
): AgentNetwork {
  const subnetsOf = (ids: readonly string[]): SubnetSelection => ({
    subnets: ids.map((subnetId) => {
      const subnet = Subnet.fromSubnetId(scope, subnetId, subnetId);
      // Nothing of ours asks where its routes lead.
      Annotations.of(subnet).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId');
      return subnet;
    }),
  });
  return {
    // Its zones must be named, but nobody asks for them.
    vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['any'] }),
    senderSubnets: subnetsOf(senderSubnetIds),
    databaseSubnets: subnetsOf(databaseSubnetIds),
  };
}

/** Where a function stands that calls the gateway: it leaves through the registered address. */
export function callerPlace(scope: Construct, { vpc, senderSubnets }: AgentNetwork, config: AgentConfig) {
  return { vpc, vpcSubnets: senderSubnets, securityGroups: [callerGroup(scope, vpc, config)] };
}

/** The group of a part that calls the gateway: nothing comes in, and nothing leaves but to AWS and the gateway. */
export function callerGroup(
  scope: Construct,
  vpc: IVpc,
  { gatewayUrl, plaintextGatewayHost }: AgentConfig,
): SecurityGroup {
  const { address } = parseGatewayUrl(gatewayUrl, plaintextGatewayHost);
  const gatewayPort = Number(address.split(':').at(-1));
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    allowAllOutbound: false,
    description: 'To AWS and the gateway',
  });
  for (const port of new Set([443, gatewayPort])) {
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), port === gatewayPort ? 'The gateway' : 'AWS');
  }
  return group;
}
