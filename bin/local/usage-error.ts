/** Whoever started the runner must act: its message is one line, and all that is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
