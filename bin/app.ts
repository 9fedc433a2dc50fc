import { App } from 'aws-cdk-lib';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';
import { addStacks } from '../lib/agent-app.ts';
import { contextKey, readConfig, settingsOf } from '../lib/agent-config.ts';

/** The CDK app. Its stacks can be updated one by one; `cdk deploy --all` deploys them in order. */
try {
  const app = new App();
  addStacks(app, readConfig(settingsOf(app.node.tryGetContext(contextKey))));
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
