import { UsageError } from './usage-error.ts';

/** With --json, stdout carries only the last line, and what people read goes to stderr. */
export function personsOutput({ json }: { readonly json: boolean }) {
  const out = json ? process.stderr : process.stdout;
  return { out, say: (line: string) => void out.write(`${line}\n`) };
}

/** Aborts on Ctrl-C, on SIGTERM, and when the terminal closes. */
export function stopSignal(): AbortSignal {
  // Whoever tries the agent need not see the SDK's notice that it will drop Node 20.
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

/** A UsageError is for whoever started the program: one line. Anything else is a defect and is printed with its stack. */
export function endWith(error: unknown): void {
  const text = error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = error instanceof UsageError ? error.exitCode : 1;
}
