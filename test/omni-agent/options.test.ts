import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bin/omni-agent/options.ts';

const deployed = { DATABASE_CLUSTER_ARN: 'arn:cluster', DATABASE_SECRET_ARN: 'arn:secret', DATABASE_NAME: 'omni' };

describe('the options of omni-agent', () => {
  it('are defaults where nothing is said', () => {
    expect(parseOptions(['status'], deployed)).toEqual({
      command: 'status',
      json: false,
      target: {
        clusterArn: 'arn:cluster',
        secretArn: 'arn:secret',
        database: 'omni',
        timeZone: 'Asia/Seoul',
        defaultValiditySeconds: 86_400,
      },
    });
  });

  it('are taken from arguments and environment', () => {
    const environment = { ...deployed, TIME_ZONE: 'UTC', DEFAULT_VALIDITY_SECONDS: '60' };
    expect(parseOptions(['doubt', '--json'], environment)).toMatchObject({
      command: 'doubt',
      json: true,
      target: { timeZone: 'UTC', defaultValiditySeconds: 60 },
    });
  });

  it('name a local agent first, by its data if there are several, then a deployed one', () => {
    const of = (...args: string[]) => parseOptions(['status', ...args], deployed);
    expect(of('--local')).toMatchObject({ target: { local: { data: undefined } } });
    expect(of('--data', 'my-data')).toMatchObject({ target: { local: { data: 'my-data' } } });
    expect(of('--local', '--data', 'my-data')).toMatchObject({ target: { local: { data: 'my-data' } } });
    expect(of()).toMatchObject({ target: { clusterArn: 'arn:cluster' } });
    expect(of('--installation', 'shop')).toMatchObject({ target: { installation: 'shop' } });
  });

  it('name what is done with dead letters, and are only shown without --yes', () => {
    const queueUrls = { veryfast: 'https://sqs/0/a', fast: 'https://sqs/0/b', slow: 'https://sqs/0/c' };
    const names = { QUEUE_URL_VERYFAST: queueUrls.veryfast, QUEUE_URL_FAST: queueUrls.fast };
    const environment = { ...deployed, ...names, QUEUE_URL_SLOW: queueUrls.slow };
    expect(parseOptions(['dlq', 'redrive'], environment)).toMatchObject({
      command: 'dlq',
      action: 'redrive',
      yes: false,
      json: false,
      target: { clusterArn: 'arn:cluster', queueUrls },
    });
    expect(parseOptions(['dlq', 'redrive', '--yes', '--json', '--local'], {})).toMatchObject({ yes: true, json: true });
    expect(parseOptions(['dlq', 'list'], { ...deployed, ...names })).toMatchObject({
      target: { queueUrls: undefined },
    });
  });

  it('of stats are the days, the columns, and what to do', () => {
    const of = (...args: string[]) => parseOptions(['stats', ...args], deployed);
    const noDays = { from: undefined, to: undefined };
    expect(of()).toMatchObject({ command: 'stats', mode: 'show', period: noDays, columns: ['day', 'channel'] });
    expect(of('--from', '2026-11-01', '--to', '2026-11-30', '--by', 'result_code, channel')).toMatchObject({
      period: { from: '2026-11-01', to: '2026-11-30' },
      columns: ['channel', 'result_code'],
    });
    expect(of('--compare')).toMatchObject({ mode: 'compare', period: noDays });
    expect(of('--rebuild', '--from', '2026-11-24')).toMatchObject({ mode: 'rebuild', period: { from: '2026-11-24' } });
  });

  const wrong: [string, string[], object, RegExp][] = [
    ['no command', [], {}, /^expected status, doubt, stats, dlq, doctor or schema, got nothing; --help says more$/],
    [
      'an unknown command',
      ['stat'],
      {},
      /^expected status, doubt, stats, dlq, doctor or schema, got stat; --help says more$/,
    ],
    ['an unknown option', ['status', '--jsn'], {}, /^Unknown option '--jsn'.*; --help says more$/],
    ['one word too many', ['status', 'doubt'], {}, /^Unexpected argument 'doubt'/],
    ['an option without its value', ['status', '--data'], {}, /^Option '--data <value>' argument missing/],
    ['an unknown act', ['dlq', 'purge'], {}, /^dlq: expected list, show or redrive, got purge; --help says more$/],
    ['a look that is to act', ['dlq', 'list', '--yes'], deployed, /^--yes: not with dlq list; --help says more$/],
    ['another command’s option', ['status', '--database', 'x'], deployed, /^--database: not with status; /],
    [
      'a name that is none',
      ['status', '--installation', 'My shop'],
      {},
      /^--installation: expected 1 to 32 .*'My shop'$/,
    ],
    ['two agents', ['status', '--installation', 'shop', '--local'], {}, /^--installation: expected without --local/],
    [
      'no agent',
      ['status'],
      {},
      /^No agent: expected --local, --installation NAME, or .*DATABASE_NAME; got none of them$/,
    ],
    [
      'half a deployed one',
      ['status'],
      { DATABASE_NAME: 'omni', DATABASE_CLUSTER_ARN: 'arn:c' },
      /; got DATABASE_CLUSTER_ARN and DATABASE_NAME$/,
    ],
    ['a zone that is none', ['status'], { ...deployed, TIME_ZONE: 'Seoul' }, /^TIME_ZONE: expected an IANA .*'Seoul'$/],
    [
      'a validity that is none',
      ['status'],
      { ...deployed, DEFAULT_VALIDITY_SECONDS: '1d' },
      /^DEFAULT_VALIDITY_SECONDS: .*got '1d'$/,
    ],
  ];

  it.each(wrong)('are refused in one line: %s', (...[, args, environment, message]) => {
    expect(() => parseOptions(args, { ...environment })).toThrow(message);
  });
});
