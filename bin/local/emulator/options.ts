import * as z from 'zod';
import { wholeNumber } from '../../../functions/settings/schemas.ts';
import { readArguments } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';

/** The options of a run on an emulator of AWS. */
const schema = z.strictObject({
  /** Messages of the campaign. */
  messages: wholeNumber(1, 100_000).default(200),
  /** Whether the last line of stdout is one JSON object, and nothing else goes there. */
  json: z.boolean().default(false),
  /** Whether to stay up after the campaign, until Ctrl-C, instead of running the other checks. */
  keep: z.boolean().default(false),
  /** Where data and logs are kept; undefined for a folder that is removed at the end. */
  data: z.string().min(1).optional(),
});

export type LocalstackOptions = z.output<typeof schema>;

export const usage = `Usage:
  npm run localstack -- [--messages N] [--json] [--keep] [--data DIR]
      deploys the agent to an emulator of AWS, sends a campaign through it, checks it, and destroys it
Options:
  --messages N       messages of the campaign (default 200)
  --json             the last line of stdout is one JSON object
  --keep             stay up after the campaign, until Ctrl-C
  --data DIR         keeps database, accept log and logs there
Environment:
  AWS_ENDPOINT_URL   the emulator; without it MiniStack is installed (needs Python 3.10) and started
  DATABASE_URL       a PostgreSQL 16 or later to use instead of the embedded one`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = { messages: text, json: flag, keep: flag, data: text };

export function parseOptions(args: readonly string[]): LocalstackOptions {
  const values = readArguments(args, options);
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  const got = JSON.stringify(values[name as keyof typeof values]);
  throw new UsageError(`--${name}: ${issue?.message}, got ${got}`);
}
