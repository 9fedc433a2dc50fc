// Ends this process when the runner is gone, even by SIGKILL. The IPC channel's end says so at once. A process stuck in a
// busy loop does not notice it, so a worker thread checks every second whether the parent is still the runner.
import { Worker } from 'node:worker_threads';

const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 1_000)`;

process.on('disconnect', () => process.exit());
new Worker(watch, { eval: true }).unref();
