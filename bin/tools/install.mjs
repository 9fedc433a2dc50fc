// Installs the pinned dependencies if they are missing or older than the lock file, so that `npm start` and `npm test`
// work on a fresh clone. Plain JavaScript without dependencies: nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`Node 20 or later is needed, this is ${process.version}.`);
  process.exit(1);
}

/** npm records what it installed in node_modules/.package-lock.json. Only versions are compared: the rest may differ. */
function isInstalled() {
  if (!existsSync('node_modules/.package-lock.json')) return false;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || entry.version === installed[path]?.version,
  );
}

if (!isInstalled()) {
  console.error('Installing dependencies (once).');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  process.exit(status ?? 1);
}
