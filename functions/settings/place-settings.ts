import { aboutSettings } from './about-settings.ts';
import { capacity, listOf, matching, trueOrFalse, wholeNumber } from './schemas.ts';

const securityGroupId = /^sg-[0-9a-f]+$/;
const subnetIds = () => listOf(/^subnet-[0-9a-f]+$/, 'ids of subnets');
const secretArn = () =>
  matching(/^arn:[a-z-]+:secretsmanager:.+-[A-Za-z0-9]{6}$/, 'the whole ARN of a secret, with its last six characters');

/** The settings of where an agent stands: its database, its network, and what of these exists already. */
export const placeSettings = {
  minCapacity: capacity(0.5, 256, 'at 0 it would never pause: the agent looks for rows every few seconds')
    .default(0.5)
    .register(aboutSettings, {
      meaning: 'Least capacity of the database.',
      unit: 'ACU',
    }),
  maxCapacity: capacity(1, 256).default(8).register(aboutSettings, {
    meaning: 'Most capacity of the database, at least minCapacity.',
    unit: 'ACU',
  }),
  reader: trueOrFalse().default(false).register(aboutSettings, {
    meaning: 'Whether the database has a second instance, in another zone, that takes over when the first one fails.',
  }),
  backupDays: wholeNumber(1, 35).default(14).register(aboutSettings, {
    meaning: 'How long the backups of the database are kept.',
    unit: 'days',
  }),
  deletionProtection: trueOrFalse().default(true).register(aboutSettings, {
    meaning: 'Whether the database and the stack that holds it refuse to be deleted.',
  }),
  kmsKeyArn: matching(/^arn:[a-z-]+:kms:.+:key\/.+$/, 'the ARN of a key')
    .optional()
    .register(aboutSettings, {
      meaning:
        'The KMS key of the database and its secrets; without it they have those that AWS keeps for the account.',
    }),
  vpcId: matching(/^vpc-[0-9a-f]+$/, 'the id of a VPC')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing VPC to use; without it the agent makes one.',
    }),
  senderSubnetIds: subnetIds().optional().register(aboutSettings, {
    meaning: 'With vpcId: where sender and receiver are, which must reach AWS and the gateway from there.',
  }),
  databaseSubnetIds: subnetIds().optional().register(aboutSettings, {
    meaning: 'With vpcId and a new database: its subnets, in two zones at least.',
  }),
  vpcCidr: matching(/^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-4])$/, 'an IPv4 range from /16 to /24')
    .default('10.0.0.0/16')
    .register(aboutSettings, {
      meaning: 'The addresses of a new VPC.',
    }),
  natGateway: trueOrFalse().default(true).register(aboutSettings, {
    meaning:
      'Whether a new VPC has a way out of its own; without it you lead its private subnets to AWS and the gateway.',
  }),
  addressAllocationId: matching(/^eipalloc-[0-9a-f]+$/, 'the allocation id of an Elastic IP')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing address from which a new VPC reaches the gateway; without it the agent allocates one.',
    }),
  clientSecurityGroupIds: listOf(securityGroupId, 'ids of security groups').default([]).register(aboutSettings, {
    meaning: 'Whose members may connect to the database.',
  }),
  clientCidrs: listOf(/^((\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)\/\d{1,3}$/, 'ranges of addresses')
    .default([])
    .register(aboutSettings, {
      meaning: 'From where clients may connect to the database.',
    }),
  databaseSecurityGroupId: matching(securityGroupId, 'the id of a security group').optional().register(aboutSettings, {
    meaning: 'With databaseClusterArn: the group of that database, in which its port is opened for clients.',
  }),
  databaseClusterArn: matching(/^arn:[a-z-]+:rds:.+:cluster:.+$/, 'the ARN of a cluster')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing Aurora PostgreSQL cluster with the Data API to use; without it the agent makes one.',
    }),
  databaseEndpoint: matching(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'host:port')
    .optional()
    .register(aboutSettings, {
      meaning:
        'With databaseClusterArn: where that database answers, for the outputs and the port that is opened for clients (without it, 5432).',
    }),
  masterSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: "With databaseClusterArn: the secret of that database's master user, which creates the agent's roles.",
  }),
  ownerSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: 'An existing secret of the role that owns the tables.',
  }),
  agentSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: 'An existing secret of the role that the functions are.',
  }),
  customerSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: "An existing secret of the role that a customer's application is.",
  }),
  gatewaySecretArn: secretArn().optional().register(aboutSettings, {
    meaning: 'An existing secret with the credentials of the gateway.',
  }),
};
