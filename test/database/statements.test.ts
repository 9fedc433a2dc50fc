import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as statements from '../../functions/database/sql.generated.ts';

const migrations = new URL('../../sql/postgresql/migrations/', import.meta.url);

/** All SQL that the agent runs, by name: its statements and the migrations with their functions. */
const texts = new Map([
  ...Object.values(statements).map(({ name, text }) => [name, text] as const),
  ...readdirSync(migrations, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sql'))
    .map((file) => [basename(file), readFileSync(new URL(file, migrations), 'utf8')] as const),
]);

/** Without comments, which may mention an UPDATE. */
const code = [...texts].map(([name, text]) => [name, text.replaceAll(/--.*$/gm, '')] as const);

/** The start of each UPDATE of msg_tran. */
const updates = code.flatMap(([name, text]) =>
  [...text.matchAll(/\bupdate\s+(?:only\s+)?(?:\w+\.)?"?msg_tran\b.{0,120}/gis)].map(
    ([begin]) => [name, begin.replaceAll(/\s+/g, ' ')] as const,
  ),
);

/** The guard recognises the agent by the counter: without it, an UPDATE by the agent is silently reverted. */
describe('an UPDATE of msg_tran', () => {
  it('occurs in each of these, and nowhere else', () => {
    expect(new Set(updates.map(([name]) => name))).toEqual(
      new Set([
        'claimBatches',
        'expireUnsent',
        'freeStrays',
        'mergeReports',
        'recordInquiry',
        'releaseFile',
        'sealBatch',
        'settleBatch',
        'splitBatch',
        '036_adopt_next.sql',
        '078_set_aside.sql',
      ]),
    );
  });

  it.each(updates)('in %s raises the counter', (_, begin) => {
    expect(begin).toMatch(/^update msg_tran t set agent_writes = coalesce\(t\.agent_writes, 0\) \+ 1,/i);
  });

  it('is not made in another way: by MERGE, by ON CONFLICT, or with a table name built at run time', () => {
    const others = /\bmerge\s+into\b|\binsert\s+into\s+(?:\w+\.)?"?msg_tran\b|\bupdate\s+%|update '\s*\|\|/i;
    // The adoption updates the original's log tables, whose names it finds.
    const found = code.filter(([, text]) => others.test(text)).map(([name]) => name);
    expect(found).toEqual(['036_adopt_next.sql']);
  });
});
