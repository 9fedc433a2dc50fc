import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions, usage } from './chaos/options.ts';
import { type ChaosResult, runChaos } from './chaos/run.ts';
import { Scene } from './chaos/scene.ts';
import { endWith, personsOutput, stopSignal } from './local/program.ts';

/** Real processes under load, killed, halted and restarted; at the end nothing may be lost or sent twice. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  const { say } = personsOutput(options);
  const signal = stopSignal();
  const dataDir = options.data ?? mkdtempSync(join(tmpdir(), 'omni-chaos-'));
  const scene = new Scene({ dataDir, seed: options.seed, say });
  try {
    await scene.start();
    const result = await runChaos(scene, { ...options, say, signal, dataDir });
    say(summaryOf(result));
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (result.duplicates + result.lost + result.inDoubt > 0) process.exitCode = 1;
  } finally {
    await scene.stop();
    if (options.data === undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

function summaryOf({ inserted, lost, duplicates, inDoubt, longestRecoverySeconds, faults }: ChaosResult): string {
  const lines = Object.entries(faults).map(([name, count]) => `  ${name.padEnd(40)} ${String(count).padStart(4)}`);
  return [
    '',
    ...lines,
    '',
    `${inserted.toLocaleString('en')} messages: ${lost} lost, ${duplicates} sent twice, ${inDoubt} batches in doubt.`,
    `The longest recovery took ${longestRecoverySeconds} s.`,
  ].join('\n');
}

main().catch(endWith);
