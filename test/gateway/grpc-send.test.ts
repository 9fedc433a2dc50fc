import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectGateway, type GatewayOptions } from '../../functions/gateway/gateway.ts';
import { answerTable } from '../../functions/gateway/grpc/answers.ts';
import { InquireStatus, type SendResult } from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { AccessToken, TokenStore } from '../../functions/maintenance/refresh-token.ts';
import { sendGatewayContract } from '../support/gateway-contract.ts';
import { account, aDirectory, aMessage, aSimulator, eventually, someMessages } from '../support/gateway-parts.ts';
import { aResettingGateway, aScriptedGateway } from '../support/scripted-gateway.ts';

function aGateway(url: string, options: Partial<GatewayOptions> = {}) {
  const gateway = connectGateway({ url, plaintextHost: undefined, credentials: async () => account, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

function aTokenStore(): TokenStore {
  let shared: AccessToken | undefined;
  return {
    read: async () => shared,
    write: async (token) => {
      shared = token;
    },
  };
}

const aBatch = () => ({ idempotencyKey: randomUUID(), messages: [aMessage()] });

describe('the sender’s port over gRPC', () => sendGatewayContract((url) => aGateway(url)));

describe('a status means', () => {
  const expected: [keyof typeof status, string][] = [
    ['UNAUTHENTICATED', 'notNow'],
    ['PERMISSION_DENIED', 'notNow'],
    ['RESOURCE_EXHAUSTED', 'notNow'],
    ['INVALID_ARGUMENT', 'refused'],
    ['FAILED_PRECONDITION', 'keyClosed'],
    ['ALREADY_EXISTS', 'inDoubt'],
    ['CANCELLED', 'inDoubt'],
    ['UNKNOWN', 'inDoubt'],
    ['DEADLINE_EXCEEDED', 'inDoubt'],
    ['NOT_FOUND', 'inDoubt'],
    ['ABORTED', 'inDoubt'],
    ['OUT_OF_RANGE', 'inDoubt'],
    ['UNIMPLEMENTED', 'inDoubt'],
    ['INTERNAL', 'inDoubt'],
    ['UNAVAILABLE', 'inDoubt'],
    ['DATA_LOSS', 'inDoubt'],
  ];

  it('something for each that there is', () => {
    expect(
      expected
        .map(([name]) => status[name])
        .concat(status.OK)
        .sort(),
    ).toEqual(Object.keys(answerTable).map(Number).sort());
  });

  it.each(expected)('%s to a Send: %s', async (name, outcome) => {
    const fail = { code: status[name], details: 'no room for +82 10-0000-0001' };
    const url = await aScriptedGateway({ send: (_, callback) => callback(fail) });
    const answer = await aGateway(url).send(aBatch());
    const reason = `${name}: no room for …`;
    expect(answer).toEqual(outcome === 'keyClosed' ? { outcome } : { outcome, reason });
  });

  it.each(expected)('%s to an Inquire: in doubt', async (name) => {
    const url = await aScriptedGateway({ inquire: (_, callback) => callback({ code: status[name] }) });
    expect(await aGateway(url).inquire('a-key')).toMatchObject({ outcome: 'inDoubt' });
  });
});

describe('the connection', () => {
  it('is in doubt when it is reset after the request has left', async () => {
    const simulator = await aSimulator();
    simulator.script([{ before: 'reset' }]);
    expect(await aGateway(simulator.url).send(aBatch())).toMatchObject({ outcome: 'inDoubt' });
  });

  it.each([
    ['RESOURCE_EXHAUSTED', 11],
    ['PERMISSION_DENIED', 12],
  ])('takes no reset of the transport for the gateway’s word %s', async (name, resetCode) => {
    const { url } = await aResettingGateway(resetCode);
    expect(await aGateway(url).send(aBatch())).toEqual({ outcome: 'inDoubt', reason: expect.stringContaining(name) });
  });

  it('makes a call once, also where gRPC would repeat it by itself', async () => {
    const refusedStream = 7;
    const { url, sends } = await aResettingGateway(refusedStream);
    expect(await aGateway(url).send(aBatch())).toMatchObject({ outcome: 'inDoubt' });
    expect(sends()).toBe(1);
  });

  it('takes an answer of any length: refusing it would look as if nothing was accepted', async () => {
    const description = 'x'.repeat(5 * 1024 * 1024);
    const url = await aScriptedGateway({
      send: ({ request }, callback) => {
        const results = request.messages.map(({ reference }) => ({
          reference,
          messageKey: 'k',
          code: 'A000',
          description,
        }));
        callback(null, { results, keyExpiresAt: undefined });
      },
    });
    expect(await aGateway(url).send(aBatch())).toMatchObject({ outcome: 'answered' });
  });

  it('is replaced when a call passes its deadline', async () => {
    const peers: string[] = [];
    const url = await aScriptedGateway({
      send: (call, callback) => {
        peers.push(call.getPeer());
        const results = call.request.messages.map(({ reference }) => ({ reference, messageKey: 'k', code: 'A000' }));
        if (peers.length !== 2) callback(null, { results, keyExpiresAt: undefined });
      },
    });
    const gateway = aGateway(url, { deadlineMs: 300 });
    const batch = aBatch();
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'inDoubt', reason: expect.stringMatching(/^DEADLINE/) });
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
    expect(peers[1]).toBe(peers[0]);
    expect(peers[2]).not.toBe(peers[0]);
  });

  it('is replaced when it has not been used for long', async () => {
    const peers = new Set<string>();
    const url = await aScriptedGateway({
      inquire: (call, callback) => {
        peers.add(call.getPeer());
        callback(null, { status: InquireStatus.INQUIRE_STATUS_NOT_FOUND, results: [] });
      },
    });
    const [busy, idle] = [aGateway(url), aGateway(url, { idleMs: -1 })];
    for (const gateway of [busy, busy, idle, idle]) await gateway.inquire('a-key');
    expect(peers.size).toBe(3);
  });

  it('begins no call when there is none, even if there was one before, and finds the gateway when it is back', async () => {
    const before = await aSimulator();
    const gateway = aGateway(before.url);
    expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'answered' });
    await before.close();
    // Until the connection's end is noticed, a call still begins, and is in doubt.
    await eventually(async () => {
      const notNow = { outcome: 'notNow', reason: expect.stringMatching(/^UNAVAILABLE/) };
      expect(await gateway.send(aBatch())).toEqual(notNow);
    });
    await aSimulator({ port: Number(new URL(before.url).port) });
    expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'answered' });
  });

  it('answers "not now" at its deadline when the credentials do not come', async () => {
    const simulator = await aSimulator();
    const gateway = aGateway(simulator.url, { credentials: () => new Promise(() => undefined), deadlineMs: 50 });
    expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'notNow' });
    expect(simulator.stats()['send']).toBe(0);
  });

  it('speaks TLS for grpcs', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const firstBytes = once(server, 'connection').then(async ([socket]) => {
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return bytes;
    });
    const gateway = aGateway(`grpcs://localhost:${typeof address === 'object' ? address?.port : ''}`);
    expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'notNow' });
    const tlsHandshake = 0x16;
    expect((await firstBytes)[0]).toBe(tlsHandshake);
  });

  it.each(['grpc://gateway.example:443', 'https://127.0.0.1:443', 'grpcs://gateway.example'])(
    'refuses the url %s',
    (url) => {
      expect(() => connectGateway({ url, plaintextHost: undefined, credentials: async () => account })).toThrow(
        /expected grpcs:/,
      );
    },
  );
});

describe('the token', () => {
  it('is fetched once for many calls, also when they begin together', async () => {
    const simulator = await aSimulator();
    const gateway = aGateway(simulator.url);
    await Promise.all([gateway.send(aBatch()), gateway.send(aBatch()), gateway.inquire('a-key')]);
    await gateway.send(aBatch());
    expect(simulator.stats()).toMatchObject({ token: 1, send: 3, inquire: 1 });
  });

  it('is renewed shortly before it expires', async () => {
    const simulator = await aSimulator({ behaviour: { tokenLifetimeMs: 4 * 60_000 } });
    const gateway = aGateway(simulator.url);
    for (const batch of [aBatch(), aBatch()]) expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
    expect(simulator.stats()).toMatchObject({ token: 2, send: 2 });
  });

  it('that the gateway no longer takes is replaced within the call', async () => {
    let nowMs = Date.now();
    const simulator = await aSimulator({ now: () => nowMs });
    const onCredentialsRefused = vi.fn();
    const gateway = aGateway(simulator.url, { onCredentialsRefused });
    await gateway.send(aBatch());
    nowMs += 25 * 3_600_000;
    expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'answered' });
    nowMs += 25 * 3_600_000;
    expect(await gateway.inquire('a-key')).toEqual({ outcome: 'keyClosed' });
    expect(simulator.stats()).toMatchObject({ token: 3, send: 3, inquire: 2, accepted: 2 });
    expect(onCredentialsRefused).not.toHaveBeenCalled();
  });

  it('is replaced once in a call: if that does not help, the batch waits', async () => {
    const calls: string[] = [];
    const answer = (name: string): Pick<ServiceError, 'code' | 'details'> => {
      calls.push(name);
      return { code: status.UNAUTHENTICATED, details: 'who?' };
    };
    const url = await aScriptedGateway({
      token: (_, callback) => {
        calls.push('token');
        callback(null, { token: `token-${calls.length}`, expiresAt: new Date(Date.now() + 3_600_000) });
      },
      send: ({ metadata }, callback) => callback(answer(String(metadata.get('authorization')[0]))),
      inquire: ({ metadata }, callback) => callback(answer(String(metadata.get('authorization')[0]))),
    });
    const onCredentialsRefused = vi.fn();
    const gateway = aGateway(url, { onCredentialsRefused });
    expect(await gateway.send(aBatch())).toEqual({ outcome: 'notNow', reason: 'UNAUTHENTICATED: who?' });
    expect(calls).toEqual(['token', 'Bearer token-1', 'token', 'Bearer token-3']);
    expect(onCredentialsRefused).toHaveBeenCalledOnce();
    expect(await gateway.inquire('a-key')).toEqual({ outcome: 'inDoubt', reason: 'UNAUTHENTICATED: who?' });
    expect(calls).toHaveLength(8);
  });

  it('is shared by all that have the same store', async () => {
    const simulator = await aSimulator();
    const tokens = aTokenStore();
    for (const gateway of [aGateway(simulator.url, { tokens }), aGateway(simulator.url, { tokens })])
      expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'answered' });
    expect(simulator.stats()).toMatchObject({ token: 1, send: 2 });
  });

  it('that is shared is taken up without a restart, once the own one is old or no longer taken', async () => {
    let nowMs = Date.now();
    const simulator = await aSimulator({ now: () => nowMs });
    const tokens = aTokenStore();
    const [one, other] = [aGateway(simulator.url, { tokens }), aGateway(simulator.url, { tokens })];
    for (const gateway of [one, other]) await gateway.send(aBatch());
    nowMs += 25 * 3_600_000;
    // Both hold the token that is no longer taken, and so does the store.
    for (const gateway of [one, other]) expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'answered' });
    expect(simulator.stats()).toMatchObject({ token: 2, accepted: 4 });
  });

  it('is an own one while the store cannot be reached', async () => {
    const simulator = await aSimulator();
    const broken = async () => {
      throw new Error('the store does not answer');
    };
    const gateway = aGateway(simulator.url, { tokens: { read: broken, write: broken } });
    for (const batch of [aBatch(), aBatch()]) expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
    expect(simulator.stats()).toMatchObject({ token: 1, send: 2 });
  });

  it('of rotated credentials is got while messages are sent: each is accepted, once', async () => {
    const before = await aSimulator();
    let { clientSecret } = account;
    const tokens = aTokenStore();
    const credentials = async () => ({ ...account, clientSecret });
    const gateways = Array.from({ length: 4 }, () => aGateway(before.url, { credentials, tokens }));
    const batches = Array.from({ length: 20 }, aBatch);
    const sendAll = async () => {
      const results = batches.map((batch, index) => gateways[index % gateways.length]?.send(batch));
      return (await Promise.all(results)).map((answer) => answer?.outcome);
    };
    await Promise.all(gateways.map((gateway) => gateway.send(aBatch())));
    // The gateway forgets the old credentials, and with them the tokens that it gave for them.
    await before.close();
    const after = await aSimulator({
      dataDir: await aDirectory(),
      port: Number(new URL(before.url).port),
      clientSecret: 'new',
    });
    expect(new Set(await sendAll())).toEqual(new Set(['notNow']));
    expect(after.stats()).toMatchObject({ accepted: 0 });
    clientSecret = 'new';
    expect(new Set(await sendAll())).toEqual(new Set(['answered']));
    expect(after.stats()).toMatchObject({ accepted: 20 });
    expect(await sendAll()).toHaveLength(20);
    expect(after.stats()).toMatchObject({ accepted: 20 });
  });

  it('says "not now" when it is refused, and takes credentials that were rotated meanwhile', async () => {
    const simulator = await aSimulator();
    const secrets = ['an old one', account.clientSecret];
    const credentials = async () => ({ ...account, clientSecret: secrets.shift() ?? '' });
    const onCredentialsRefused = vi.fn();
    const gateway = aGateway(simulator.url, { credentials, onCredentialsRefused });
    expect(await gateway.send(aBatch())).toMatchObject({
      outcome: 'notNow',
      reason: expect.stringMatching(/^UNAUTHENTICATED/),
    });
    expect(onCredentialsRefused).toHaveBeenCalledOnce();
    expect(await gateway.send(aBatch())).toMatchObject({ outcome: 'answered' });
    expect(onCredentialsRefused).toHaveBeenCalledOnce();
  });

  it('is what authenticate gets, which throws if it cannot', async () => {
    const now = Date.now();
    const simulator = await aSimulator({ now: () => now });
    expect(await aGateway(simulator.url).authenticate()).toEqual({
      token: expect.stringMatching(/./),
      expiresAt: new Date(now + 24 * 3_600_000),
    });
    const credentials = async () => ({ ...account, clientSecret: 'wrong' });
    await expect(aGateway(simulator.url, { credentials }).authenticate()).rejects.toThrow(/UNAUTHENTICATED/);
  });
});

describe('an answer that does not fit the batch', () => {
  const messages = someMessages(2);
  const resultOf = (index: number): SendResult => {
    return { reference: messages[index]?.reference, messageKey: 'k', code: 'A000' };
  };
  const [one, two] = [resultOf(0), resultOf(1)];
  const fine = [one, two];

  it.each<[string, SendResult[]]>([
    ['has a result too few', [one]],
    ['has none', []],
    ['has one of another message', [one, { ...two, reference: 'test.1.1' }]],
    ['has one too many', [...fine, { ...two, reference: 'test.1.1' }]],
    ['has one twice and another not', [one, one]],
    ['has one twice', [one, two, two]],
    ['has a message key that fits no column', [one, { ...two, messageKey: 'k'.repeat(41) }]],
    ['has a result without a code', [one, { ...two, code: '' }]],
  ])('leaves it in doubt: %s', async (_, results) => {
    const url = await aScriptedGateway({
      send: (_call, callback) => callback(null, { results, keyExpiresAt: undefined }),
    });
    const answer = await aGateway(url).send({ idempotencyKey: 'a-key', messages });
    expect(answer).toEqual({ outcome: 'inDoubt', reason: expect.stringMatching(/malformed|do not fit/) });
  });

  it('is none if the results come in another order', async () => {
    const url = await aScriptedGateway({
      send: (_, callback) => callback(null, { results: fine.toReversed(), keyExpiresAt: undefined }),
    });
    expect(await aGateway(url).send({ idempotencyKey: 'a-key', messages })).toMatchObject({ outcome: 'answered' });
  });

  it('is an inquiry with a status that we do not know', async () => {
    const url = await aScriptedGateway({
      inquire: (_, callback) => callback(null, { status: InquireStatus.INQUIRE_STATUS_UNSPECIFIED, results: fine }),
    });
    expect(await aGateway(url).inquire('a-key')).toMatchObject({ outcome: 'inDoubt' });
  });
});
