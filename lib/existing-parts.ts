import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';

/** What exists already, as constructs of the app. The settings name the same by ids and ARNs. */
export interface ExistingParts {
  /**
   * The VPC of sender, receiver and a new database.
   *
   * @default one that the agent makes
   */
  readonly vpc?: IVpc | undefined;
  /**
   * Where in `vpc` sender and receiver are: they must reach AWS and the gateway from there.
   *
   * @default its private subnets with a way out
   */
  readonly senderSubnets?: SubnetSelection | undefined;
  /**
   * Where in `vpc` a new database is.
   *
   * @default its isolated subnets, or if it has none, its private ones
   */
  readonly databaseSubnets?: SubnetSelection | undefined;
  /**
   * An Aurora PostgreSQL cluster with the Data API. Goes with `masterSecret`.
   *
   * @default one that the agent makes
   */
  readonly cluster?: IDatabaseCluster | undefined;
  /**
   * The bucket with the files of file_upload, which the agent may read.
   *
   * @default one that the agent makes
   */
  readonly fileBucket?: IBucket | undefined;
  /** The secret of the master user of `cluster`, who creates the agent's roles: {"username", "password"}. */
  readonly masterSecret?: ISecret | undefined;
  /**
   * The key of a new database and of the secrets.
   *
   * @default those that AWS keeps for the account
   */
  readonly encryptionKey?: IKey | undefined;
  /**
   * Groups whose members may connect to the database, beside `clientSecurityGroupIds`.
   *
   * @default none
   */
  readonly clientSecurityGroups?: readonly ISecurityGroup[] | undefined;
  /**
   * The credentials of the gateway: {"clientId", "clientSecret"}.
   *
   * @default one to be filled in
   */
  readonly gatewaySecret?: ISecret | undefined;
  /** The topic of the alarms, in place of `alarmTopicArn`. */
  readonly alarmTopic?: ITopic | undefined;
}
