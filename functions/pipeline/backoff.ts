import { timing } from '../settings/timing.ts';

/** Seconds to wait before the next try, after `tries` of them: doubled each time, with jitter of a quarter. */
export function backoffSeconds(tries: number, random: number): number {
  const doubled = timing.minBackoffSeconds * 2 ** Math.min(tries, 10);
  return Math.min(timing.maxBackoffSeconds, doubled) * (1 - timing.backoffJitter + random * timing.backoffJitter);
}
