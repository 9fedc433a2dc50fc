import { indexes, migrations } from '../../functions/database/migrations.generated.ts';

const statements = migrations.find(({ version }) => version === 1)?.statements ?? [];

/** What made the tables of the first version, when one role owned them, and agent and customers were that role. */
export const firstVersion: readonly string[] = [
  ...statements,
  ...indexes.filter(({ version }) => version === 1).map(({ text }) => text),
];
