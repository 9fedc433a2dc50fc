/** Never steps back: what a process measures durations and deadlines by. */
export const steadyClock = {
  now: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
};
