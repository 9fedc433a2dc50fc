import { expect, it } from 'vitest';
import {
  type MigrateSettings,
  migrate,
  type SchemaState,
  type SchemaStore,
} from '../../functions/maintenance/create-tables.ts';

const complete: SchemaState = { lacks: [], version: 2, months: [], originals: [], adopting: [], zone: 'Asia/Seoul' };
const settings: MigrateSettings = { manageSchema: 'auto', version: 2, timeZone: 'Asia/Seoul', budgetMs: 60_000 };

/** A database in this state, that becomes complete by what is done to it; time passes only in pauses. */
function databaseIn(state: Partial<SchemaState>, errors: Error[] = []) {
  let current = { ...complete, ...state };
  const done: string[] = [];
  let nowMs = 0;
  const act = (what: string, change: (now: SchemaState) => Partial<SchemaState>) => {
    done.push(what);
    current = { ...current, ...change(current) };
  };
  const store: SchemaStore = {
    async readState() {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return current;
    },
    apply: async (after) =>
      act(`apply after ${after}`, ({ lacks }) => ({ version: 2, lacks: lacks.filter(({ kind }) => kind === 'index') })),
    buildIndex: async (name) =>
      act(`build ${name}`, ({ lacks }) => ({ lacks: lacks.filter((one) => one.name !== name) })),
    adoptNext: async () => null,
    createMonth: async (day) => act(`create ${day}`, () => ({ months: [] })),
    setZone: async (zone) => act(`set ${zone}`, () => ({ zone })),
    isPassing: (error) => error instanceof Error && error.message === 'passing',
  };
  const clock = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  return { ports: { store, clock }, done, elapsedMs: () => nowMs };
}

const lack = (kind: string, name: string, state: 'missing' | 'invalid' | 'disabled' = 'missing') => ({
  ...{ kind, name, state },
  table: null,
});

it('leaves a complete database alone', async () => {
  const { ports, done } = databaseIn({});
  expect(await migrate(ports, settings)).toMatchObject({ outcome: 'complete', created: [], missing: [] });
  expect(done).toEqual([]);
});

it('runs only the later migrations, and says what it has created', async () => {
  const { ports, done } = databaseIn({ version: 1 });
  expect(await migrate(ports, settings)).toMatchObject({ outcome: 'complete', versions: { before: 1, after: 2 } });
  expect(done).toEqual(['apply after 1']);
});

it('runs all migrations again where something is missing, and builds indexes apart', async () => {
  const lacks = [lack('table', 'msg_report'), lack('index', 'msg_report_once'), lack('index', 'old', 'invalid')];
  const { ports, done } = databaseIn({ lacks, months: ['2026-12-01'], zone: 'UTC' });
  const tally = await migrate(ports, settings);
  expect(done).toEqual(['apply after 0', 'build msg_report_once', 'build old', 'set Asia/Seoul', 'create 2026-12-01']);
  expect(tally).toMatchObject({
    created: ['table msg_report', 'index msg_report_once', 'index old (invalid)', 'log table of 2026-12'],
    zone: { wanted: 'Asia/Seoul', found: 'Asia/Seoul', differs: false },
  });
});

it('repairs an index without touching a table', async () => {
  const { ports, done } = databaseIn({ lacks: [lack('index', 'msg_report_once')] });
  await migrate(ports, settings);
  expect(done).toEqual(['build msg_report_once']);
});

it('does nothing to a database of a later version, and says so', async () => {
  const { ports, done } = databaseIn({ version: 3, lacks: [lack('function', 'gone')], zone: 'UTC' });
  expect(await migrate(ports, settings)).toMatchObject({ outcome: 'newer', problem: undefined });
  expect(done).toEqual([]);
});

it('only looks where a script makes the changes, and names what is missing in one line', async () => {
  const { ports, done } = databaseIn({ version: 1, lacks: [lack('table', 'set_aside')], months: ['2026-12-01'] });
  const tally = await migrate(ports, { ...settings, manageSchema: 'script' });
  expect(tally).toMatchObject({ outcome: 'incomplete', missing: ['table set_aside'] });
  expect(tally.problem).toBe(
    'the database lacks table set_aside; manageSchema is script: run what `omni-agent schema` prints, as the master user',
  );
  expect(done).toEqual([]);
});

it('tells a zone that only somebody else may set', async () => {
  const { ports } = databaseIn({ zone: 'UTC' });
  const store = { ...ports.store, setZone: async () => undefined };
  const { outcome, zone } = await migrate({ ...ports, store }, settings);
  expect({ outcome, zone }).toEqual({
    outcome: 'complete',
    zone: { wanted: 'Asia/Seoul', found: 'UTC', differs: true },
  });
});

it('waits for a database that does not answer yet, as long as its budget lasts', async () => {
  const passing = Array.from({ length: 4 }, () => new Error('passing'));
  const { ports, elapsedMs } = databaseIn({}, passing);
  expect(await migrate(ports, settings)).toMatchObject({ outcome: 'complete' });
  expect(elapsedMs()).toBe(7_500);

  const never = databaseIn(
    {},
    Array.from({ length: 100 }, () => new Error('passing')),
  );
  await expect(migrate(never.ports, settings)).rejects.toThrow('passing');
  expect(never.elapsedMs()).toBeLessThanOrEqual(60_000);
});

it('does not repeat what will not succeed', async () => {
  const { ports, elapsedMs } = databaseIn({}, [new Error('permission denied')]);
  await expect(migrate(ports, settings)).rejects.toThrow('permission denied');
  expect(elapsedMs()).toBe(0);
});
