/** The settings are wrong; whoever deploys the agent must act. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
