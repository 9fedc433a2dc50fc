import { type ParseArgsConfig, parseArgs } from 'node:util';
import { wholeNumber } from '../../functions/settings/schemas.ts';
import { UsageError } from './usage-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Reads a command line, typed like Node's `parseArgs`; throws a one-line UsageError if it is wrong. */
export function readArguments<T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs<{ args: string[]; options: T }>({ args: [...args], options }).values;
  } catch (error) {
    const [problem] = (error instanceof Error ? error.message : String(error)).split(/\.\s/);
    throw new UsageError(`${problem}; --help says more`);
  }
}

/** An option's value as a whole number from 1 to `most`, by default the largest safe integer. */
export function whole(name: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const parsed = wholeNumber(1, most).safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--${name}: ${parsed.error.issues[0]?.message}, got "${text}"`);
}
