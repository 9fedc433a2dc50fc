import { describe, expect, it } from 'vitest';
import { readConfig, settingsOf } from '../../lib/agent-config.ts';
import { required } from '../support/stacks.ts';

const cluster = 'arn:aws:rds:ap-northeast-2:111122223333:cluster:mine';
const secret = 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:mine-abcdef';

describe('the settings of an agent', () => {
  it('have the original agent’s defaults, but for the gateway, which has none', () => {
    expect(readConfig({ ...required })).toMatchObject({
      messagesPerSecond: 400,
      sessions: 10,
      sendQueueLimit: 3000,
      defaultValiditySeconds: 86_400,
      collectIntervalMs: 2000,
      mergeIntervalMs: 2000,
      banCheckMinutes: 1,
      timeZone: 'Asia/Seoul',
    });
    expect(() => readConfig({})).toThrow('gatewayUrl: expected grpcs://host:port, or grpc://127.0.0.1:port for a gat');
    expect(() => readConfig({})).toThrow(/, got nothing$/);
  });

  it('are read from text too', () => {
    expect(readConfig({ ...required, messagesPerSecond: '0', deletionProtection: 'false' })).toMatchObject({
      messagesPerSecond: 0,
      deletionProtection: false,
    });
  });

  it.each([
    [{ messagesPerSecond: 'fast' }, 'messagesPerSecond: expected a whole number from 0 to 100000, got "fast"'],
    [{ messagesPerSecond: '-1' }, 'messagesPerSecond: expected a whole number from 0 to 100000, got "-1"'],
    [{ sessions: 41 }, 'sessions: expected a whole number from 6 to 40, got 41'],
    [{ banCheckMinutes: 0 }, 'banCheckMinutes: expected a whole number from 1 to 60, got 0'],
    [{ banCheckMinutes: '61' }, 'banCheckMinutes: expected a whole number from 1 to 60, got "61"'],
    [{ messagePerSecond: 1 }, 'messagePerSecond: no such setting, did you mean messagesPerSecond?'],
    [{ subscription: 'mine' }, 'subscription: no such setting'],
    [{ wat: 1 }, 'wat: no such setting, expected one of profile, '],
    [{ timeZone: 'Seoul' }, 'timeZone: expected an IANA time zone such as Asia/Seoul, got "Seoul"'],
    [{ gatewayUrl: 'http://x' }, 'gatewayUrl: expected grpcs://host:port, or grpc://127.0.0.1:port'],
    [{ gatewayUrl: 'grpc://gateway.example.com:80' }, 'gatewayUrl: expected grpcs://host:port'],
    [
      { plaintextGatewayHost: '172.17.0.1', gatewayUrl: 'grpc://172.17.0.1:80' },
      'plaintextGatewayHost: expected nothing with profile aws, got "172.17.0.1"',
    ],
    [{ plaintextGatewayHost: '//' }, 'plaintextGatewayHost: expected the name or the IPv4 address of a host, got "//"'],
    [{ installation: 'Omni' }, 'installation: expected 1 to 32 lower-case letters, digits or hyphens, a letter first'],
    [{ installation: 'a'.repeat(33) }, 'installation: expected 1 to 32 lower-case letters'],
    // Its stack would be the data stack of the installation `omni-agent`.
    [{ installation: 'omni-agent-data' }, 'and no -data, -schema or -receiver at the end, got "omni-agent-data"'],
    [{ databaseName: 'o'.repeat(55) }, 'databaseName: expected a lower-case name of at most 54 characters'],
    [
      { alarmTopicArn: undefined },
      'alarmTopicArn: expected the ARN of an SNS topic, or none to call nobody, got nothing',
    ],
    [{ alarmTopicArn: 'ops@example.com' }, 'alarmTopicArn: expected the ARN of an SNS topic, or none, got "ops@'],
    [{ profile: 'local' }, 'dataApiUrl: expected a value with profile local, got nothing'],
    [{ dataApiUrl: 'http://127.0.0.1' }, 'dataApiUrl: expected nothing with profile aws, got "http://127.0.0.1"'],
    [{ databaseClusterArn: cluster }, 'masterSecretArn: expected a value with databaseClusterArn, got nothing'],
    [{ masterSecretArn: secret }, `masterSecretArn: expected nothing without databaseClusterArn, got "${secret}"`],
    [
      { databaseEndpoint: 'db.example.com:5432' },
      'databaseEndpoint: expected nothing without databaseClusterArn, got "db.example.com:5432"',
    ],
    [
      { databaseClusterArn: cluster, masterSecretArn: secret, databaseEndpoint: 'db.example.com' },
      'databaseEndpoint: expected host:port, got "db.example.com"',
    ],
    [{ ownerSecretArn: secret.slice(0, -7) }, 'ownerSecretArn: expected the whole ARN of a secret, with its last six'],
    [{ vpcId: 'vpc-1' }, 'senderSubnetIds: expected a value with vpcId, got nothing'],
    [
      { vpcId: 'vpc-1', senderSubnetIds: ['subnet-1'], databaseSubnetIds: ['subnet-2'] },
      'databaseSubnetIds: expected two or more with vpcId and a new database, got ["subnet-2"]',
    ],
    [{ senderSubnetIds: ['subnet-1'] }, 'senderSubnetIds: expected nothing without vpcId, got ["subnet-1"]'],
    [{ clientCidrs: ['10.1.0.0'] }, 'clientCidrs: expected a list of ranges of addresses, each once, got ["10.1.0.0"]'],
    [
      { databaseClusterArn: cluster, masterSecretArn: secret, clientCidrs: ['10.1.0.0/16'] },
      'databaseSecurityGroupId: expected a value with clients of an existing database, got nothing',
    ],
    [{ backupDays: 36 }, 'backupDays: expected a whole number from 1 to 35, got 36'],
    [{ minCapacity: 9, maxCapacity: 8 }, 'maxCapacity: expected at least minCapacity, got 8'],
    [
      { fileUploadMinutes: 30, fileUploadTtlMinutes: 29 },
      'fileUploadTtlMinutes: expected more than fileUploadMinutes, got 29',
    ],
    [
      { fileUploadMinutes: 30, fileUploadTtlMinutes: 30 },
      'fileUploadTtlMinutes: expected more than fileUploadMinutes, got 30',
    ],
    [
      { minCapacity: 0 },
      'minCapacity: expected a multiple of 0.5 from 0.5 to 256 (at 0 it would never pause: the agent looks for rows ' +
        'every few seconds), got 0',
    ],
  ])('%j stop the synthesis with one line', (settings, line) => {
    const read = () => readConfig({ ...required, ...settings });
    expect(read).toThrow(line);
    expect(read).not.toThrow('\n');
  });
});

describe('the settings in the context', () => {
  it('are an object, or its JSON text', () => {
    expect(settingsOf({ sessions: 8 })).toEqual({ sessions: 8 });
    expect(settingsOf('{"sessions": 8}')).toEqual({ sessions: 8 });
    expect(settingsOf(undefined)).toEqual({});
  });

  it.each(['sessions=8', '[]', 'null', 7, ['sessions']])('are nothing else: %j', (context) => {
    expect(() => settingsOf(context)).toThrow(/^Wrong settings: omniAgent: expected an object, or its text such as /);
    expect(() => settingsOf(context)).toThrow(`got ${JSON.stringify(context)}`);
  });
});
