import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** As PostgreSQL's own default. */
const iterations = 4096;

/** What PostgreSQL stores of a password (SCRAM-SHA-256, RFC 5803): nobody can log in with it. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  // NFKC is what SASLprep does to the letters that passwords have.
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${keyOf('Server Key').toString('base64')}`;
}
