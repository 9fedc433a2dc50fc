import { expect, it } from 'vitest';
import { simulatorOptions } from '../../bin/local/simulator/options.ts';
import { backoffSeconds } from '../../functions/pipeline/backoff.ts';
import { dataApi, dataApiPatience } from '../../functions/settings/data-api.ts';
import { awsPatience, objectPatience, probePatience } from '../../functions/settings/request-limits.ts';
import { agentSettings, defaults } from '../../functions/settings/settings.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { customResourceAnswer, timing } from '../../functions/settings/timing.ts';

/** Whether each is less than the next. */
function expectRising(...values: number[]) {
  expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b));
}

it('a call ends before its margin, its function before its lease, its record comes back last of all', () => {
  const { gatewayDeadlineMs, sealMarginSeconds, senderTimeoutSeconds, leaseSeconds, visibilitySeconds } = timing;
  expectRising(gatewayDeadlineMs / 1000, sealMarginSeconds, senderTimeoutSeconds, leaseSeconds, visibilitySeconds);
  // What AWS recommends for a queue that a function consumes.
  expect(visibilitySeconds).toBeGreaterThanOrEqual(6 * senderTimeoutSeconds);
});

it('a sender that waits for a slot as long as it may still has time for its call and the settlement', () => {
  const { slotsAheadSeconds, slotLatenessMs, gatewayDeadlineMs, sealMarginSeconds, senderTimeoutSeconds } = timing;
  expectRising(slotLatenessMs / 1000, slotsAheadSeconds, gatewayDeadlineMs / 1000);
  expect(slotsAheadSeconds + sealMarginSeconds).toBeLessThan(senderTimeoutSeconds);
});

it('back-off rises to its longest, less what chance takes', () => {
  const waits = [0, 1, 2, 3, 4].map((tries) => backoffSeconds(tries, 1));
  expectRising(...waits);
  expect(waits[0]).toBe(timing.minBackoffSeconds);
  expect(backoffSeconds(1000, 1)).toBe(timing.maxBackoffSeconds);
  expect(backoffSeconds(1000, 0)).toBe(timing.maxBackoffSeconds * (1 - timing.backoffJitter));
});

it('a key is used for an hour less than the gateway remembers it', () => {
  const { behaviour } = simulatorOptions.parse({ dataDir: '.', seed: 1 });
  expect(timing.keyLifetimeSeconds * 1000).toBeLessThanOrEqual(behaviour.keyLifetimeMs - 3_600_000);
});

it('a database clock that steps back stalls sending for at most a minute', () => {
  const { clockSlackSeconds, gateAheadSeconds, leaseSeconds, receiverLeaseSeconds } = timing;
  // A turn that notices it, the lease of a sender that died, and a turn that queues its batch again.
  expect((2 * defaults.collectIntervalMs) / 1_000 + leaseSeconds).toBeLessThan(60);
  expect(gateAheadSeconds).toBeLessThanOrEqual(60);
  expectRising(clockSlackSeconds, receiverLeaseSeconds, leaseSeconds);
});

it('a report stream outlives a lost heartbeat, and its right a late one', () => {
  const { heartbeatMs, silenceMs, receiverLeaseSeconds } = timing;
  expect(2 * heartbeatMs).toBeLessThan(silenceMs);
  // Renewed at the first event after a third of it, which is a heartbeat at the latest.
  expect((receiverLeaseSeconds * 1000) / 3 + heartbeatMs).toBeLessThan(receiverLeaseSeconds * 1000);
});

it('a client of the Data API waits for an answer longer than a statement lasts, a receiver that stops longer than that', () => {
  expectRising(dataApiPatience.connectMs, dataApi.statementTimeoutMs, dataApiPatience.answerMs);
  expectRising(dataApiPatience.answerMs, timing.receiverStopSeconds * 1000);
});

it('a service that does not answer is given up before a call to the gateway is, and an object or the probe later', () => {
  const { connectMs, answerMs } = awsPatience;
  // The SDK makes a call three times.
  expectRising(connectMs, answerMs, 3 * answerMs, timing.gatewayDeadlineMs);
  expectRising(timing.uploadDeadlineMs, objectPatience.pieceMs, timing.uploadReserveSeconds * 1_000);
  expectRising(timing.senderTimeoutSeconds * 1_000, probePatience.answerMs);
});

it('a receiver is not taken for hanging while it backs off, waits for the database and hears nothing', () => {
  const { maxBackoffSeconds, silenceMs, receiverSilenceSeconds } = timing;
  // The SDK makes a call three times.
  expectRising(maxBackoffSeconds + (3 * dataApiPatience.answerMs + silenceMs) / 1_000, receiverSilenceSeconds);
});

it('a function that changes the database has time for its last call, the rollback and its answer', () => {
  const { schemaReserveSeconds, migratorTimeoutSeconds } = timing;
  const rollbackMs = 5_000;
  const { answerMs, budgetMs } = customResourceAnswer;
  expect(dataApiPatience.answerMs + rollbackMs + budgetMs + answerMs).toBeLessThanOrEqual(schemaReserveSeconds * 1_000);
  // Most of its time is for changes.
  expectRising(10 * schemaReserveSeconds, migratorTimeoutSeconds);
});

it('a loop goes on until the next has begun, and every turn has time to end', () => {
  const { firingSeconds, loopTimeoutSeconds, turnReserveSeconds, singleTimeoutSeconds } = timing;
  expect(defaults.loopSeconds).toBeGreaterThan(firingSeconds);
  expect(agentSettings.shape.loopSeconds.safeParse(loopTimeoutSeconds - turnReserveSeconds).success).toBe(false);
  // Most of a firing that drains a backlog is turns.
  expectRising(2 * turnReserveSeconds, singleTimeoutSeconds, firingSeconds);
});

it('a report that comes as late as any is looked for in the log, and a batch in doubt waits for it', () => {
  expectRising(timing.inDoubtDays, timing.reportDays, timing.lookbackDays);
  const validityDays = defaults.defaultValiditySeconds / 86_400;
  expect(validityDays + timing.reportDays).toBeLessThan(timing.lookbackDays);
});

it('a lane has room for a batch, and a turn of the collector is full batches', () => {
  expect(agentSettings.shape.sendQueueLimit.safeParse(sizes.batch - 1).success).toBe(false);
  expect(sizes.claim % sizes.batch).toBe(0);
});

it('a message, a batch and a page of the ban list fit into what the Data API returns', () => {
  expectRising(sizes.rowBytes, dataApi.maxRowBytes, sizes.batchBytes, dataApi.maxResultBytes);
  expectRising(sizes.banPageBytes, dataApi.maxResultBytes);
});

it('a row that was set aside is tried again before its entry is taken for over', () => {
  expectRising(timing.firingSeconds, timing.setAsideGraceSeconds);
});
