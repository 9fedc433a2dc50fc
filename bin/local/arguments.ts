import { type ParseArgsConfig, parseArgs } from 'node:util';
import { wholeNumber } from '../../functions/settings/schemas.ts';
import { UsageError } from './usage-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The options of a command line, as `parseArgs` of Node types them; what is wrong with it is a UsageError of one line. */
export function readArguments<T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs<{ args: string[]; options: T }>({ args: [...args], options }).values;
  } catch (error) {
    const [problem] = (error instanceof Error ? error.message : String(error)).split(/\.\s/);
    throw new UsageError(`${problem}; --help says more`);
  }
}

/** An option's value: from 1 to the largest number that every next one differs from. */
export function whole(name: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const parsed = wholeNumber(1, most).safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--${name}: ${parsed.error.issues[0]?.message}, got "${text}"`);
}
