import { once } from 'node:events';
import { createServer } from 'node:net';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { findAnnounced } from '../../bin/local/announcement.ts';
import { startRunner, untilUp } from '../support/runner.ts';

describe('the runner', () => {
  it('says in one line which port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    for (const option of ['--database-port', '--queue-port', '--gateway-port', '--data-api-port']) {
      const other = startRunner(['demo', option, String(port)]);
      expect(await other.exited, option).toBe(1);
      expect(other.stderr().trim().split('\n'), option).toHaveLength(1);
      expect(other.stderr(), option).toMatch(new RegExp(`${port}.*in use`));
      expect(other.processes(), option).toEqual([]);
      await other.cleanUp();
    }
    server.close();
  }, 90_000);

  it('leaves no process behind when it is killed', async () => {
    const other = startRunner(['up']);
    await untilUp(other);
    expect(other.processes().length).toBeGreaterThan(8);
    other.child.kill('SIGKILL');
    await vi.waitFor(() => expect(other.processes()).toEqual([]), { timeout: 15_000, interval: 100 });
    // Who ran it is not asked for: another runner that starts clears the announcements of killed ones away.
    expect(() => findAnnounced(other.dataDir)).toThrow(
      `no agent runs on this machine with its data in ${other.dataDir}`,
    );
    await other.cleanUp();
  }, 90_000);

  it('shuts down cleanly on Ctrl-C, and continues with the same data afterwards', async () => {
    const first = startRunner(['up']);
    const url = await untilUp(first);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      `insert into msg_tran (channel_order, request_date, recipient) values ('sms', '2099-01-01', '01000000001')`,
    );
    await client.end();
    first.child.kill('SIGINT');
    expect(await first.exited).toBe(0);
    expect(first.processes()).toEqual([]);
    expect(() => findAnnounced(first.dataDir)).toThrow(/^no agent runs [^:]*$/);
    const second = startRunner(['up', '--data', first.dataDir]);
    const again = new pg.Client({ connectionString: await untilUp(second) });
    await again.connect();
    expect((await again.query('select from msg_tran')).rowCount).toBe(1);
    await again.end();
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
    await second.cleanUp();
    await first.cleanUp();
  }, 120_000);
});
