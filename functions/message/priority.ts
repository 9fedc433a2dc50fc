import { plainWord } from './blank.ts';

/** The lanes, most urgent first: each has its own queue and its share of the throughput. */
export const Priority = { VeryFast: 'veryfast', Fast: 'fast', Slow: 'slow' } as const;

export type Priority = (typeof Priority)[keyof typeof Priority];

export const priorities: readonly Priority[] = [Priority.VeryFast, Priority.Fast, Priority.Slow];

/** The column's words: ours, the predecessor's, and the empty one. */
const words: ReadonlyMap<string, Priority> = new Map([
  ...priorities.map((priority) => [priority, priority] as const),
  ['vf', Priority.VeryFast],
  ['f', Priority.Fast],
  ['s', Priority.Slow],
  ['', Priority.Slow],
]);

/** Undefined for an unknown word, which the SQL function lane_of_priority treats as slow. */
export function priorityOf(word: string): Priority | undefined {
  return words.get(plainWord(word));
}
