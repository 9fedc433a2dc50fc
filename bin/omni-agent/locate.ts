import { readInstallation } from '../../functions/aws/installation.ts';
import { ConfigurationError } from '../../functions/settings/configuration-error.ts';
import { UsageError } from '../local/usage-error.ts';
import type { Place, Target } from './options.ts';
import { ofAccess } from './problems.ts';

/** A deployed agent that was named is described by its stacks. */
export async function locate(target: Target): Promise<Place> {
  if (!('installation' in target)) return target;
  const { installation } = target;
  try {
    const { gatewayProbe, receiver, ...address } = await readInstallation(installation);
    return { ...address, services: { gatewayProbe, receiver } };
  } catch (error) {
    const text = error instanceof ConfigurationError ? error.message : ofAccess(error);
    throw new UsageError(`installation ${installation}: ${text}`);
  }
}
