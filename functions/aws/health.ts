import { createServer } from 'node:http';

export interface Health {
  /** The loop has turned once more. */
  turned(): void;
  close(): void;
}

export interface HealthOptions {
  /** On this machine alone; 0 is any that is free. */
  readonly port: number;
  /** The longest that a turn of the loop may take. */
  readonly silenceMs: number;
  readonly clock: { now(): number };
  readonly onProblem: (error: Error) => void;
}

/** Answers whoever asks on this machine whether a loop still turns: 200, or 503 after too long a silence. */
export function answerHealth({ port, silenceMs, clock, onProblem }: HealthOptions): Health {
  let turnedAt = clock.now();
  const server = createServer((_, response) => {
    const silentMs = clock.now() - turnedAt;
    response.writeHead(silentMs < silenceMs ? 200 : 503, { connection: 'close' });
    response.end(`last turn ${Math.round(silentMs / 1000)} s ago\n`);
  });
  // Without an answer the check fails, and whoever makes it starts another process in place of this one.
  server.on('error', onProblem);
  server.listen(port, '127.0.0.1');
  // To be asked is no reason to live on.
  server.unref();
  return {
    turned: () => {
      turnedAt = clock.now();
    },
    close: () => server.close(),
  };
}
