-- Numbers (ban_type R) that nothing is sent to, texts (T) and regular expressions (E) that nothing is sent with. The customer's
-- table: the manual inserts without a column list, so these four columns stay first.
create sequence if not exists sq_msg_banlist_01;

create table if not exists msg_banlist (
  ban_seq  bigint not null default nextval('sq_msg_banlist_01') primary key,
  ban_type varchar(1),
  ban_text varchar(45),
  use_yn   varchar(1) default 'Y'
);

create index if not exists msg_banlist_ban_type on msg_banlist (ban_type, use_yn);
create index if not exists msg_banlist_ban_text on msg_banlist (ban_text);
-- Serves the look-up of a number. Hash: a probe among 300,000 numbers reads as few pages as one of an empty list.
create index if not exists msg_banlist_number on msg_banlist using hash (number_of(ban_text)) where upper(btrim(ban_type)) = 'R';
-- Serves BanlistScheduler and the senders: everything except numbers.
create index if not exists msg_banlist_others on msg_banlist (ban_seq)
  where coalesce(upper(btrim(ban_type)), '') <> 'R' or number_of(ban_text) is null;

-- One row: what BanlistScheduler found when it last looked.
create table if not exists ban_list (
  id               int primary key default 1 check (id = 1),
  version          bigint not null default 0, -- senders reload the texts when it changes
  digest           text not null default '',  -- of the entries except numbers
  checked_at       timestamptz,
  text_count       int not null default 0,
  expression_count int not null default 0,
  problem_count    int not null default 0,    -- entries that ban nothing
  problems         jsonb not null default '[]' -- the first of them: [{banSeq, problem}]
) with (fillfactor = 10);
insert into ban_list default values on conflict do nothing;

-- From earlier versions, which judged in the database what judge.ts judges now.
drop function if exists is_banned, malformed_reason;
