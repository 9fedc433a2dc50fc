import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { SimulatorOptions } from '../../bin/local/simulator/options.ts';
import { type Simulator, startSimulator } from '../../bin/local/simulator/start.ts';
import { Channel } from '../../functions/message/channel.ts';
import type { Message } from '../../functions/message/message.ts';
import { Priority } from '../../functions/message/priority.ts';

export const account = { clientId: 'omni', clientSecret: 'not a secret' };

/** Every message is accepted and delivered at once, and reported once; tests state what they want otherwise. */
export const smooth = {
  answerMs: [0, 1],
  reportMs: [1, 5],
  rejectedShare: 0,
  fallbackShare: 0,
  undeliveredShare: 0,
  repeatedShare: 0,
  beforeAnswerShare: 0,
  disorderShare: 0,
  handsetShare: 0,
  flushMs: 5,
} satisfies SimulatorOptions['behaviour'];

type Overrides = Partial<Omit<SimulatorOptions, 'behaviour'>> & {
  behaviour?: SimulatorOptions['behaviour'];
  now?: () => number;
};

/** A simulator that ends with the test; so does its directory, unless one is given. */
export async function aSimulator({ behaviour, now, ...options }: Overrides = {}): Promise<Simulator> {
  const dataDir = options.dataDir ?? (await aDirectory());
  const simulator = await startSimulator(
    { seed: 1, ...account, ...options, dataDir, behaviour: { ...smooth, ...behaviour } },
    now,
  );
  let open = true;
  const close = async () => {
    if (open) await simulator.close();
    open = false;
  };
  onTestFinished(close);
  return { ...simulator, close };
}

export async function aDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'omni-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

let lastKey = 2n ** 53n;

/** A valid text message, of a row that no other message has. */
export function aMessage(overrides: Partial<Message> = {}): Message {
  lastKey += 1n;
  const clientKey = overrides.clientKey ?? String(lastKey);
  return {
    clientKey,
    reference: `test.${clientKey}.7`,
    recipient: '01000000001',
    senderNumber: '0200000000',
    priority: Priority.Fast,
    expiresAt: new Date('2030-01-01T00:00:00Z'),
    paymentCode: '',
    originCompanyId: '',
    fallbackChain: [{ channel: Channel.Sms, text: 'hello' }],
    ...overrides,
  };
}

export function someMessages(count: number): Message[] {
  return Array.from({ length: count }, () => aMessage());
}

/** Retries until the check passes. The time limit only ends a hang: a busy machine may take its time. */
export function eventually<T>(check: () => T | Promise<T>, options: { interval?: number } = {}): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000, interval: 10, ...options });
}
