import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmulator } from '../../../bin/local/emulator/emulator.ts';
import { installMiniStack } from '../../../bin/local/emulator/ministack.ts';
import { parseOptions } from '../../../bin/local/emulator/options.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-agent-localstack-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('the options', () => {
  it('default to 200 messages, and nothing else', () => {
    expect(parseOptions([])).toEqual({ messages: 200, json: false, keep: false });
  });

  it.each([
    [['--messages', 'many'], '--messages: expected a whole number from 1 to 100000, got "many"'],
    [['--messages', '0'], '--messages: expected a whole number from 1 to 100000, got "0"'],
    [['--rate', '3'], "Unknown option '--rate'"],
  ])('%j are refused in one line', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe('without an emulator', () => {
  it('and without Python, says in one line what is missing and how to get it, and exits with 2', async () => {
    vi.stubEnv('PATH', folder);
    const refused = installMiniStack(() => undefined, join(folder, 'venv'));
    await expect(refused).rejects.toMatchObject({
      name: 'UsageError',
      exitCode: 2,
      message: expect.stringMatching(/^MiniStack needs Python 3\.10 .*python3-venv.*AWS_ENDPOINT_URL.*$/),
    });
  });

  it('names the address where none answers', async () => {
    await expect(openEmulator('http://127.0.0.1:1')).rejects.toThrow(
      'AWS_ENDPOINT_URL: no emulator of AWS answers at http://127.0.0.1:1',
    );
  });
});
