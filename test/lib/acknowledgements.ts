/** A finding of cdk-nag that stays, and why. */
export interface Acknowledgement {
  /** As cdk-nag reports it: the pack's name, the rule's, and in brackets what it found, where it says so. */
  readonly rule: string;
  /** Paths of constructs below the OmniAgent, each whole: whatever else breaks the rule is a finding. */
  readonly where: readonly string[];
  readonly reason: string;
}

const collector = 'Agent/Collection/Collector';
const fired = [
  collector,
  'Agent/Reporting/ReportMigrator',
  'Agent/Archiving/LogMigrator',
  'Agent/TableCreation/TableCreateScheduler',
  'Agent/Upkeep/BanlistScheduler',
  'Agent/Cleaning/TranCleanerScheduler',
  'Agent/Authentication/TokenScheduler',
  'Agent/FileUploading/FileUploadScheduler',
  'Agent/Monitoring/Monitor',
];
const sender = 'Agent/Sending/Sender';
const probe = 'Agent/Probing/GatewayProbe';
const migrator = 'Schema/SchemaMigrator';
/** Those in a network. */
const callers = [
  sender,
  probe,
  'Agent/Authentication/TokenScheduler',
  'Agent/Cleaning/TranCleanerScheduler',
  'Agent/FileUploading/FileUploadScheduler',
];
const configOf = (path: string) => `${path}/EventInvokeConfig`;

const nothingToKeep =
  'A firing carries nothing: the next one finds the same rows and does the work. Keeping failed ones would only repeat work that is done.';
const answersItself =
  "CloudFormation's request is answered with the error; if it is lost, the deployment fails at the service timeout.";
const askedByAPerson = 'Invoked by omni-agent doctor alone, synchronously: who asks is told the error.';
const neverAsynchronous =
  'Invoked by its queues alone, synchronously: a record that fails goes back to its queue and in the end to the dead-letter queue of its lane.';

export const acknowledgements: readonly Acknowledgement[] = [
  {
    rule: 'AwsSolutions-SMG4',
    where: ['Owner', 'Agent', 'Customer'].map((role) => `Data/Secrets/${role}`),
    reason:
      "A customer's applications hold the customer's password, so a date that AWS picks would cut them off. Rotation is " +
      'two commands (docs/deployment.md, "Rotating a password"). RDS rotates the master\'s, which may do most, by itself.',
  },
  {
    rule: 'AwsSolutions-SMG4',
    where: ['Data/Secrets/Gateway'],
    reason: 'The gateway issues these credentials; only a person can fetch new ones there.',
  },
  {
    rule: 'AwsSolutions-SMG4',
    where: ['Data/Secrets/Token'],
    reason: 'The agent replaces it itself, several hours before it expires.',
  },
  {
    rule: 'AwsSolutions-S1',
    where: ['Data/Files'],
    reason:
      'It holds images that are sent to thousands of people. Who reads it is one function, whose log says so; a log of accesses would be a second bucket to keep.',
  },
  {
    rule: 'AwsSolutions-RDS6',
    where: ['Data/Database/Cluster'],
    reason:
      'The Data API logs in with secrets alone, and clients of the original use passwords: IAM authentication would add a way in that nobody uses.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    where: callers.map((path) => `${path}Role/DefaultPolicy`),
    reason:
      'The two ec2:Describe actions by which Lambda places a function in a network know no resource, nor do the two of X-Ray by which ' +
      'it stores the traces of the Sender.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    where: ['Agent/Collection/CollectorRole/DefaultPolicy'],
    reason: 'The two actions of X-Ray by which Lambda stores traces know no resource.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:*/*]',
    where: callers.map((path) => `${path}Role/DefaultPolicy`),
    reason:
      'Lambda creates and deletes network interfaces in the name of the role, and is asked for every kind of resource that one is made of ' +
      '(interface, subnet, groups). AWS allows it everywhere; this is in one account and region.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::{"Fn::GetStackOutput":{"StackName":"omni-agent-data","Region":{"Ref":"AWS::Region"},"OutputName":"PublishOutputFnGetAttFiles8E6940B8ArnB90C6676"}}/*]',
    where: ['Agent/FileUploading/FileUploadSchedulerRole/DefaultPolicy'],
    reason:
      'Which files there are in the bucket is for the customer to say; each of them may be read, and nothing written.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    where: ['Receiver/Task/ExecutionRole/DefaultPolicy'],
    reason: 'ecr:GetAuthorizationToken knows no resource. Pulling is allowed on the one repository.',
  },
  {
    rule: 'AwsSolutions-ECS2',
    where: ['Receiver/Task'],
    reason:
      'Its variables are addresses, ARNs and settings, none of them secret. The receiver reads its secrets itself, so that one that was rotated is taken up.',
  },
  {
    rule: 'AwsSolutions-ECS4',
    where: ['Receiver/Cluster'],
    reason:
      'Container Insights costs more than the one task it would watch tells: its heartbeat has an alarm, and ECS replaces it when its health check fails.',
  },
  {
    rule: 'Serverless-LambdaTracing',
    where: [...fired.filter((path) => path !== collector), migrator, probe],
    reason:
      'Collector and Sender are traced: a record carries the trace from one to the other. These hand nothing on, so a trace of theirs ' +
      'would say what their log says, and cost money for each firing.',
  },
  { rule: 'Serverless-LambdaDLQ', where: fired, reason: nothingToKeep },
  { rule: 'Serverless-LambdaDLQ', where: [sender], reason: neverAsynchronous },
  { rule: 'Serverless-LambdaDLQ', where: [migrator], reason: answersItself },
  { rule: 'Serverless-LambdaDLQ', where: [probe], reason: askedByAPerson },
  { rule: 'Serverless-LambdaAsyncFailureDestination', where: fired.map(configOf), reason: nothingToKeep },
  { rule: 'Serverless-LambdaAsyncFailureDestination', where: [configOf(sender)], reason: neverAsynchronous },
  { rule: 'Serverless-LambdaAsyncFailureDestination', where: [configOf(migrator)], reason: answersItself },
  { rule: 'Serverless-LambdaAsyncFailureDestination', where: [configOf(probe)], reason: askedByAPerson },
  {
    rule: 'Serverless-EventBusDLQ',
    where: [
      ...[
        'Collection',
        'Reporting',
        'Archiving',
        'TableCreation',
        'Upkeep',
        'Cleaning',
        'Authentication',
        'FileUploading',
        'Monitoring',
      ],
    ].map((unit) => `Agent/${unit}/Schedule`),
    reason: nothingToKeep,
  },
  {
    rule: 'Serverless-SQSRedrivePolicy',
    where: ['VeryFast', 'Fast', 'Slow'].map((lane) => `Agent/SendQueue/${lane}DeadLetters`),
    reason: 'These are the dead-letter queues themselves, each with an alarm on its first record.',
  },
  {
    rule: 'Serverless-LambdaEventSourceMappingDestination',
    where: ['VeryFastB11D065E', 'Fast8C79E5E4', 'Slow6D95E8DC'].map(
      (lane) => `${sender}/SqsEventSource:OmniAgentSendQueue${lane}`,
    ),
    reason: 'Lambda has such a destination for streams alone. The dead-letter queue of the lane is in its place.',
  },
];
