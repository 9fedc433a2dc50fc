-- The agent's own tables. None of them grows: a batch is deleted when it is settled, and an entry of set_aside when its row is
-- written.

-- One row: the name of this installation, and the collectors' turn.
create table if not exists agent (
  id           int primary key check (id = 1),
  installation text not null,            -- first part of our references at the gateway: two databases may share an account
  claim_turn   bigint not null default 0, -- a claim whose snapshot has an older turn leaves the rows to others
  claim_time   float8 not null default 0  -- virtual time of the fair shares: start of the last batch served
) with (fillfactor = 10);
insert into agent (id, installation) values (1, substr(md5(gen_random_uuid()::text), 1, 8)) on conflict do nothing;

-- The lanes, with their shares and the virtual time up to which each has been served.
create table if not exists send_lane (
  lane     int primary key,
  weight   int not null,
  had_until float8 not null default 0
) with (fillfactor = 10);
insert into send_lane (lane, weight) values (0, 10), (1, 3), (2, 1) on conflict do nothing;

-- Messages claimed together, sent in one gateway call under one key. Gone when settled.
create sequence if not exists sq_send_batch;
create table if not exists send_batch (
  id              bigint not null default nextval('sq_send_batch') primary key,
  idempotency_key uuid not null default gen_random_uuid(),
  lane            int not null,
  members         bigint[] not null,     -- client_keys; each row names the batch too
  message_count   int not null,
  state           text not null default 'claimed' check (state in ('claimed', 'sealed')),
  request_hash    text,                  -- of the sealed request: a call is repeated only with the same request
  attempts        int not null default 0, -- leases that led to a call
  lease_token     uuid,
  lease_until     timestamptz not null default '-infinity',
  not_before      timestamptz not null default '-infinity',
  wake_at         timestamptz not null,  -- when the sweep queues it again: never queued, record lost, lease over, not_before reached
  requeues        int not null default 0, -- by the sweep, without slots that were too far: the back-off doubles with them
  created_at      timestamptz not null,
  sealed_at       timestamptz,
  refused_at      timestamptz,           -- when the gateway last refused a request with these members as a whole
  refused_alone   boolean not null default false, -- that request had this one member
  others_answered boolean not null default false -- since then it has accepted other messages: the fault is in these
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200);
alter table send_batch
  add column if not exists refused_at timestamptz, add column if not exists refused_alone boolean not null default false,
  add column if not exists others_answered boolean not null default false;
create index if not exists send_batch_wake_at on send_batch (wake_at);
-- Makes state a key column: a repeatable-read transaction that still sees the batch as claimed cannot lock it FOR KEY SHARE once
-- it is sealed. See is_sealed.
create unique index if not exists send_batch_state on send_batch (id, state);

-- Rows that a step could not write, because a customer's trigger or foreign key makes it fail or somebody holds them. The step
-- skips them so that all others go on. Mostly empty.
create table if not exists set_aside (
  client_key bigint not null,
  step       text not null check (step in ('claim', 'seal', 'settle', 'split', 'merge', 'late', 'archive')),
  batch_id   bigint,               -- seal: the batch that the row is to leave
  error      text not null,        -- SQLSTATE and message
  since      timestamptz not null,
  until      timestamptz not null, -- the step skips the row until then
  tries      int not null default 0,
  primary key (client_key, step)
);

-- One row: when the next slot begins (GCRA).
create table if not exists rate_gate (
  id      int primary key check (id = 1),
  next_at timestamptz not null
) with (fillfactor = 10);
insert into rate_gate (id, next_at) values (1, '-infinity') on conflict do nothing;

-- One row: the receiver that holds the report stream.
create table if not exists receiver_lease (
  id          int primary key check (id = 1),
  holder      text,
  lease_until timestamptz not null
) with (fillfactor = 10);
insert into receiver_lease (id, lease_until) values (1, '-infinity') on conflict do nothing;
