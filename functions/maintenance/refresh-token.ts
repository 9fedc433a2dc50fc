import { timing } from '../settings/timing.ts';

/** What the gateway gives for credentials, and takes with every call until it expires. A later one does not end it. */
export interface AccessToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Where the parts of an agent share one token. */
export interface TokenStore {
  /** Undefined if there is none yet. */
  read(): Promise<AccessToken | undefined>;
  write(token: AccessToken): Promise<void>;
}

/** Who gives tokens: the gateway. */
export interface Authenticator {
  /** Gets a new token now. Throws if the gateway refuses or cannot be reached. */
  authenticate(): Promise<AccessToken>;
}

export interface RefreshPorts {
  readonly gateway: Authenticator;
  readonly tokens: TokenStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface RefreshTally {
  readonly outcome: 'refreshed' | 'kept';
  readonly expiresAt: Date;
}

/**
 * Replaces the token that all parts share well before they would have to get one of their own. Two at once get one each, and the
 * parts take either.
 */
export async function refreshToken({ gateway, tokens, now }: RefreshPorts): Promise<RefreshTally> {
  const shared = await tokens.read();
  if (shared !== undefined && lastsUntilNext(shared, now())) return { outcome: 'kept', expiresAt: shared.expiresAt };
  const token = await gateway.authenticate();
  await tokens.write(token);
  return { outcome: 'refreshed', expiresAt: token.expiresAt };
}

function lastsUntilNext({ expiresAt }: AccessToken, now: number): boolean {
  return expiresAt.getTime() - now > timing.tokenRefreshSeconds * 1000;
}
