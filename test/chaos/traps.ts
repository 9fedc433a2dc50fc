import type { Scene } from './scene.ts';

/** A database that may fail at any time; what fails is done again. */
export type Database = Pick<Scene, 'query' | 'usingPool' | 'administer'>;

/** In etc_text_1: marks the meddler's rows. */
export const isHis = `coalesce(etc_text_1, '') like 'meddled %'`;

/** Numbers that nobody else has, in two spellings: one is always banned, the other now and then. */
export const bannedNumber = { row: '+82 10 0999 9998', ban: '010-0999-9998' } as const;
export const lentNumber = { row: '01009999997', ban: '0082 10.0999.9997' } as const;

/** What the meddler first adds to the tables, as customers do: a column, a trigger, a foreign key. May be repeated. */
const addColumn = 'alter table msg_tran add column if not exists order_no text';
const traps = [
  'create table if not exists notice (msg bigint references msg_tran)',
  // It objects to every write of a row with one of these words, the meddler's own too, until the word is removed.
  `create or replace function mind_row() returns trigger language plpgsql as $$
   begin
     if tg_op = 'UPDATE' and new.etc_text_2 is distinct from old.etc_text_2 then return new; end if;
     if old.etc_text_2 = 'raise' then raise exception 'not this row: %', old.client_key; end if;
     return null;
   end $$`,
  `create or replace trigger mind_row before update or delete on msg_tran for each row
     when (old.etc_text_2 in ('raise', 'skip')) execute function mind_row()`,
  `insert into msg_banlist (ban_seq, ban_type, ban_text) values (-1, 'r', '${bannedNumber.ban}') on conflict do nothing`,
];

/** Afterwards nothing that the meddler left keeps a row from being sent and archived. */
const dropTrigger = 'drop trigger if exists mind_row on msg_tran';
const mending = [
  `update msg_tran set etc_text_2 = null where etc_text_2 in ('raise', 'skip')`,
  // The table stays: dropping it might deadlock with an archive that reads it.
  'delete from notice',
  `delete from msg_banlist where ban_text = '${lentNumber.ban}'`,
  `update msg_tran set msg_status = '1' where ${isHis} and msg_status not in ('1', '2', '3')`,
  `update msg_tran set request_date = localtimestamp where ${isHis} and request_date > localtimestamp`,
];

export async function setTraps(database: Database): Promise<void> {
  await database.administer(addColumn);
  for (const statement of traps) await database.query(statement);
}

export async function mendEverything(database: Database): Promise<void> {
  await database.administer(dropTrigger);
  for (const statement of mending) await database.query(statement);
}
