import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { steadyClock } from '../functions/aws/clock.ts';
import { parseEnvironment, receiverEnvironment } from '../functions/aws/env.ts';
import { countFailures } from '../functions/aws/failures.ts';
import { answerHealth } from '../functions/aws/health.ts';
import { asError, observe } from '../functions/aws/observe.ts';
import { gatewayCredentials, sharedToken } from '../functions/aws/secrets.ts';
import { connectDatabase } from '../functions/database/data-api.ts';
import { reportStore } from '../functions/database/report-store.ts';
import { connectGateway } from '../functions/gateway/gateway.ts';
import { type ReceiveEvent, receiveReports } from '../functions/pipeline/receive-reports.ts';
import { timing } from '../functions/settings/timing.ts';

/** The Fargate task: holds the gateway's report stream, stores what comes, then acknowledges it. */
const env = parseEnvironment(receiverEnvironment);
const observed = observe('report-receiver', env);
const { logger } = observed;
const { onFailure, onCredentialsRefused } = countFailures(observed);
const credentials = gatewayCredentials(env.GATEWAY_SECRET_ARN);
const onBadReport = (reason: string) => logger.warn('report left out', { reason });
const plaintextHost = env.PLAINTEXT_GATEWAY_HOST;
const gateway = connectGateway({
  url: env.GATEWAY_URL,
  plaintextHost,
  credentials,
  tokens: sharedToken(env.TOKEN_SECRET_ARN),
  onBadReport,
  onCredentialsRefused,
});
const store = reportStore(connectDatabase(env, { onFailure }));

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

const health = answerHealth({
  port: env.HEALTH_PORT,
  silenceMs: timing.receiverSilenceSeconds * 1_000,
  clock: steadyClock,
  onProblem: (error) => logger.error('health check not answered', error),
});

const clock = {
  ...steadyClock,
  /** Ends early, without an error, when it is time to stop. Every turn, with the stream or without, waits by it once. */
  sleep: async (ms: number, signal: AbortSignal) => {
    health.turned();
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  },
};

function logEvent(event: ReceiveEvent): void {
  const { type, ...details } = event;
  if (event.type === 'failed') logger.error('stream failed', { ...details, error: asError(event.error) });
  else logger.info(type, details);
}

await receiveReports(
  { gateway, store, clock, onEvent: logEvent },
  { subscription: env.SUBSCRIPTION, holder: randomUUID() },
  stop.signal,
);
gateway.close();
health.close();
