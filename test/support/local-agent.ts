import { announce } from '../../bin/local/announcement.ts';

/** As the environment of a function says where the database is. */
export const databaseNames = {
  DATABASE_CLUSTER_ARN: 'arn:cluster',
  DATABASE_SECRET_ARN: 'arn:secret',
  DATABASE_NAME: 'omni',
} as const;

/** As the collector is told of its queues. */
export const queueUrlsAt = (endpoint: string) => ({
  QUEUE_URL_VERYFAST: `${endpoint}/000000000000/veryfast`,
  QUEUE_URL_FAST: `${endpoint}/000000000000/fast`,
  QUEUE_URL_SLOW: `${endpoint}/000000000000/slow`,
});

/** Says, in this process's name, that a local agent runs whose Data API answers there; the answer takes it back. */
export function announceAgent(dataApiUrl: string, queueEndpoint = 'http://127.0.0.1:1'): () => Promise<void> {
  return announce({
    dataDir: '/data',
    dataApiUrl,
    queueEndpoint,
    environment: {
      ...databaseNames,
      ...queueUrlsAt(queueEndpoint),
      TIME_ZONE: 'Asia/Seoul',
      DEFAULT_VALIDITY_SECONDS: '86400',
    },
  });
}
