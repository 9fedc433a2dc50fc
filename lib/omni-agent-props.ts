import type { Environment } from 'aws-cdk-lib';
import type { ExistingParts } from './existing-parts.ts';

/** The settings of an agent; docs/settings.md has the range of each. */
interface Settings {
  /** Where the gateway answers: `grpcs://host:port`. */
  readonly gatewayUrl: string;
  /**
   * Where alarms go, and the news that they are over: the ARN of an SNS topic, or `none` to call nobody. Needed with profile
   * aws, unless `alarmTopic` is given.
   */
  readonly alarmTopicArn?: string;
  /**
   * The name of this agent among those of its account and region: of its stacks, metrics, alarms and secrets.
   *
   * @default 'omni-agent'
   */
  readonly installation?: string;
  /**
   * Most messages sent in a second, over all senders; 0 is no limit.
   *
   * @default 400
   */
  readonly messagesPerSecond?: number;
  /**
   * Senders at work at the same time, over the three lanes.
   *
   * @default 10
   */
  readonly sessions?: number;
  /**
   * Most messages of one lane that are claimed and not yet sent.
   *
   * @default 3000
   */
  readonly sendQueueLimit?: number;
  /**
   * How long after its request_date a row without a ttl may still be sent, in seconds.
   *
   * @default 86400
   */
  readonly defaultValiditySeconds?: number;
  /**
   * How often the Collector looks for due rows while there are none, in milliseconds.
   *
   * @default 2000
   */
  readonly collectIntervalMs?: number;
  /**
   * How often the ReportMigrator looks for reports while there are none, in milliseconds.
   *
   * @default 2000
   */
  readonly mergeIntervalMs?: number;
  /**
   * How often the ban list is checked, in minutes: the longest until a banned text counts.
   *
   * @default 1
   */
  readonly banCheckMinutes?: number;
  /**
   * How often rows are looked for that have waited too long, in minutes.
   *
   * @default 1
   */
  readonly cleanPeriodMinutes?: number;
  /**
   * How long after its request_date an unsent row ends with E930, and after msg_sent_date a sent one without a result with E931, in
   * hours.
   *
   * @default 96
   */
  readonly cleanTranRangeHours?: number;
  /**
   * How long after its sending, and then after each inquiry, the gateway is asked about a row without a result, in hours.
   *
   * @default 24
   */
  readonly reconcileAfterHours?: number;
  /**
   * Most inquiries in one period, each about 200 rows.
   *
   * @default 20
   */
  readonly reconcileRequests?: number;
  /**
   * How long reports are kept that never found their row, in days.
   *
   * @default 90
   */
  readonly unmatchedKeepDays?: number;
  /**
   * How long one firing of a schedule keeps looking, in seconds; above 60, the next one begins before it ends.
   *
   * @default 65
   */
  readonly loopSeconds?: number;
  /**
   * How often file_upload is looked at: the longest until a new file is uploaded, in minutes.
   *
   * @default 1
   */
  readonly fileUploadMinutes?: number;
  /**
   * How long after its reg_date a file of file_upload is uploaded, more than fileUploadMinutes; later it ends with F002. In minutes.
   *
   * @default 1440
   */
  readonly fileUploadTtlMinutes?: number;
  /**
   * The IANA zone of every timestamp column.
   *
   * @default 'Asia/Seoul'
   */
  readonly timeZone?: string;
  /**
   * The name of the database; its roles are named after it.
   *
   * @default 'omni'
   */
  readonly databaseName?: string;
  /**
   * Who changes the database: the agent (auto), or a person who runs what `omni-agent schema` prints (script).
   *
   * @default 'auto'
   */
  readonly manageSchema?: 'auto' | 'script';
  /**
   * `local` is an emulator of AWS, with a PostgreSQL in place of Aurora.
   *
   * @default 'aws'
   */
  readonly profile?: 'aws' | 'local';
  /** A published image of the receiver, with its digest; without it the Docker of whoever deploys builds one. */
  readonly receiverImage?: string;
  /** With profile local: where the project's Data API server answers. */
  readonly dataApiUrl?: string;
  /** With profile local: the one host other than this machine where the gateway may be reached without TLS. */
  readonly plaintextGatewayHost?: string;
}

/** Of the database and the network; what exists already is named by its id or its ARN, or given as {@link ExistingParts}. */
interface Place {
  /**
   * Least capacity of a new database, in Aurora capacity units (ACU) of 2 GiB.
   *
   * @default 0.5
   */
  readonly minCapacity?: number;
  /**
   * Most capacity of a new database, in ACU.
   *
   * @default 8
   */
  readonly maxCapacity?: number;
  /**
   * Whether a new database has a second instance, in another zone, that takes over when the first one fails.
   *
   * @default false
   */
  readonly reader?: boolean;
  /**
   * How long the backups of a new database are kept, in days.
   *
   * @default 14
   */
  readonly backupDays?: number;
  /**
   * Whether a new database and the stack that holds it refuse to be deleted.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;
  /** The KMS key of a new database and of the secrets; without it they have those that AWS keeps for the account. */
  readonly kmsKeyArn?: string;
  /** An existing bucket with the files of file_upload; without it the agent makes one. */
  readonly fileBucketName?: string;
  /** An existing VPC; without it the agent makes one. */
  readonly vpcId?: string;
  /** With vpcId: where sender and receiver are, which must reach AWS and the gateway from there. */
  readonly senderSubnetIds?: string[];
  /** With vpcId and a new database: its subnets, in two zones at least. */
  readonly databaseSubnetIds?: string[];
  /**
   * The addresses of a new VPC.
   *
   * @default '10.0.0.0/16'
   */
  readonly vpcCidr?: string;
  /**
   * Whether a new VPC has a way out of its own; without it you lead its private subnets to AWS and the gateway.
   *
   * @default true
   */
  readonly natGateway?: boolean;
  /** An existing Elastic IP from which a new VPC reaches the gateway; without it the agent allocates one. */
  readonly addressAllocationId?: string;
  /**
   * Whose members may connect to the database.
   *
   * @default []
   */
  readonly clientSecurityGroupIds?: string[];
  /**
   * From where clients may connect to the database.
   *
   * @default []
   */
  readonly clientCidrs?: string[];
  /** With databaseClusterArn: the group of that database, in which its port is opened for clients. */
  readonly databaseSecurityGroupId?: string;
  /** An existing Aurora PostgreSQL cluster with the Data API; without it the agent makes one. */
  readonly databaseClusterArn?: string;
  /** With databaseClusterArn: where it answers, `host:port`, for the outputs and the port that is opened for clients. */
  readonly databaseEndpoint?: string;
  /** With databaseClusterArn: the secret of its master user, who creates the agent's roles. */
  readonly masterSecretArn?: string;
  /** An existing secret of the role that owns the tables. */
  readonly ownerSecretArn?: string;
  /** An existing secret of the role that the functions are. */
  readonly agentSecretArn?: string;
  /** An existing secret of the role that a customer's application is. */
  readonly customerSecretArn?: string;
  /** An existing secret with the credentials of the gateway: {"clientId", "clientSecret"}. */
  readonly gatewaySecretArn?: string;
}

type Optional<T> = {
  readonly [Name in keyof T]: Record<never, never> extends Pick<T, Name> ? T[Name] | undefined : T[Name];
};

export interface OmniAgentProps extends Optional<Settings>, Optional<Place>, ExistingParts {
  /**
   * Account and region of the stacks.
   *
   * @default those of the stage, or else of whoever deploys
   */
  readonly env?: Environment | undefined;
}
