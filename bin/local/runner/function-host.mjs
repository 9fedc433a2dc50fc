// One execution environment of a function, as in Lambda: loads the bundle once, then handles one event at a time. Plain
// JavaScript: the process holds the function's own environment and nothing else, so there is no loader either.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import './ends-with-runner.mjs';

const [assetDir, handlerName] = process.argv.slice(2);
const [file, exported] = handlerName.split('.');

const respond = (message) => process.send(message);
const textOf = (error) => (error instanceof Error ? error.message : String(error));

try {
  const { [exported]: handler } = await import(pathToFileURL(join(assetDir, `${file}.mjs`)).href);
  process.on('message', async ({ event, context }) => {
    const deadline = Date.now() + context.timeoutMs;
    try {
      const result = await handler(event, { ...context, getRemainingTimeInMillis: () => deadline - Date.now() });
      respond({ type: 'result', result });
    } catch (error) {
      console.error(error);
      respond({ type: 'failed', message: textOf(error) });
    }
  });
  respond({ type: 'ready' });
} catch (error) {
  console.error(error);
  respond({ type: 'unusable', message: textOf(error) });
  process.disconnect();
}
