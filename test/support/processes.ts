/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Sends SIGKILL to each. Some may end on their own meanwhile, for example with their parent. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (isAlive(pid)) throw error;
    }
  }
}
