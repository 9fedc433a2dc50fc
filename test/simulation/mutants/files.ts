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
    name: 'an old key stands for the newer one of its own file alone',
    breaks: ['I7'],
    file: `${queries}/finish_file.sql`,
    find: 'from source s join file_key k on k.file_seq = s.file_seq',
    replace: 'from source s cross join file_key k',
  },
];
