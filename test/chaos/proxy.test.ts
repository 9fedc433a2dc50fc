import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startProxy, type TcpProxy } from './proxy.ts';

/** One end of a connection, with everything it received. */
function endOf(socket: Socket) {
  const told = { text: '', ended: false, error: '' };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    told.text += text;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    told.error = error.code ?? error.message;
  });
  socket.on('close', () => {
    told.ended = true;
  });
  return Object.assign(told, { socket, say: (text: string) => void socket.write(text) });
}

type End = ReturnType<typeof endOf>;

const target = createServer();
const cleanups: (() => unknown)[] = [];
let accepted: End[];
let proxy: TcpProxy;

beforeEach(async () => {
  accepted = [];
  target.removeAllListeners('connection').on('connection', (socket) => accepted.push(endOf(socket)));
  if (!target.listening) await once(target.listen(0, '127.0.0.1'), 'listening');
  const address = target.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  proxy = await startProxy({ host: '127.0.0.1', port: address.port });
  cleanups.push(() => proxy.close());
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Both ends of a connection through the proxy that has carried something each way. */
async function aConnection(): Promise<{ near: End; far: End }> {
  const before = accepted.length;
  const near = endOf(connect(proxy.port, '127.0.0.1'));
  cleanups.push(() => near.socket.destroy());
  near.say('hello ');
  const far = await vi.waitFor(() => {
    const found = accepted[before];
    if (found?.text !== 'hello ') throw new Error('nothing came');
    return found;
  });
  far.say('welcome ');
  await vi.waitFor(() => expect(near.text).toBe('welcome '));
  return { near, far };
}

/** What was sent before must have arrived once something sent later on another path has: two round trips. */
async function untilItWouldHaveCome(): Promise<void> {
  const address = target.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  for (let trip = 0; trip < 2; trip++) {
    const before = accepted.length;
    const direct = endOf(connect(address.port, '127.0.0.1'));
    direct.say('direct');
    await vi.waitFor(() => expect(accepted[before]?.text).toBe('direct'));
    direct.socket.destroy();
  }
}

it('forwards both ways, and passes an end on', async () => {
  const { near, far } = await aConnection();

  near.socket.destroy();

  await vi.waitFor(() => expect(far.ended).toBe(true));
});

it('halts both ways silently, also for those who connect or hang up now', async () => {
  const { near, far } = await aConnection();

  proxy.halt();
  near.say('lost');
  far.say('lost');
  const late = endOf(connect(proxy.port, '127.0.0.1'));
  late.say('lost');
  await once(late.socket, 'connect');
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  await untilItWouldHaveCome();

  expect([near.text, far.text, accepted[1]?.text, late.text]).toEqual(['welcome ', 'hello ', '', '']);
  expect([near, far, late].filter(({ ended }) => ended)).toEqual([]);
  late.socket.destroy();
  near.socket.destroy();
  await untilItWouldHaveCome();
  expect(far).toMatchObject({ ended: false, error: '' });
});

it.each([
  { way: 'toTarget', near: 'welcome news', far: 'hello ' },
  { way: 'fromTarget', near: 'welcome ', far: 'hello news' },
] as const)('halts $way alone', async ({ way, ...expected }) => {
  const { near, far } = await aConnection();

  proxy.halt(way);
  near.say('news');
  far.say('news');
  await vi.waitFor(() => expect(near.text + far.text).toContain('news'));
  await untilItWouldHaveCome();

  expect({ near: near.text, far: far.text }).toEqual(expected);
});

it('resets every connection, and forwards new ones again', async () => {
  const { near, far } = await aConnection();
  proxy.halt();

  proxy.reset();

  await vi.waitFor(() => expect([near.error, far.error]).toEqual(['ECONNRESET', 'ECONNRESET']));
  await aConnection();
});

it('holds back what is sent while it pauses, and lets it go on late, complete and in order', async () => {
  const { near, far } = await aConnection();

  proxy.pause();
  near.say('one ');
  near.say('two');
  far.say('three');
  const late = endOf(connect(proxy.port, '127.0.0.1'));
  cleanups.push(() => late.socket.destroy());
  late.say('four');
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  await untilItWouldHaveCome();
  expect([near.text, far.text, accepted[1]?.text]).toEqual(['welcome ', 'hello ', '']);
  proxy.resume();

  await vi.waitFor(() => {
    expect([near.text, far.text, accepted[1]?.text]).toEqual(['welcome three', 'hello one two', 'four']);
  });
});
