import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const migrations = 'sql/postgresql/migrations';
const copied = ['bin', 'docs', 'functions', 'lib', 'proto', 'sql', 'cdk.json', 'package.json', 'tsconfig.json'];

export const tableOfNextVersion = 'of_next_version';

/** A copy of the source in this folder with one migration more, as the next version of the agent would have; its path. */
export async function nextVersion(folder: string): Promise<string> {
  await mkdir(folder);
  for (const name of copied) await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const numbers = (await readdir(join(folder, migrations))).map((name) => Number.parseInt(name, 10));
  const next = String(Math.max(...numbers) + 1).padStart(4, '0');
  await writeFile(
    join(folder, migrations, `${next}_next_version.sql`),
    `create table if not exists ${tableOfNextVersion} (id int primary key);\n`,
  );
  const generate = ['--import', 'tsx', 'bin/tools/generate.ts', '--sql'];
  const child = spawn(process.execPath, generate, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`generate ended with ${code} in the next version: ${stderr.trim()}`);
  return folder;
}
