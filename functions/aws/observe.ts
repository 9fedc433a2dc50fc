import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type Refusal, ruleOf } from '../message/refusal.ts';
import { installationDimension, metricNamespace } from '../settings/metrics.ts';
import type { Part } from '../settings/part.ts';

/** Logger and metrics of one part, under its name and its installation's. Metrics go out in the log (EMF). */
export function observe(serviceName: Part, { INSTALLATION }: { readonly INSTALLATION: string }) {
  const defaultDimensions = { [installationDimension]: INSTALLATION };
  return {
    logger: new Logger({ serviceName, persistentKeys: defaultDimensions }),
    metrics: new Metrics({ namespace: metricNamespace, serviceName, defaultDimensions }),
  };
}

export type Observed = ReturnType<typeof observe>;

/** A campaign with a banned text has half a million refused rows: each batch names a few, and counts the others. */
const mostNamed = 10;

/** Rows that end unsent, by client_key, code and rule; never the value, which may be a number or a content. */
export function logRefusals(
  { logger }: Pick<Observed, 'logger'>,
  refused: readonly (Refusal & { readonly clientKey: string })[],
  where: { readonly batchId?: string } = {},
): void {
  for (const { clientKey, code, reason } of refused.slice(0, mostNamed))
    logger.warn('row refused', { clientKey, code, rule: ruleOf(reason) });
  if (refused.length > mostNamed) logger.warn('rows refused', { ...where, rows: refused.length, named: mostNamed });
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export { MetricUnit };
