import * as z from 'zod';
import { wholeNumber } from '../../functions/settings/schemas.ts';
import { agentSettings } from '../../functions/settings/settings.ts';
import { readArguments } from './arguments.ts';
import { UsageError } from './usage-error.ts';

/** What a person can ask of the local runner, on its command line. */
export interface LocalOptions {
  readonly command: 'demo' | 'up';
  /** Messages of the demo campaign. */
  readonly messages: number;
  /** Messages a second; 0 is no limit. Undefined leaves the app's own default. */
  readonly rate: number | undefined;
  /** Whether the last line of stdout is one JSON object, and nothing else goes there. */
  readonly json: boolean;
  /** Where data is kept; undefined for a folder that is removed at the end. */
  readonly data: string | undefined;
  /** Decides the campaign and every fate that the simulator plays. */
  readonly seed: number;
  /** 0 is a free one. */
  readonly ports: {
    readonly database: number;
    readonly dataApi: number;
    readonly queue: number;
    readonly gateway: number;
  };
}

const port = wholeNumber(0, 65_535).default(0);

const schema = z.strictObject({
  messages: wholeNumber(1, 1_000_000).default(1_000),
  rate: agentSettings.shape.messagesPerSecond.unwrap().optional(),
  json: z.boolean().default(false),
  data: z.string().min(1).optional(),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(1),
  'database-port': port,
  'data-api-port': port,
  'queue-port': port,
  'gateway-port': port,
});

export const usage = `Usage:
  npm start -- [--messages N] [--rate N] [--json]   sends a demo campaign through the whole journey, then ends
  npm run local -- [--data DIR] [--rate N]          starts the agent and stays up
Options of both:
  --rate N           messages a second, 0 for no limit
  --data DIR         keeps database and accept log there; without it they are removed at the end
  --seed N           another seed, other fates (default 1)
  --database-port N  and --data-api-port, --queue-port, --gateway-port: fixed ports instead of free ones
Environment:
  DATABASE_URL       a PostgreSQL 16 or later to use instead of the embedded one`;

const text = { type: 'string' } as const;
const options = {
  messages: text,
  rate: text,
  json: { type: 'boolean' },
  data: text,
  seed: text,
  'database-port': text,
  'data-api-port': text,
  'queue-port': text,
  'gateway-port': text,
} as const;

/** Throws a UsageError whose one line names the option, what was expected and what came. */
export function parseOptions(argv: readonly string[]): LocalOptions {
  const [command, ...rest] = argv;
  if (command !== 'demo' && command !== 'up') throw new UsageError(`expected demo or up, got ${command ?? 'nothing'}`);
  const values = readArguments(rest, options);
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0] ?? '');
    throw new UsageError(`--${name}: ${issue?.message}, got ${JSON.stringify(values[name as keyof typeof values])}`);
  }
  const settings = parsed.data;
  return {
    command,
    messages: settings.messages,
    rate: settings.rate,
    json: settings.json,
    data: settings.data,
    seed: settings.seed,
    ports: {
      database: settings['database-port'],
      dataApi: settings['data-api-port'],
      queue: settings['queue-port'],
      gateway: settings['gateway-port'],
    },
  };
}
