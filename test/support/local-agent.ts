import { announce } from '../../bin/local/announcement.ts';

/** As the environment of a function says where the database is. */
export const databaseNames = {
  DATABASE_CLUSTER_ARN: 'arn:cluster',
  DATABASE_SECRET_ARN: 'arn:secret',
  DATABASE_NAME: 'omni',
} as const;

/** Says, in this process's name, that a local agent runs whose Data API answers there; the answer takes it back. */
export function announceAgent(dataApiUrl: string): () => Promise<void> {
  return announce({
    dataDir: '/data',
    dataApiUrl,
    environment: { ...databaseNames, TIME_ZONE: 'Asia/Seoul', DEFAULT_VALIDITY_SECONDS: '86400' },
  });
}
