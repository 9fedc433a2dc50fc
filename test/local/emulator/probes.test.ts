import { describe, expect, it } from 'vitest';
import { Probes } from '../../../bin/local/emulator/probes.ts';
import { useDatabase } from '../../support/database.ts';

const database = useDatabase();
const { signal } = new AbortController();
const patient = () => new Probes(database.current.pool, { signal, heldMs: 0 });

/** Plays what the agent does to each row as soon as it is inserted: after the guard, which would undo it. */
async function playAgent(statement: string): Promise<void> {
  await database.current.pool.query(`
    create or replace function play_agent() returns trigger language plpgsql as $$ begin ${statement} return new; end $$;
    create or replace trigger zzz_play_agent before insert on msg_tran for each row execute function play_agent();`);
}

describe('probes', () => {
  it.each([
    ['waiting', ''],
    ['claimed', 'new.batch_id := 1;'],
  ] as const)('find that rows stay %s', async (state, statement) => {
    await playAgent(statement);
    await patient().untilHeldAs(state, 1_000);
  });

  it.each([
    ['waiting', 'new.batch_id := 1;'],
    ['claimed', `new.msg_status := '2';`],
    ['claimed', ''],
  ] as const)('do not take for %s rows that are something else: %s', async (state, statement) => {
    await playAgent(statement);
    await expect(patient().untilHeldAs(state, 20)).rejects.toThrow(`expected rows to stay ${state}`);
  });

  it('miss rows that are not archived', async () => {
    await playAgent('');
    await expect(patient().untilAllArchived(0)).rejects.toThrow('expected 3 rows to be archived');
  });
});
