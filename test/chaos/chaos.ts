import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWith, personsOutput, stopSignal } from '../../bin/local/program.ts';
import { UsageError } from '../../bin/local/usage-error.ts';
import { type ChaosResult, failuresOf } from './accounting.ts';
import { parseOptions, usage } from './options.ts';
import { runChaos } from './run.ts';
import { Scene } from './scene.ts';

/** Real processes under load, killed, frozen and restarted while a customer meddles: nothing may be lost or sent twice. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  if (process.env['DATABASE_URL']) {
    throw new UsageError('DATABASE_URL: expected none, because a database of our own is killed and restarted');
  }
  const { say } = personsOutput(options);
  const signal = stopSignal();
  const dataDir = options.data ?? mkdtempSync(join(tmpdir(), 'omni-chaos-'));
  let succeeded = false;
  const scene = new Scene({ dataDir, seed: options.seed, say });
  try {
    await scene.start();
    const result = await runChaos(scene, { ...options, say, signal });
    say(summaryOf(result));
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (failuresOf(result).length === 0) succeeded = true;
  } finally {
    await scene.stop();
    if (!succeeded) {
      process.exitCode = 1;
      say(`What is left of it is in ${dataDir}`);
    } else if (options.data === undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

function summaryOf(result: ChaosResult): string {
  const { kills, faults, inserted, lost, duplicates, inDoubt, longestRecoverySeconds, meddling } = result;
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `  ${name.padEnd(42)} ${String(count).padStart(5)}`);
  return [
    '\nFaults:',
    ...table(faults),
    '\nProcesses killed at work:',
    ...table(kills),
    ...(meddling === null ? [] : ['\nWhat a customer did to rows of his own:', ...table(meddling.habits)]),
    '',
    `${inserted.toLocaleString('en')} messages: ${lost} lost, ${duplicates} sent twice, ${inDoubt} batches in doubt.`,
    `The longest recovery took ${longestRecoverySeconds} s.`,
    `${result.undisturbed.toLocaleString('en')} messages met no fault; the longest took ${result.latestSeconds} s.`,
    ...(meddling === null
      ? []
      : [`${meddling.rows} messages more were the customer's: ${meddling.wrong.length} ended wrong.`]),
    ...failuresOf(result).map((failure) => `FAILED: ${failure}`),
  ].join('\n');
}

main().catch(endWith);
