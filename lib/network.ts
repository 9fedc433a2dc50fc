import { CfnOutput } from 'aws-cdk-lib';
import { CfnEIP, type IVpc, NatProvider, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/**
 * Sender and receiver leave through one fixed address, because the gateway's key works from registered addresses only.
 * The database has subnets that lead nowhere; the other functions need no network of ours.
 */
export class Network extends Construct {
  readonly vpc: IVpc;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const address = new CfnEIP(this, 'Address', { domain: 'vpc' });
    // The cast: under exactOptionalPropertyTypes the library's classes miss their own interfaces, in types alone.
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 1,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: [address.attrAllocationId] }),
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24 },
        { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 },
        { name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    }) as IVpc;
    new CfnOutput(this, 'GatewayAddress', {
      value: address.attrPublicIp,
      description: 'Register this address with the gateway: sender and receiver call from it',
    });
  }
}
