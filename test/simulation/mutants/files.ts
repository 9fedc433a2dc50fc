import type { Mutant } from './mutant.ts';

const queries = 'sql/postgresql/queries';

/** Guards of files and their keys. */
export const fileMutants: readonly Mutant[] = [
  {
    name: 'a row is not sent with a file key that is about to expire',
    breaks: ['I7'],
    file: `${queries}/lease_batch.sql`,
    find: ' or j.waits_for_file then',
    replace: ' then',
  },
  {
    name: 'what is sent is the newest key of a file',
    breaks: ['I7'],
    file: 'functions/database/send-store.ts',
    find: 'withNewKeys(row, row.renamed)',
    replace: 'withNewKeys(row, null)',
  },
  {
    name: 'a key that rows wait with is renewed',
    breaks: ['I9'],
    file: `${queries}/take_files.sql`,
    find: 'where is_file_needed(array(',
    replace: 'where not is_file_needed(array(',
  },
  {
    name: 'an old key stands for newer ones of the same path alone',
    breaks: ['I7'],
    file: `${queries}/finish_file.sql`,
    find: 'where k.source = s.text or k.source is null and :renews::boolean',
    replace: 'where true or :renews::boolean',
  },
];
