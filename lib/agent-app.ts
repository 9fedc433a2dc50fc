import type { App } from 'aws-cdk-lib';
import type { AgentConfig } from './agent-config.ts';
import { AgentStack } from './agent-stack.ts';
import { DataStack } from './data-stack.ts';
import { ReceiverStack } from './receiver-stack.ts';

/** The stacks of an agent. With profile local the receiver is a process beside the emulator, not a stack. */
export function addStacks(app: App, config: AgentConfig): void {
  const data = new DataStack(app, 'OmniAgent-Data', { config });
  new AgentStack(app, 'OmniAgent', { config, data });
  if (data.vpc !== undefined) new ReceiverStack(app, 'OmniAgent-Receiver', { config, data, vpc: data.vpc });
}
