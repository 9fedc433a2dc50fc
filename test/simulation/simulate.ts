import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWith, personsOutput } from '../../bin/local/program.ts';
import { parseOptions, type SimulateOptions, usage } from './options.ts';
import { formatReport, reportOf } from './report.ts';
import type { SeedResult } from './run-seed.ts';
import type { Work, WorkerMessage } from './worker.ts';

/** The whole agent in simulated time, under faults, for many seeds; the invariants are checked after every step. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  const { say } = personsOutput(options);
  const begun = performance.now();
  const results = await runAll(options, say);
  const report = reportOf(results, (performance.now() - begun) / 1000);
  say(formatReport(report));
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.violations > 0 || report.unseen.length > 0) process.exitCode = 1;
}

async function runAll(options: SimulateOptions, say: (line: string) => void): Promise<SeedResult[]> {
  const { seeds, jobs, tracesLines, untilViolation } = options;
  const results: SeedResult[] = [];
  const workers = Array.from({ length: jobs }, (_, job) => {
    const own = seeds.filter((_seed, index) => index % jobs === job);
    return startWorker({ seeds: own, tracesLines }, (message) => {
      if (message.type === 'line') say(message.line);
      if (message.type !== 'result') return;
      const { seed, violation } = message.result;
      results.push(message.result);
      if (violation !== undefined) say(`seed ${seed}: ${violation}`);
      if (violation !== undefined && untilViolation) for (const worker of workers) worker.stop();
      else if (results.length % 100 === 0) say(`${results.length} of ${seeds.length} seeds`);
    });
  });
  await Promise.all(workers.map(({ ended }) => ended));
  return results;
}

const workerFile = fileURLToPath(new URL('./worker.ts', import.meta.url));

function startWorker(work: Work, onMessage: (message: WorkerMessage) => void) {
  const child = fork(workerFile, ['worker'], { execArgv: ['--import', 'tsx'] });
  let isDone = false;
  let isStopped = false;
  child.on('message', (message: WorkerMessage) => {
    isDone ||= message.type === 'done';
    onMessage(message);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', (code, signal) => {
      if (isDone || isStopped) resolve();
      else reject(new Error(`A worker of the simulation ended (${signal ?? code})`));
    });
  });
  child.send(work);
  const stop = () => {
    isStopped = true;
    if (child.connected) child.disconnect();
  };
  return { ended, stop };
}

main().catch(endWith);
