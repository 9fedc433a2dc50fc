import { brokenTriggers, type Measures, oldestDueSeconds, type Triggers } from '../operation/measures.ts';
import { metricNames } from '../settings/metrics.ts';
import { MetricUnit, type Observed } from './observe.ts';

const names = metricNames.monitor;

/** Emits what waits for each step, and logs what a person should know the name of. */
export function tellMeasures({ logger, metrics }: Observed, measures: Measures, timeZone: string): void {
  const { due, claimed, inDoubt, unmerged, unarchived, setAside, unguarded, zone } = measures;
  const count = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
  const seconds = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Seconds, value);
  const zoneDiffers = zone !== null && zone !== timeZone;
  count(names.looks, 1);
  count(names.due, due.veryfast.count + due.fast.count + due.slow.count);
  count(names.dueVeryFast, due.veryfast.count);
  count(names.dueFast, due.fast.count);
  count(names.dueSlow, due.slow.count);
  seconds(names.oldestDue, oldestDueSeconds(measures));
  seconds(names.oldestVeryFast, due.veryfast.oldestSeconds);
  count(names.claimed, claimed.count);
  count(names.inDoubt, inDoubt.count);
  seconds(names.oldestInDoubt, inDoubt.oldestSeconds);
  count(names.unmerged, unmerged.count);
  seconds(names.oldestUnmerged, unmerged.oldestSeconds);
  count(names.unarchived, unarchived.count);
  seconds(names.oldestUnarchived, unarchived.oldestSeconds);
  count(names.setAside, setAside.count);
  seconds(names.oldestSetAside, setAside.oldestSeconds);
  count(names.deferred, measures.deferredCount);
  count(names.unguarded, unguarded === null ? 0 : 1);
  count(names.nextMonthMissing, measures.hasNextMonth ? 0 : 1);
  count(names.zoneDiffers, zoneDiffers ? 1 : 0);
  if (unguarded !== null) logger.error('the table is not guarded', { unguarded });
  if (zoneDiffers) logger.error('the database has another time zone', { zone, timeZone });
}

/** Emits what is disabled, but for a pause. */
export function tellTriggers({ logger, metrics }: Observed, triggers: Triggers): void {
  const broken = brokenTriggers(triggers);
  if (broken.length > 0) logger.error('disabled without a pause', { disabled: broken });
  if (triggers.pause !== undefined) logger.warn('paused', { reason: triggers.pause, disabled: triggers.disabled });
  metrics.addMetric(names.disabled, MetricUnit.Count, broken.length);
  metrics.addMetric(names.paused, MetricUnit.Count, triggers.pause === undefined ? 0 : 1);
}
