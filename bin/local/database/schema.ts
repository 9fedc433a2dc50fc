import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

const schemaDir = new URL('../../../sql/postgresql/migrations/0001_tables/', import.meta.url);

/** Creates what is missing of the agent's tables, as the URL's user; what exists stays as it is. */
export async function applySchema(url: string): Promise<void> {
  const files = readdirSync(schemaDir).filter((file) => file.endsWith('.sql'));
  const script = files.sort().map((file) => readFileSync(new URL(file, schemaDir), 'utf8'));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtext('omni-agent schema'))`);
    await client.query(script.join('\n'));
    await client.query('commit');
  } finally {
    await client.end();
  }
}
