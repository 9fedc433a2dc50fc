import { plainWord } from './blank.ts';

/** The lanes, most urgent first: each has a queue of its own and a share of the sending. */
export const Priority = { VeryFast: 'veryfast', Fast: 'fast', Slow: 'slow' } as const;

export type Priority = (typeof Priority)[keyof typeof Priority];

export const priorities: readonly Priority[] = [Priority.VeryFast, Priority.Fast, Priority.Slow];

/** The column's words: ours, the predecessor's, and none. */
const words: ReadonlyMap<string, Priority> = new Map([
  ...priorities.map((priority) => [priority, priority] as const),
  ['vf', Priority.VeryFast],
  ['f', Priority.Fast],
  ['s', Priority.Slow],
  ['', Priority.Slow],
]);

/** Undefined for an unknown word, which the tables' lane_of_priority takes for slow. */
export function priorityOf(word: string): Priority | undefined {
  return words.get(plainWord(word));
}
