import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/agent-config.ts';

describe('the settings of an agent', () => {
  it('have the original agent’s defaults', () => {
    expect(readConfig({})).toMatchObject({
      messagesPerSecond: 400,
      sessions: 10,
      sendQueueLimit: 3000,
      defaultValiditySeconds: 86_400,
      collectIntervalMs: 2000,
      mergeIntervalMs: 2000,
      archiveIntervalMs: 10_000,
      banCheckMinutes: 1,
      timeZone: 'Asia/Seoul',
    });
  });

  it('are read from text, as the command line gives them', () => {
    expect(readConfig({ messagesPerSecond: '0', deletionProtection: 'false' })).toMatchObject({
      messagesPerSecond: 0,
      deletionProtection: false,
    });
  });

  it('leave alone what the CDK keeps in the context for itself', () => {
    const ofCdk = {
      '@aws-cdk/core:checkSecretUsage': true,
      'aws:cdk:enable-path-metadata': true,
      'aws-cdk:enableDiffNoFail': 'x',
    };
    expect(readConfig(ofCdk)).toEqual(readConfig({}));
  });

  it.each([
    [{ messagesPerSecond: 'fast' }, 'messagesPerSecond: expected a whole number from 0 to 100000, got "fast"'],
    [{ messagesPerSecond: '-1' }, 'messagesPerSecond: expected a whole number from 0 to 100000, got "-1"'],
    [{ sessions: 41 }, 'sessions: expected a whole number from 6 to 40, got 41'],
    [{ banCheckMinutes: 0 }, 'banCheckMinutes: expected a whole number from 1 to 60, got 0'],
    [{ banCheckMinutes: '61' }, 'banCheckMinutes: expected a whole number from 1 to 60, got "61"'],
    [{ messagePerSecond: 1 }, 'messagePerSecond: no such setting, did you mean messagesPerSecond?'],
    [{ wat: 1 }, 'wat: no such setting, expected one of profile, '],
    [{ timeZone: 'Seoul' }, 'timeZone: expected an IANA time zone such as Asia/Seoul, got "Seoul"'],
    [{ gatewayUrl: 'http://x' }, 'gatewayUrl: expected grpcs://host:port, or grpc://127.0.0.1:port'],
    [{ gatewayUrl: 'grpc://gateway.example.com:80' }, 'gatewayUrl: expected grpcs://host:port'],
    [
      { plaintextGatewayHost: '172.17.0.1', gatewayUrl: 'grpc://172.17.0.1:80' },
      'plaintextGatewayHost: expected nothing with profile aws, got "172.17.0.1"',
    ],
    [{ plaintextGatewayHost: '//' }, 'plaintextGatewayHost: expected the name or the IPv4 address of a host, got "//"'],
    [{ subscription: 'a b' }, 'subscription: expected 1 to 64 letters, digits or hyphens, got "a b"'],
    [{ profile: 'local' }, 'dataApiUrl: expected a value with profile local, got undefined'],
    [{ databaseSecretArn: 'arn:x' }, 'databaseSecretArn: expected nothing with profile aws, got "arn:x"'],
    [{ minCapacity: 9, maxCapacity: 8 }, 'maxCapacity: expected at least minCapacity, got 8'],
  ])('%j stop the synthesis with one line', (context, line) => {
    expect(() => readConfig(context)).toThrow(line);
    try {
      readConfig(context);
    } catch (error) {
      expect(String(error)).not.toContain('\n');
    }
  });
});
