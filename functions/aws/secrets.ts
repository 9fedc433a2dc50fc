import { createHash } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { TokenStore } from '../maintenance/refresh-token.ts';
import { type Patience, requestLimits } from '../settings/request-limits.ts';
import { timing } from '../settings/timing.ts';

const credentials = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1) });

/** Reads the gateway's credentials from their secret, each time that it is called: the JSON object {"clientId", "clientSecret"}. */
export function gatewayCredentials(
  secretArn: string,
  patience?: Patience,
): () => Promise<z.output<typeof credentials>> {
  const client = new SecretsManagerClient({ requestHandler: requestLimits(patience) });
  return async () => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const parsed = credentials.safeParse(parseJson(SecretString ?? ''));
    if (!parsed.success) throw new Error('gateway secret: expected {"clientId", "clientSecret"}, got something else');
    return parsed.data;
  };
}

const accessToken = z.object({
  token: z.string().min(1),
  expiresAt: z.iso.datetime().transform((text) => new Date(text)),
});

/**
 * The token that the parts share, in a secret: the JSON object {"token", "expiresAt"}. Whatever else is in it is no token. In each
 * period one part writes it; for the others it is written then.
 */
export function sharedToken(secretArn: string, { patience, now = Date.now }: SharedTokenOptions = {}): TokenStore {
  const client = new SecretsManagerClient({ requestHandler: requestLimits(patience) });
  return {
    async read() {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
      return accessToken.safeParse(parseJson(SecretString ?? '')).data;
    },
    async write({ token, expiresAt }) {
      const SecretString = JSON.stringify({ token, expiresAt: expiresAt.toISOString() });
      const period = Math.floor(now() / (timing.tokenPeriodSeconds * 1000));
      const ClientRequestToken = createHash('sha256').update(`${secretArn} ${period}`).digest('hex');
      try {
        await client.send(new PutSecretValueCommand({ SecretId: secretArn, SecretString, ClientRequestToken }));
      } catch (error) {
        if (!(error instanceof ResourceExistsException)) throw error;
      }
    },
  };
}

export interface SharedTokenOptions {
  readonly patience?: Patience;
  readonly now?: () => number;
}

const login = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** The passwords of roles, from the secret of each: the JSON object {"username", "password"}. */
export async function readPasswords<Role extends string>(
  secretArns: Readonly<Record<Role, string>>,
  roles: Readonly<Record<NoInfer<Role>, string>>,
): Promise<Record<Role, string>> {
  const client = new SecretsManagerClient({ requestHandler: requestLimits() });
  const names = Object.keys(secretArns) as Role[];
  const read = async (name: Role) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArns[name] }));
    const parsed = login.safeParse(parseJson(SecretString ?? ''));
    const username = parsed.data?.username ?? 'something else';
    if (parsed.data === undefined || username !== roles[name])
      throw new Error(`secret of the ${name}: expected a password of ${roles[name]}, got one of ${username}`);
    return [name, parsed.data.password] as const;
  };
  return Object.fromEntries(await Promise.all(names.map(read))) as Record<Role, string>;
}

/** Swallows the parser's error, which would quote the text: it is a secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
