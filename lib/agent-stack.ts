import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';
import { Archiving } from './archiving.ts';
import { Collection } from './collection.ts';
import type { DataStack } from './data-stack.ts';
import { Reporting } from './reporting.ts';
import { SendQueue } from './send-queue.ts';
import { Sending } from './sending.ts';
import { Upkeep } from './upkeep.ts';

/**
 * The agent, in the order that a message travels, then what runs beside its journey. Reports come in through the
 * ReceiverStack.
 */
export class AgentStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { config, data, ...props }: StackProps & { config: AgentConfig; data: DataStack },
  ) {
    super(scope, id, props);
    const { database, gatewaySecret, vpc } = data;
    const sendQueue = new SendQueue(this, 'SendQueue');
    new Collection(this, 'Collection', { config, database, sendQueue });
    new Sending(this, 'Sending', { config, database, sendQueue, gatewaySecret, vpc });
    new Reporting(this, 'Reporting', { config, database });
    new Archiving(this, 'Archiving', { config, database });
    new Upkeep(this, 'Upkeep', { config, database });
  }
}
