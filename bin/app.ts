import { App } from 'aws-cdk-lib';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';
import { contextKey, readConfig, settingsOf } from '../lib/agent-config.ts';
import { OmniAgent } from '../lib/omni-agent.ts';

/** The CDK app. Its stacks can be updated one by one; `cdk deploy --all` deploys them in order. */
try {
  const app = new App();
  new OmniAgent(app, 'OmniAgent', readConfig(settingsOf(app.node.tryGetContext(contextKey))));
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
