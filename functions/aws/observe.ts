import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type Refusal, ruleOf } from '../message/refusal.ts';
import { installationDimension, metricNamespace, type Source } from '../settings/metrics.ts';
import type { Part } from '../settings/part.ts';

const ofAgent: Source = 'agent';

/** Logger and metrics of one part, under its name and its installation's. Metrics go out in the log (EMF). */
export function observe(serviceName: Part, { INSTALLATION }: { readonly INSTALLATION: string }) {
  const defaultDimensions = { [installationDimension]: INSTALLATION };
  return {
    logger: new Logger({ serviceName, persistentKeys: defaultDimensions }),
    metrics: new Metrics({ namespace: metricNamespace, serviceName, defaultDimensions }),
    /** Of the agent as a whole. Emits at once: a part that fails may not live to its end, and the receiver has none. */
    shared: new Metrics({ namespace: metricNamespace, serviceName: ofAgent, defaultDimensions, singleMetric: true }),
  };
}

export type Observed = ReturnType<typeof observe>;

/** Adds the metrics that are above 0: of the others nothing is emitted, and nothing billed. */
const adding =
  (unit: typeof MetricUnit.Count | typeof MetricUnit.Seconds) =>
  ({ metrics }: Observed, values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values)) if (value > 0) metrics.addMetric(name, unit, value);
  };

export const addCounts = adding(MetricUnit.Count);
export const addSeconds = adding(MetricUnit.Seconds);

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
