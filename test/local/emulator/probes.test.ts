import { describe, expect, it } from 'vitest';
import { Probes } from '../../../bin/local/emulator/probes.ts';
import { useDatabase } from '../../support/database.ts';

const database = useDatabase();
const { signal } = new AbortController();
const newProbes = () => new Probes(database.current.pool, { signal, heldMs: 0 });

/** Changes each inserted row as the agent would: after the guard, which would undo it. */
async function playAgent(statement: string): Promise<void> {
  await database.current.pool.query(`
    create or replace function play_agent() returns trigger language plpgsql as $$ begin ${statement} return new; end $$;
    create or replace trigger zzz_play_agent before insert on msg_tran for each row execute function play_agent();`);
}

describe('probes', () => {
  it.each([
    ['waiting', ''],
    ['claimed', 'new.batch_id := 1;'],
  ] as const)('notice that rows stay %s', async (state, statement) => {
    await playAgent(statement);
    await newProbes().untilHeldAs(state, 1_000);
  });

  it.each([
    ['waiting', 'new.batch_id := 1;'],
    ['claimed', `new.msg_status := '2';`],
    ['claimed', ''],
  ] as const)('do not mistake rows for %s that are something else: %s', async (state, statement) => {
    await playAgent(statement);
    await expect(newProbes().untilHeldAs(state, 20)).rejects.toThrow(`expected rows to stay ${state}`);
  });

  it('report rows that are not archived', async () => {
    await playAgent('');
    await expect(newProbes().untilAllArchived(0)).rejects.toThrow('expected 3 rows to be archived');
  });
});
