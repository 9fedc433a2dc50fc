import { prepareEmulatedAgent } from './local/emulator/emulated-agent.ts';
import { openEmulator } from './local/emulator/emulator.ts';
import { installMiniStack, startMiniStack } from './local/emulator/ministack.ts';
import { parseOptions, usage } from './local/emulator/options.ts';
import { deployAndCheck } from './local/emulator/run.ts';
import { endWith, personsOutput, stopSignal } from './local/program.ts';
import { startInSteps, startSurroundings } from './local/surroundings.ts';

/** The agent on an emulator of AWS: deploys it, sends a campaign through it, checks what can be paused, destroys it. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  const { out, say } = personsOutput(options);
  const signal = stopSignal();
  const given = process.env['AWS_ENDPOINT_URL'];
  if (!given) await installMiniStack(say);
  const run = await startInSteps(async (onStop) => {
    const emulator = given ? await openEmulator(given) : undefined;
    const surroundings = await startSurroundings(
      { data: options.data, databasePort: 0, makesTables: false },
      say,
      onStop,
    );
    const found = emulator ?? (await openEmulator(await startMiniStack(surroundings.dataDir, onStop)));
    say(`${found.name} answers at ${found.endpoint}.`);
    const agent = await prepareEmulatedAgent({ emulator: found, surroundings, say, onStop, signal });
    return { emulator: found, agent };
  }, say);
  try {
    await deployAndCheck(run, options, { out, say, signal });
  } finally {
    await run.stop();
  }
}

main().catch(endWith);
