import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

// A transaction that is open anywhere on a server keeps dead rows, and these tests count rows that are read: theirs has no other
// tests. Each project starts a server of its own.
const countsReads = ['test/database/plans.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'tests', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...countsReads] },
      },
      { extends: true, test: { name: 'plans', include: countsReads } },
    ],
    pool: 'forks',
    // Much of a test is waiting: two at once even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Every wait in a test ends on a condition; these only bound a hang.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
