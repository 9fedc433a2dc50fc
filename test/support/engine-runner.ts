import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../bin/local/runner/engine.ts';
import { readAssembly } from '../../bin/local/runner/template.ts';
import { startStandIn } from '../../bin/local/stand-in.ts';

/** A miniature runner: starts the queue and the engine on the given assembly and prints the ids of its processes. */
const [dir = ''] = process.argv.slice(2);
const queue = await startStandIn({
  name: 'queue',
  file: fileURLToPath(new URL('../../bin/local/queue/main.ts', import.meta.url)),
  options: { port: 0 },
});
const engine = await startEngine({
  plan: readAssembly(dir, { queueUrl: queue.url }),
  endpoints: { sqs: queue.url, rdsData: queue.url, secretsManager: queue.url },
  logDir: join(dir, 'logs'),
  onProblem: (line) => process.stderr.write(`${line}\n`),
});
const pids = [queue.pid(), ...engine.processes().map(({ pid }) => pid)];
process.stdout.write(`${JSON.stringify(pids)}\n`);
