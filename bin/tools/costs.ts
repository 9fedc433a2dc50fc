/** What an agent costs a month: `node --import tsx bin/tools/costs.ts [messages a month]`. */
import { billOf, totalOf } from './costs/bill.ts';
import { inventoryOf, scenariosOf } from './costs/scenarios.ts';

const messages = Number(process.argv[2] ?? 0);
if (!Number.isFinite(messages) || messages < 0) {
  console.error(`expected a number of messages a month, got ${process.argv[2]}`);
  process.exit(1);
}
for (const { what, inventory } of Object.values(scenariosOf(inventoryOf()))) {
  const bill = billOf(inventory, messages);
  console.log(`${what}: ${totalOf(bill).toFixed(2)}`);
  console.table(Object.fromEntries(bill.map(({ item, usd }) => [item, usd.toFixed(2)])));
}
