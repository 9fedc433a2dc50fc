import { CfnOutput, CrossStackReferences, ReferenceStrength, Stack, type StackProps } from 'aws-cdk-lib';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Part } from '../functions/settings/part.ts';
import type { AgentConfig } from './agent-config.ts';
import { functionsOf } from './agent-function.ts';
import { Archiving } from './archiving.ts';
import { Authentication } from './authentication.ts';
import { Cleaning } from './cleaning.ts';
import { Collection } from './collection.ts';
import type { DataStack } from './data-stack.ts';
import { FileUploading } from './file-uploading.ts';
import { Monitoring } from './monitoring.ts';
import { Probing } from './probing.ts';
import { Reporting } from './reporting.ts';
import { lanes, SendQueue } from './send-queue.ts';
import { Sending } from './sending.ts';
import { TableCreation } from './table-creation.ts';
import { Upkeep } from './upkeep.ts';

/**
 * The agent, in the order that a message travels, then what runs beside its journey. Reports come in through the
 * ReceiverStack.
 */
export class AgentStack extends Stack {
  /** The logs of its functions. */
  readonly logGroups: Readonly<Partial<Record<Part, ILogGroup>>>;

  constructor(
    scope: Construct,
    id: string,
    { config, data, ...props }: StackProps & { config: AgentConfig; data: DataStack },
  ) {
    super(scope, id, props);
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    const { database, secrets, fileBucket, network } = data;
    const sendQueue = new SendQueue(this, 'SendQueue');
    const collection = new Collection(this, 'Collection', { config, database, sendQueue });
    new Sending(this, 'Sending', { config, database, sendQueue, secrets, network });
    new Reporting(this, 'Reporting', { config, database });
    new Archiving(this, 'Archiving', { config, database });
    new TableCreation(this, 'TableCreation', { config, database });
    new Upkeep(this, 'Upkeep', { config, database });
    new Cleaning(this, 'Cleaning', { config, database, secrets, network });
    new FileUploading(this, 'FileUploading', { config, database, secrets, fileBucket, network });
    new Authentication(this, 'Authentication', { config, secrets, network });
    new Probing(this, 'Probing', { config, gatewaySecret: secrets.gateway, network });
    this.#describe(config, sendQueue);
    new Monitoring(this, 'Monitoring', { config, database, pauseRule: collection.schedule });
    const functions = functionsOf(this);
    this.logGroups = Object.fromEntries(functions.map(({ program, logGroup }) => [program, logGroup]));
  }

  /** What `omni-agent --installation` reads. */
  #describe({ defaultValiditySeconds }: AgentConfig, { queues }: SendQueue): void {
    for (const lane of lanes)
      new CfnOutput(this, `Queue${lane}`, { value: queues[lane].queueUrl, description: `The queue of lane ${lane}` });
    new CfnOutput(this, 'DefaultValiditySeconds', {
      value: String(defaultValiditySeconds),
      description: 'The setting defaultValiditySeconds',
    });
  }
}
