import type { Credentials } from '../gateway.ts';
import type { Connection } from './connection.ts';
import { GatewayServiceService } from './generated/omni/gateway/v1/gateway.ts';

export interface AccessToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** A token lives for a day; five minutes are more than clocks differ and calls last. */
const renewBeforeMs = 5 * 60_000;

/** Keeps one access token until shortly before it expires. */
export class TokenCache {
  readonly #credentials: () => Promise<Credentials>;
  #cached: AccessToken | undefined;
  #fetching: Promise<AccessToken> | undefined;

  constructor(readCredentials: () => Promise<Credentials>) {
    this.#credentials = readCredentials;
  }

  /** Callers at the same time share one Token call. Throws if it fails; then the next caller tries again. */
  async get(connection: Connection, deadline: Date): Promise<string> {
    const cached = this.#cached;
    if (cached && cached.expiresAt.getTime() - Date.now() > renewBeforeMs) return cached.token;
    this.#fetching ??= this.fetch(connection, deadline).finally(() => {
      this.#fetching = undefined;
    });
    return (await this.#fetching).token;
  }

  /** Asks for a new token, whatever is cached. The credentials are read each time: they may have been rotated. */
  async fetch(connection: Connection, deadline: Date): Promise<AccessToken> {
    const request = await this.#credentials();
    const { token, expiresAt } = await connection.call(GatewayServiceService.token, request, { deadline });
    if (!token) throw new Error('the gateway answered Token without a token');
    // One that does not say when it expires serves this call alone.
    this.#cached = { token, expiresAt: expiresAt ?? new Date(0) };
    return this.#cached;
  }

  /** Forgets the token that the gateway refused, unless a newer one has taken its place. */
  drop(token: string): void {
    if (this.#cached?.token === token) this.#cached = undefined;
  }
}
