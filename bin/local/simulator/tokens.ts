import { createHmac, timingSafeEqual } from 'node:crypto';

/** Tokens that carry their own proof, so that they stay valid after a restart. */
export class Tokens {
  readonly #clientId: string;
  readonly #clientSecret: string;

  constructor(account: { clientId: string; clientSecret: string }) {
    this.#clientId = account.clientId;
    this.#clientSecret = account.clientSecret;
  }

  knows(clientId = '', clientSecret = ''): boolean {
    return isSame(clientId, this.#clientId) && isSame(clientSecret, this.#clientSecret);
  }

  issue(expiresAt: number): string {
    return `${expiresAt}.${this.#prove(expiresAt)}`;
  }

  isValid(token: string, now: number): boolean {
    const [expiresAt = '', proof = ''] = token.split('.');
    return Number(expiresAt) > now && isSame(proof, this.#prove(Number(expiresAt)));
  }

  #prove(expiresAt: number): string {
    return createHmac('sha256', this.#clientSecret).update(`${this.#clientId}/${expiresAt}`).digest('base64url');
  }
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
