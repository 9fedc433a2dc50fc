// Ends this process when the runner is gone, even by SIGKILL. The channel's end says so at once; a process that is busy in
// a loop of its own does not hear it, so a thread beside it looks every second whether its parent is still the runner.
import { Worker } from 'node:worker_threads';

const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 1_000)`;

process.on('disconnect', () => process.exit());
new Worker(watch, { eval: true }).unref();
