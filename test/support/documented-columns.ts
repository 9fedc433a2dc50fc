import { readFileSync } from 'node:fs';

/** Columns and owners, from the table below the heading Columns of docs/tables.md. */
const [, section = ''] = readFileSync(new URL('../../docs/tables.md', import.meta.url), 'utf8').split('\n## ');

export const documentedColumns = section.split('\n').flatMap((line) => {
  const [, names = '', owner = ''] = /^\| (`.*`) +\| (\w+) +\|/.exec(line) ?? [];
  return [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ name, owner }));
});
