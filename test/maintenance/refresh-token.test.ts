import { beforeEach, expect, it, vi } from 'vitest';
import { type AccessToken, refreshToken } from '../../functions/maintenance/refresh-token.ts';

const hourMs = 3_600_000;
const now = Date.parse('2026-11-24T03:00:00Z');
const lasting = (hours: number, token = 'old'): AccessToken => ({ token, expiresAt: new Date(now + hours * hourMs) });

const gateway = { authenticate: vi.fn(async () => lasting(24, 'new')) };
const tokens = {
  read: vi.fn(async (): Promise<AccessToken | undefined> => undefined),
  write: vi.fn(async () => undefined),
};
const refresh = () => refreshToken({ gateway, tokens, now: () => now });

beforeEach(() => {
  vi.clearAllMocks();
  tokens.write.mockResolvedValue(undefined);
});

it.each([
  { what: 'there is none', shared: undefined },
  { what: 'it lasts three hours more', shared: lasting(3) },
  { what: 'it has expired', shared: lasting(-1) },
])('gets a new token for all parts if $what', async ({ shared }) => {
  tokens.read.mockResolvedValue(shared);
  expect(await refresh()).toEqual({ outcome: 'refreshed', expiresAt: lasting(24).expiresAt });
  expect(tokens.write.mock.calls).toEqual([[lasting(24, 'new')]]);
});

it('leaves one that lasts longer than that', async () => {
  tokens.read.mockResolvedValue(lasting(3.1));
  expect(await refresh()).toEqual({ outcome: 'kept', expiresAt: lasting(3.1).expiresAt });
  expect(gateway.authenticate).not.toHaveBeenCalled();
});

it('fails if the new one cannot be kept, or is refused', async () => {
  tokens.read.mockResolvedValue(undefined);
  tokens.write.mockRejectedValueOnce(new Error('no such secret'));
  await expect(refresh()).rejects.toThrow('no such secret');
  gateway.authenticate.mockRejectedValueOnce(new Error('UNAUTHENTICATED'));
  await expect(refresh()).rejects.toThrow('UNAUTHENTICATED');
  expect(tokens.write).toHaveBeenCalledOnce();
});
