import { UsageError } from './usage-error.ts';

/** With --json stdout belongs to the last line; people's lines go to stderr. */
export function personsOutput({ json }: { readonly json: boolean }) {
  const out = json ? process.stderr : process.stdout;
  return { out, say: (line: string) => void out.write(`${line}\n`) };
}

/** Aborts when a person, or the terminal's end, asks the program to stop. */
export function stopSignal(): AbortSignal {
  // The SDK's notice that it will leave Node 20 is not for the person who tries the agent.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  return stop.signal;
}

export async function untilStopped(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    // Keeps the process alive: a promise alone does not.
    const keepAlive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => resolve(clearInterval(keepAlive)), { once: true });
    if (signal.aborted) resolve(clearInterval(keepAlive));
  });
}

/** Whoever started it must act on a UsageError: one line. Anything else is a defect: where it was is told too. */
export function endWith(error: unknown): void {
  const text = error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = error instanceof UsageError ? error.exitCode : 1;
}
