import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

const credentials = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1) });

/** Reads the gateway's credentials from their secret, each time that it is called: the JSON object {"clientId", "clientSecret"}. */
export function gatewayCredentials(secretArn: string): () => Promise<z.output<typeof credentials>> {
  const client = new SecretsManagerClient({});
  return async () => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const parsed = credentials.safeParse(parseJson(SecretString ?? ''));
    if (!parsed.success) throw new Error('gateway secret: expected {"clientId", "clientSecret"}, got something else');
    return parsed.data;
  };
}

/** Swallows the parser's error, which would quote the text: it is a secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
