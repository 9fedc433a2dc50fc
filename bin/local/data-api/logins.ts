import * as z from 'zod';
import { DataApiError } from './errors.ts';
import { type SessionSettings, Sessions } from './sessions.ts';

const login = z.object({ username: z.string().min(1), password: z.string() });

/** The Data API's logins: a call's sessions are those of the role that its secret names. */
export class Logins {
  readonly #databaseUrl: string;
  readonly #settings: SessionSettings;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #sessions = new Map<string, Sessions>();

  constructor(databaseUrl: string, settings: SessionSettings, secrets: Readonly<Record<string, string>>) {
    this.#databaseUrl = databaseUrl;
    this.#settings = settings;
    this.#secrets = secrets;
  }

  sessionsOf(secretArn: string): Sessions {
    const opened = this.#sessions.get(secretArn);
    if (opened !== undefined) return opened;
    const url = Object.assign(new URL(this.#databaseUrl), this.#read(secretArn));
    const sessions = new Sessions(url.href, this.#settings);
    this.#sessions.set(secretArn, sessions);
    return sessions;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((sessions) => sessions.close()));
  }

  #read(secretArn: string): z.output<typeof login> {
    const text = this.#secrets[secretArn];
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
