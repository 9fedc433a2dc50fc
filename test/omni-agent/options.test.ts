import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bin/omni-agent/options.ts';

const url = 'postgres://omni_agent:secret@127.0.0.1:5432/omni';
const deployed = { DATABASE_CLUSTER_ARN: 'arn:cluster', DATABASE_SECRET_ARN: 'arn:secret', DATABASE_NAME: 'omni' };

describe('the options of omni-agent', () => {
  it('are defaults where nothing is said', () => {
    expect(parseOptions(['status'], { DATABASE_URL: url })).toEqual({
      command: 'status',
      json: false,
      timeZone: 'Asia/Seoul',
      defaultValiditySeconds: 86_400,
      target: { url, from: 'DATABASE_URL' },
    });
  });

  it('are taken from arguments and environment', () => {
    const environment = { ...deployed, TIME_ZONE: 'UTC', DEFAULT_VALIDITY_SECONDS: '60' };
    expect(parseOptions(['doubt', '--json'], environment)).toEqual({
      command: 'doubt',
      json: true,
      timeZone: 'UTC',
      defaultValiditySeconds: 60,
      target: { clusterArn: 'arn:cluster', secretArn: 'arn:secret', database: 'omni' },
    });
  });

  it('name a database by --database first, then DATABASE_URL, then a deployed one', () => {
    const other = 'postgresql://127.0.0.1/other';
    const of = (args: string[], environment: object) => parseOptions(['status', ...args], { ...environment }).target;
    expect(of(['--database', other], { ...deployed, DATABASE_URL: url })).toEqual({ url: other, from: '--database' });
    expect(of([], { ...deployed, DATABASE_URL: url })).toEqual({ url, from: 'DATABASE_URL' });
    expect(of([], { ...deployed, DATABASE_URL: '' })).toMatchObject({ clusterArn: 'arn:cluster' });
  });

  const wrong: [string, string[], object, RegExp][] = [
    ['no command', [], {}, /^expected status or doubt, got nothing; --help says more$/],
    ['an unknown command', ['stat'], {}, /^expected status or doubt, got stat; --help says more$/],
    ['an unknown option', ['status', '--jsn'], {}, /^Unknown option '--jsn'.*; --help says more$/],
    ['one word too many', ['status', 'doubt'], {}, /^Unexpected argument 'doubt'/],
    ['an option without its value', ['status', '--database'], {}, /^Option '--database <value>' argument missing/],
    ['no database', ['status'], {}, /^No database: expected DATABASE_URL .*DATABASE_NAME; got none of them$/],
    [
      'half a deployed one',
      ['status'],
      { DATABASE_NAME: 'omni', DATABASE_CLUSTER_ARN: 'arn:c' },
      /; got DATABASE_CLUSTER_ARN and DATABASE_NAME$/,
    ],
    ['a zone that is none', ['status'], { TIME_ZONE: 'Seoul' }, /^TIME_ZONE: expected an IANA .*, got 'Seoul'$/],
    [
      'a validity that is none',
      ['status'],
      { DEFAULT_VALIDITY_SECONDS: '1d' },
      /^DEFAULT_VALIDITY_SECONDS: .*got '1d'$/,
    ],
  ];

  it.each(wrong)('are refused in one line: %s', (...[, args, environment, message]) => {
    expect(() => parseOptions(args, { ...environment })).toThrow(message);
  });

  it.each([
    ['DATABASE_URL', []],
    ['--database', ['--database', 'mysql://root:secret@127.0.0.1/omni']],
  ])('never tell the URL that %s should not be: it may hold a password', (from, args) => {
    const refused = () => parseOptions(['status', ...args], { DATABASE_URL: 'root:secret@127.0.0.1' });
    expect(refused).toThrow(new RegExp(`^${from}: expected postgres://user@host:port/database, got something else$`));
  });
});
