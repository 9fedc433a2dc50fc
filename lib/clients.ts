import { Names } from 'aws-cdk-lib';
import { CfnSecurityGroupIngress, type ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';

interface ClientsProps {
  readonly config: AgentConfig;
  /** Further groups, beside those that the settings name. */
  readonly securityGroups: readonly ISecurityGroup[];
  readonly databaseGroupId: string;
  readonly port: number;
}

/**
 * Opens the database's port for a customer's applications and for nobody else. Each opening is a resource of its own and goes
 * with the stack, also where the database's group stays.
 */
export class Clients extends Construct {
  constructor(scope: Construct, id: string, { config, securityGroups, databaseGroupId, port }: ClientsProps) {
    super(scope, id);
    const tcp = { groupId: databaseGroupId, ipProtocol: 'tcp', fromPort: port, toPort: port };
    const ofGroup = { ...tcp, description: 'A client of the database' };
    // Named by what they are, so that one can go while the others stay as they are.
    for (const sourceSecurityGroupId of config.clientSecurityGroupIds) {
      new CfnSecurityGroupIngress(this, sourceSecurityGroupId, { ...ofGroup, sourceSecurityGroupId });
    }
    for (const group of securityGroups) {
      const sourceSecurityGroupId = group.securityGroupId;
      new CfnSecurityGroupIngress(this, Names.nodeUniqueId(group.node), { ...ofGroup, sourceSecurityGroupId });
    }
    for (const cidr of config.clientCidrs) {
      const from = cidr.includes(':') ? { cidrIpv6: cidr } : { cidrIp: cidr };
      new CfnSecurityGroupIngress(this, cidr, { ...tcp, ...from, description: 'Clients of the database' });
    }
  }
}
