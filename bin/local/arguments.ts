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
