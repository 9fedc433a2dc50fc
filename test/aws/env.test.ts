import { describe, expect, it } from 'vitest';
import { parseEnvironment, senderEnvironment } from '../../functions/aws/env.ts';

const right = {
  INSTALLATION: 'omni-agent',
  DATABASE_CLUSTER_ARN: 'arn:aws:rds:x',
  DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:x',
  DATABASE_NAME: 'omni',
  TIME_ZONE: 'Asia/Seoul',
  GATEWAY_URL: 'grpcs://gateway.example.com:443',
  GATEWAY_SECRET_ARN: 'arn:aws:secretsmanager:y',
  TOKEN_SECRET_ARN: 'arn:aws:secretsmanager:z',
  MESSAGES_PER_SECOND: '400',
  DEFAULT_VALIDITY_SECONDS: '86400',
};

describe('an environment', () => {
  it('becomes typed settings', () => {
    expect(parseEnvironment(senderEnvironment, { ...right, OTHER: 'x' })).toMatchObject({ MESSAGES_PER_SECOND: 400 });
  });

  it.each([
    [{ MESSAGES_PER_SECOND: 'fast' }, 'MESSAGES_PER_SECOND: expected a whole number from 0 to 100000, got "fast"'],
    [{ MESSAGES_PER_SECOND: undefined }, 'MESSAGES_PER_SECOND: expected a whole number from 0 to 100000, got nothing'],
    [{ TIME_ZONE: 'Seoul' }, 'TIME_ZONE: expected an IANA time zone such as Asia/Seoul, got "Seoul"'],
    [{ GATEWAY_URL: 'grpc://gateway.example.com:443' }, 'GATEWAY_URL: expected grpcs://host:port'],
  ])('with %j stops the start with one line', (wrong, line) => {
    expect(() => parseEnvironment(senderEnvironment, { ...right, ...wrong })).toThrow(line);
  });
});
