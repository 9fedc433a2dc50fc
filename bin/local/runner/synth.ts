import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { contextKey } from '../../../lib/agent-config.ts';
import { UsageError } from '../usage-error.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Synthesizes the CDK app with these settings into a cloud assembly. */
export async function synthesize({
  settings,
  outDir,
}: {
  settings: Readonly<Record<string, unknown>>;
  outDir: string;
}): Promise<void> {
  const app = spawn(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
    cwd: root,
    env: { ...process.env, CDK_OUTDIR: outDir, CDK_CONTEXT_JSON: JSON.stringify({ [contextKey]: settings }) },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [stderr, [code]] = await Promise.all([text(app.stderr), once(app, 'exit')]);
  if (code !== 0) throw new UsageError(`The CDK app could not be synthesized: ${reasonIn(stderr)}`);
}

/** The line that a person needs: the error's in a stack trace, or else the first. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error\b.*: /.test(line)) ?? lines[0] ?? 'it printed nothing';
}
