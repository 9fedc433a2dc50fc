import { type ParseArgsConfig, parseArgs } from 'node:util';
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
  const value = Number(text);
  if (/^[1-9]\d*$/.test(text) && value <= most) return value;
  throw new UsageError(`--${name}: expected a whole number from 1 to ${most}, got "${text}"`);
}
