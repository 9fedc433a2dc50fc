import * as z from 'zod';
import { DataApiError } from './errors.ts';
import { type SessionSettings, Sessions } from './sessions.ts';

const login = z.object({ username: z.string().min(1), password: z.string() });

/** The text of a secret; undefined if there is none. */
export type ReadSecret = (arn: string) => Promise<string | undefined>;

/** The Data API's logins: a call's sessions are those of the role that its secret names. */
export class Logins {
  readonly #databaseUrl: string;
  readonly #settings: SessionSettings;
  readonly #readSecret: ReadSecret;
  readonly #sessions = new Map<string, Promise<Sessions>>();

  constructor(databaseUrl: string, settings: SessionSettings, readSecret: ReadSecret) {
    this.#databaseUrl = databaseUrl;
    this.#settings = settings;
    this.#readSecret = readSecret;
  }

  sessionsOf(secretArn: string): Promise<Sessions> {
    const opened = this.#sessions.get(secretArn);
    if (opened !== undefined) return opened;
    const opening = this.#open(secretArn);
    this.#sessions.set(secretArn, opening);
    // The secret may be there at the next call.
    opening.catch(() => this.#sessions.delete(secretArn));
    return opening;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#sessions.values());
    await Promise.all(opened.map((one) => one.status === 'fulfilled' && one.value.close()));
  }

  async #open(secretArn: string): Promise<Sessions> {
    const url = Object.assign(new URL(this.#databaseUrl), await this.#read(secretArn));
    return new Sessions(url.href, this.#settings);
  }

  async #read(secretArn: string): Promise<z.output<typeof login>> {
    const text = await this.#readSecret(secretArn);
    if (text === undefined) {
      const message = `Error fetching secret ${secretArn} : Secrets Manager can't find the specified secret.`;
      throw new DataApiError('SecretsErrorException', message);
    }
    const parsed = login.safeParse(readJson(text));
    if (parsed.success) return parsed.data;
    throw new DataApiError('InvalidSecretException', 'The secret has no username and password');
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
