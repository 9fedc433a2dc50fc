import { App } from 'aws-cdk-lib';
import { readConfig } from '../lib/agent-config.ts';
import { AgentStack } from '../lib/agent-stack.ts';
import { ConfigurationError } from '../lib/configuration-error.ts';
import { DataStack } from '../lib/data-stack.ts';
import { ReceiverStack } from '../lib/receiver-stack.ts';

/** The CDK app. Its stacks can be updated one by one; `cdk deploy --all` deploys them in order. */
try {
  const app = new App();
  const config = readConfig(app.node.getAllContext());
  const data = new DataStack(app, 'OmniAgent-Data', { config });
  new AgentStack(app, 'OmniAgent', { config, data });
  new ReceiverStack(app, 'OmniAgent-Receiver', { config, data });
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
