import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listen } from '../../bin/local/listen.ts';
import { useDatabase } from '../support/database.ts';
import { announceAgent } from '../support/local-agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
const installed = join(folder, 'node_modules', 'omni-agent');
const database = useDatabase();
vi.stubEnv('TMPDIR', folder);

/** The package as npm installs it in an empty folder, but without its dependencies: the command needs none. */
beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, stdio: 'pipe' });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const bin = join(folder, 'node_modules', '.bin');
  for (const path of [installed, bin]) mkdirSync(path, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', installed]);
  symlinkSync('../omni-agent/bin/omni-agent.mjs', join(bin, 'omni-agent'));
  chmodSync(join(bin, 'omni-agent'), 0o755);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

async function omniAgent(...args: string[]) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('npx', ['--no-install', 'omni-agent', ...args], {
    cwd: folder,
    env: { PATH, HOME, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

describe('the npm package, in an empty folder', () => {
  it('has the command as one file, with the licences of what is in it, and no source', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['build/omni-agent/index.mjs', 'docs/runbook.md']));
    expect(files).toContain('build/omni-agent/THIRD-PARTY-LICENSES.txt');
    expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
    expect(() => createRequire(join(installed, 'package.json')).resolve('zod')).toThrow(/Cannot find module/);
  });

  it('says how the command is used', async () => {
    const { code, stdout, stderr } = await omniAgent('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('omni-agent status');
  });

  it('tells the status of a local agent', async () => {
    const takeBack = announceAgent(database.current.dataApi.url);
    const { code, stdout, stderr } = await omniAgent('status', '--local', '--json');
    await takeBack();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ timeZone: 'Asia/Seoul', all: { waiting: { count: 0 } } });
  });

  it('says in one line that no agent runs', async () => {
    const stderr = 'no agent runs on this machine; npm run local starts one\n';
    expect(await omniAgent('doubt', '--local')).toEqual({ code: 1, stdout: '', stderr });
  });

  it('names our files where the command itself is wrong', async () => {
    const nonsense = JSON.stringify({ records: [[{ stringValue: 'x' }]], columnMetadata: [{ name: 'lane' }] });
    const server = createServer((_, response) => response.end(nonsense));
    const takeBack = announceAgent(await listen(server, { port: 0, host: '127.0.0.1', purpose: 'test' }));
    const { code, stderr } = await omniAgent('status', '--local');
    await takeBack();
    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^StatementError: .*readStatus/);
    expect(stderr).toMatch(/functions\/database\/data-api\.ts:\d+:\d+/);
  });
});
