import { expect, it, onTestFinished } from 'vitest';
import { doctorStore } from '../../functions/database/doctor-store.ts';
import { lastVersion } from '../../functions/database/schema-store.ts';
import { rolesOf } from '../../functions/settings/roles.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const store = () => doctorStore(database.current.agent, rolesOf('omni'));

it('reads a sound installation as the agent’s role', async () => {
  expect(await store().readLacks()).toEqual([]);
  expect(await store().readInstallation()).toMatchObject({
    login: 'omni_agent',
    hasAgent: true,
    isMember: true,
    otherZones: null,
    schemaVersion: lastVersion,
    monthsMissing: [],
  });
});

it('sees a guard that does not fire always', async () => {
  const { master } = database.current;
  await master.query('alter table msg_tran enable trigger zz_omni_guard_insert');
  onTestFinished(
    async () => void (await master.query('alter table msg_tran enable always trigger zz_omni_guard_insert')),
  );
  expect(await store().readLacks()).toMatchObject([
    { name: 'zz_omni_guard_insert', table: 'msg_tran', state: 'disabled' },
  ]);
});

it('sees a role of a customer’s own whose sessions start in another zone, here or in any database', async () => {
  const { master, name } = database.current;
  // Roles belong to the whole server: of this process, and gone at the end.
  const role = `app_of_${name}`;
  await master.query(`create role ${role} login`);
  onTestFinished(async () => void (await master.query(`drop role ${role}`)));
  await master.query(`grant omni_user to ${role}`);
  const otherZones = async () => (await store().readInstallation()).otherZones;
  expect(await otherZones()).toBeNull();
  await master.query(`alter role ${role} set timezone = 'UTC'`);
  expect(await otherZones()).toBe(`${role} is UTC`);
  await master.query(`alter role ${role} in database ${name} set timezone = 'Asia/Seoul'`);
  expect(await otherZones(), 'that of this database wins').toBeNull();
});
