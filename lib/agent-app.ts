import type { App } from 'aws-cdk-lib';
import type { AgentConfig } from './agent-config.ts';
import { AgentStack } from './agent-stack.ts';
import { DataStack } from './data-stack.ts';
import { ReceiverStack } from './receiver-stack.ts';

/** The stacks of an agent. With profile local the receiver is a process beside the emulator, not a stack. */
export function addStacks(app: App, config: AgentConfig): void {
  const { installation } = config;
  const data = new DataStack(app, `${installation}-data`, { config });
  new AgentStack(app, installation, { config, data });
  if (data.vpc !== undefined) new ReceiverStack(app, `${installation}-receiver`, { config, data, vpc: data.vpc });
}
