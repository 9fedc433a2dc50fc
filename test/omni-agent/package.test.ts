import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
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

/** As a customer installs it in an empty folder. No registry is asked: nothing else is needed. */
beforeAll(() => {
  const quietly = { cwd: folder, stdio: 'pipe' } as const;
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { ...quietly, cwd: root });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`], quietly);
}, 240_000);

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
  it('brings nothing else along: not the CDK either, which only the construct needs', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['omni-agent']);
  });

  it('has command, construct and programs, with the licences of what is in them, and no source', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'dist/THIRD-PARTY-LICENSES.txt', 'docs/runbook.md']));
    expect(files).toEqual(expect.arrayContaining(['dist/omni-agent/index.mjs', 'dist/programs/sender/index.mjs']));
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
    const licences = readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['@grpc/grpc-js', 'zod', 're2js', '@middy/core']) expect(licences).toContain(`\n${name} `);
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

describe('the construct of the npm package, in a CDK app of a customer’s', () => {
  const app = join(folder, 'app');
  const own = `new OmniAgent(app, 'Messages', { gatewayUrl: 'grpcs://gateway.example.com:443', installation: 'shop', alarmTopicArn: 'none' });
    app.synth();`;
  const sources = {
    'module.mts': `import { App } from 'aws-cdk-lib';
      import { OmniAgent } from 'omni-agent';
      const app = new App();
      const { customerSecret, endpoint } = ${own}
      export const found: [string, number | undefined] = [customerSecret.secretArn, endpoint?.port];`,
    'common.cts': `import cdk = require('aws-cdk-lib');
      import { OmniAgent } from 'omni-agent';
      const app = new cdk.App();
      ${own}`,
  };

  beforeAll(() => {
    mkdirSync(join(app, 'node_modules'), { recursive: true });
    cpSync(installed, join(app, 'node_modules/omni-agent'), { recursive: true });
    // What npm would install beside it.
    for (const peer of ['aws-cdk-lib', 'constructs', '@types'])
      symlinkSync(join(root, 'node_modules', peer), join(app, 'node_modules', peer));
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(app, name), source);
  });

  it('compiles under strict rules, as an ES module and as CommonJS', () => {
    const rules = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
    ];
    const tsc = join(root, 'node_modules/.bin/tsc');
    execFileSync(tsc, [...rules, '--skipLibCheck', '--outDir', 'out', ...Object.keys(sources)], {
      cwd: app,
      stdio: 'pipe',
    });
  });

  it.each(['module.mjs', 'common.cjs'])('is synthesized by %s, without esbuild or our source', (program) => {
    const assembly = join(app, `cdk.out.${program}`);
    execFileSync(process.execPath, [join('out', program)], {
      cwd: app,
      env: { ...process.env, CDK_OUTDIR: assembly },
      stdio: 'pipe',
    });
    const { artifacts } = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8'));
    const names = Object.values<{ type: string; properties?: { stackName?: string } }>(artifacts)
      .filter(({ type }) => type === 'aws:cloudformation:stack')
      .map(({ properties }) => properties?.stackName);
    expect(names.toSorted()).toEqual(['shop', 'shop-data', 'shop-receiver', 'shop-schema']);
    const programs = readdirSync(assembly, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('index.mjs'),
    );
    expect(programs).toHaveLength(13);
  });
});
