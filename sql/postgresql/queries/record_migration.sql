-- Records that a database has had a migration.
--
-- Index: primary key. Locks: none that others wait for. Parameters: version, name. No rows.
insert into schema_migration (version, name) values (:version::int, :name) on conflict do nothing
