-- The latest that a collector has seen the database's clock: if the clock reads less, it has stepped back.
alter table agent add column if not exists seen_at timestamptz;
