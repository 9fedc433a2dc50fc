import type { Part } from './part.ts';

/**
 * Memory of each part in MB. It buys processor time too: 1,769 MB are one processor. Under a campaign and a ban list of 300,000
 * numbers and 2,000 texts the sender took 200 MB at most, each of the others 100 to 125, on Node 24 (test/bench/load.ts).
 */
export const memoryMb: Readonly<Record<Part, number>> = {
  // These two are billed for every second of the month, most of which they wait.
  collector: 192,
  'report-migrator': 192,
  'log-migrator': 256,
  'table-create-scheduler': 256,
  'gateway-probe': 256,
  'token-scheduler': 256,
  'tran-cleaner-scheduler': 256,
  'file-upload-scheduler': 256,
  monitor: 256,
  'schema-migrator': 512,
  // They compile the ban list: one of 300,000 texts takes 200 MB. Judging and encoding a batch is work besides.
  sender: 512,
  'banlist-scheduler': 512,
  // The least that Fargate has.
  'report-receiver': 512,
};
