import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { readArguments, whole } from '../../../bin/local/arguments.ts';
import { endWith, personsOutput, stopSignal } from '../../../bin/local/program.ts';
import { UsageError } from '../../../bin/local/usage-error.ts';

import { mostSeeds } from '../options.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const usage = `Usage:
  npm run simulate:mutants -- [--seeds N] [--only TEXT]... [--json]
      takes one guard away at a time, in a copy of the source, and looks whether the simulation notices
Options:
  --seeds N     seeds for each, at most (default 2000)
  --only TEXT   only guards whose name has it, or one of several given`;

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Ends the current simulation, so that its copy of the source is removed. */
const stop = stopSignal();
const copied = ['bin', 'docs', 'functions', 'proto', 'sql', 'test/simulation', 'package.json', 'tsconfig.json'];

interface Outcome {
  readonly name: string;
  readonly isCaught: boolean;
  /** The first violation, of whatever invariant; undefined if there was none. */
  readonly violation: string | undefined;
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  const { say } = personsOutput(options);
  const outcomes: Outcome[] = [];
  for (const mutant of chosen(options.only)) {
    const outcome = await tryMutant(mutant, options.seeds);
    outcomes.push(outcome);
    say(`${outcome.isCaught ? 'caught  ' : 'SURVIVED'}  ${mutant.name}\n          ${outcome.violation ?? ''}`);
  }
  const survivors = outcomes.filter(({ isCaught }) => !isCaught).map(({ name }) => name);
  const caught = outcomes.length - survivors.length;
  say(`${caught} of ${outcomes.length} mutants caught.`);
  if (options.json) process.stdout.write(`${JSON.stringify({ mutants: outcomes.length, caught, survivors })}\n`);
  if (survivors.length > 0) process.exitCode = 1;
}

function parseOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    seeds: text,
    only: { ...text, multiple: true },
    json: { type: 'boolean', default: false },
  } as const;
  const { seeds = '2000', only = [''], json } = readArguments(args, options);
  return { seeds: whole('seeds', seeds, mostSeeds), only, json };
}

/** Throws if a text is in no name: otherwise a renamed guard would go untested. */
function chosen(texts: readonly string[]): Mutant[] {
  const unknown = texts.find((text) => !mutants.some(({ name }) => name.includes(text)));
  if (unknown !== undefined) throw new UsageError(`--only: expected a part of a guard's name, got "${unknown}"`);
  return mutants.filter(({ name }) => texts.some((text) => name.includes(text)));
}

/** Runs the simulation of the changed copy until its first violation. */
async function tryMutant(mutant: Mutant, seeds: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'omni-mutant-'));
  try {
    for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    patch(join(folder, mutant.file), mutant);
    if (mutant.file.startsWith('sql/')) await run(folder, ['bin/tools/generate.ts', '--sql']);
    const violated = await simulate(folder, seeds);
    const isCaught = mutant.breaks.some((invariant) => invariant === violated?.invariant);
    return { name: mutant.name, isCaught, violation: violated && `seed ${violated.seed}: ${violated.violation}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws if the mutant does not find its guard: then it must follow the code. */
function patch(file: string, { name, and, breaks: _, ...first }: Mutant): void {
  let source = readFileSync(file, 'utf8');
  for (const { find, replace, times = 1 } of [first, ...(and === undefined ? [] : [{ ...and, times: 1 }])]) {
    const found = source.split(find).length - 1;
    if (found !== times) throw new UsageError(`${name}: expected its text ${times} times in ${file}, got ${found}`);
    source = source.replaceAll(find, replace);
  }
  writeFileSync(file, source);
}

const report = z.object({
  violated: z.array(z.object({ seed: z.int(), invariant: z.string().optional(), violation: z.string() })),
});

async function simulate(folder: string, seeds: number) {
  const said = await run(folder, [
    'test/simulation/simulate.ts',
    '--seeds',
    String(seeds),
    '--until-violation',
    '--json',
  ]);
  const [first] = report.parse(JSON.parse(said.trim().split('\n').at(-1) ?? '')).violated;
  return first;
}

async function run(folder: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stop,
  });
  const [said, complained, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  // The simulation itself ends with 1 when it finds a violation.
  if (said === '' || code > 1) throw new Error(`${args.join(' ')} ended with ${code}: ${complained}`);
  return said;
}

main().catch(endWith);
