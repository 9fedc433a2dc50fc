import type { AccessToken, TokenStore } from '../../maintenance/refresh-token.ts';
import type { Credentials } from '../gateway.ts';
import type { Connection } from './connection.ts';
import { GatewayServiceService } from './generated/omni/gateway/v1/gateway.ts';

/** A token lives for a day; five minutes are more than clocks differ and calls last. */
const renewBeforeMs = 5 * 60_000;

interface TokenSources {
  readonly credentials: () => Promise<Credentials>;
  readonly tokens?: TokenStore | undefined;
}

/** Keeps one access token until shortly before it expires: the one that all parts share, or else one of its own. */
export class TokenCache {
  readonly #sources: TokenSources;
  #cached: AccessToken | undefined;
  #refused: string | undefined;
  #renewing: Promise<AccessToken> | undefined;

  constructor(sources: TokenSources) {
    this.#sources = sources;
  }

  /** Callers at the same time share one renewal. Throws if it fails; then the next caller tries again. */
  async get(connection: Connection, deadline: Date): Promise<string> {
    if (isFresh(this.#cached)) return this.#cached.token;
    this.#renewing ??= this.#renew(connection, deadline).finally(() => {
      this.#renewing = undefined;
    });
    this.#cached = await this.#renewing;
    return this.#cached.token;
  }

  /** Asks for a new token, whatever there is. The credentials are read each time: they may have been rotated. */
  async fetch(connection: Connection, deadline: Date): Promise<AccessToken> {
    const request = await this.#sources.credentials();
    const { token, expiresAt } = await connection.call(GatewayServiceService.token, request, { deadline });
    if (!token) throw new Error('the gateway answered Token without a token');
    // One that does not say when it expires serves this call alone.
    return { token, expiresAt: expiresAt ?? new Date(0) };
  }

  /** Forgets the token that the gateway refused, unless a newer one has taken its place. */
  drop(token: string): void {
    this.#refused = token;
    if (this.#cached?.token === token) this.#cached = undefined;
  }

  async #renew(connection: Connection, deadline: Date): Promise<AccessToken> {
    const { tokens } = this.#sources;
    // Without the store each part has a token of its own, which costs calls and nothing else. The scheduler says what is wrong.
    const shared = await tokens?.read().catch(() => undefined);
    if (isFresh(shared) && shared.token !== this.#refused) return shared;
    const fetched = await this.fetch(connection, deadline);
    if (isFresh(fetched)) await tokens?.write(fetched).catch(() => undefined);
    return fetched;
  }
}

function isFresh(token: AccessToken | undefined): token is AccessToken {
  return token !== undefined && token.expiresAt.getTime() - Date.now() > renewBeforeMs;
}
