// Reads the last line of `npm start -- --json` from stdin; fails if a campaign of 5,000 at 1,000 a second cost more calls
// per 1,000 messages than the agent promises.
import { readFileSync } from 'node:fs';

const promised = { dataApi: 30, sqs: 13, gateway: 8 };
const result = JSON.parse(readFileSync(0, 'utf8').trim().split('\n').at(-1));
console.log(JSON.stringify(result));
for (const [service, most] of Object.entries(promised)) {
  const per1000 = (result.calls[service] * 1000) / result.inserted;
  if (per1000 > most) {
    console.error(`${service}: expected at most ${most} calls per 1,000 messages, got ${per1000.toFixed(1)}`);
    process.exitCode = 1;
  }
}
