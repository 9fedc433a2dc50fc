// Runs the receiver's bundle as its container would, and ends it when the runner is gone.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import './ends-with-runner.mjs';

// The channel alone must not keep the process alive once the receiver has drained.
process.channel.unref();

await import(pathToFileURL(join(process.argv[2], 'index.mjs')).href);
