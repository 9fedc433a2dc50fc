import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announce, findAnnounced } from '../../bin/local/announcement.ts';

const environment = {
  DATABASE_CLUSTER_ARN: 'arn:cluster',
  DATABASE_SECRET_ARN: 'arn:secret',
  DATABASE_NAME: 'omni',
  TIME_ZONE: 'Asia/Seoul',
  DEFAULT_VALIDITY_SECONDS: '3600',
  LOOP_SECONDS: '65',
  QUEUE_URL_VERYFAST: 'http://sqs.test/0/veryfast',
  QUEUE_URL_FAST: 'http://sqs.test/0/fast',
  QUEUE_URL_SLOW: 'http://sqs.test/0/slow',
};
const dataApiUrl = 'http://127.0.0.1:4567';
const queueEndpoint = 'http://127.0.0.1:4568';
const agent = (dataDir: string) => ({ dataDir, dataApiUrl, queueEndpoint, environment });

let temporary: string;
const folder = () => join(temporary, `omni-agent-running-${userInfo().uid}`);
const fileOf = (pid: number | undefined) => join(folder(), `${pid}.json`);
const runner: ChildProcess = spawn('sleep', ['60']);
/** Of a process that has ended. */
const killed = spawnSync('true').pid;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

afterAll(() => runner.kill('SIGKILL'));

/** As if another process had announced it. */
function announcedBy(pid: number | undefined, dataDir: string): void {
  announce(agent(dataDir));
  copyFileSync(fileOf(process.pid), fileOf(pid));
  rmSync(fileOf(process.pid));
}

describe('a local agent', () => {
  it('is found while it runs, with what its functions know of the database', async () => {
    const takeBack = announce(agent('/data'));
    expect(findAnnounced(undefined)).toEqual({
      dataDir: '/data',
      dataApiUrl,
      queueEndpoint,
      clusterArn: 'arn:cluster',
      secretArn: 'arn:secret',
      database: 'omni',
      timeZone: 'Asia/Seoul',
      defaultValiditySeconds: 3_600,
      queueUrls: {
        veryfast: 'http://sqs.test/0/veryfast',
        fast: 'http://sqs.test/0/fast',
        slow: 'http://sqs.test/0/slow',
      },
    });
    await takeBack();
    expect(() => findAnnounced(undefined)).toThrow(/^no agent runs on this machine; npm run local starts one$/);
    expect(readdirSync(folder())).toEqual([]);
  });

  it('is found by its data folder among several, and only so', () => {
    announcedBy(runner.pid, '/data/one');
    announce(agent('/data/two'));
    expect(findAnnounced('/data/one')).toMatchObject({ dataDir: '/data/one' });
    expect(findAnnounced(relative('.', '/data/two'))).toMatchObject({ dataDir: '/data/two' });
    const several = /^expected one agent on this machine, got 2: choose with --data \/data\/\w+ or --data \/data\/\w+$/;
    expect(() => findAnnounced(undefined)).toThrow(several);
    expect(() => findAnnounced('/data')).toThrow(/^no agent runs on this machine with its data in \/data; /);
  });

  it('that was killed is told from one that runs, until the next starts', () => {
    announcedBy(killed, '/data/one');
    const line = new RegExp(
      `^no agent runs on this machine.*: process ${killed}, which ran it, was killed; npm run local`,
    );
    expect(() => findAnnounced(undefined)).toThrow(line);
    expect(() => findAnnounced('/data/one')).toThrow(line);
    announcedBy(runner.pid, '/data/two');
    expect(findAnnounced(undefined)).toMatchObject({ dataDir: '/data/two' });
    expect(readdirSync(folder())).toEqual([`${runner.pid}.json`]);
  });

  it('replaces what a killed runner said of its data folder, though its process id is in use again', () => {
    announcedBy(runner.pid, '/data');
    announce(agent('/data'));
    expect(readdirSync(folder())).toEqual([`${process.pid}.json`]);
  });

  it('of another version that was killed is in nobody’s way', () => {
    announce(agent('/data'));
    writeFileSync(fileOf(killed), '{}');
    expect(findAnnounced(undefined)).toMatchObject({ dataDir: '/data' });
  });

  it('writes through no link', () => {
    announce(agent('/data'));
    const other = join(temporary, 'other');
    symlinkSync(other, `${fileOf(process.pid)}.new`);
    announce(agent('/data'));
    expect(existsSync(other)).toBe(false);
  });

  it('of another version is refused in one line', () => {
    announcedBy(runner.pid, '/data');
    writeFileSync(fileOf(runner.pid), '{}');
    expect(() => findAnnounced(undefined)).toThrow(/\.json: expected what a local agent of this version writes down/);
  });

  it('is believed only where nobody else can write', () => {
    announce(agent('/data'));
    expect(statSync(folder()).mode & 0o077).toBe(0);
    rmSync(folder(), { recursive: true });
    writeFileSync(folder(), '');
    expect(() => findAnnounced(undefined)).toThrow(/: expected a folder of your own, got somebody else's$/);
  });
});
