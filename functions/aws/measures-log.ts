import { brokenTriggers, type Measures, oldestDueSeconds, type Triggers } from '../operation/measures.ts';
import { metricNames } from '../settings/metrics.ts';
import { addCounts, addSeconds, MetricUnit, type Observed } from './observe.ts';

const names = metricNames.monitor;

interface Look {
  readonly timeZone: string;
  readonly isPaused: boolean;
}

/** Emits what waits for each step, and logs what a person should know the name of. */
export function tellMeasures(observed: Observed, measures: Measures, { timeZone, isPaused }: Look): void {
  const { due, claimed, inDoubt, unmerged, unarchived, setAside, files, unguarded, zone } = measures;
  const { veryfast, fast, slow } = due;
  const zoneDiffers = zone !== null && zone !== timeZone;
  const toSend = isPaused ? 0 : veryfast.count + fast.count + slow.count;
  observed.metrics.addMetric(names.toSend, MetricUnit.Count, toSend);
  addCounts(observed, {
    [names.dueVeryFast]: veryfast.count,
    [names.dueFast]: fast.count,
    [names.dueSlow]: slow.count,
    [names.claimed]: claimed.count,
    [names.inDoubt]: inDoubt.count,
    [names.unmerged]: unmerged.count,
    [names.unarchived]: unarchived.count,
    [names.setAside]: setAside.count,
    [names.files]: files.count,
    [names.deferred]: measures.deferredCount,
    [names.unguarded]: unguarded === null ? 0 : 1,
    [names.nextMonthMissing]: measures.hasNextMonth ? 0 : 1,
    [names.zoneDiffers]: zoneDiffers ? 1 : 0,
  });
  addSeconds(observed, {
    [names.oldestDue]: oldestDueSeconds(measures),
    [names.oldestVeryFast]: veryfast.oldestSeconds,
    [names.oldestInDoubt]: inDoubt.oldestSeconds,
    [names.oldestUnmerged]: unmerged.oldestSeconds,
    [names.oldestUnarchived]: unarchived.oldestSeconds,
    [names.oldestSetAside]: setAside.oldestSeconds,
    [names.oldestFile]: files.oldestSeconds,
  });
  if (unguarded !== null) observed.logger.error('the table is not guarded', { unguarded });
  if (zoneDiffers) observed.logger.error('the database has another time zone', { zone, timeZone });
}

/** Emits what is disabled, but for a pause. */
export function tellTriggers(observed: Observed, triggers: Triggers): void {
  const { logger } = observed;
  const broken = brokenTriggers(triggers);
  if (broken.length > 0) logger.error('disabled without a pause', { disabled: broken });
  if (triggers.pause !== undefined) logger.warn('paused', { reason: triggers.pause, disabled: triggers.disabled });
  addCounts(observed, { [names.disabled]: broken.length });
}
