-- Numbers (ban_type R) and texts (ban_type T) that nothing is sent to or with.
create sequence if not exists sq_msg_banlist_01;

create table if not exists msg_banlist (
  ban_seq  bigint not null default nextval('sq_msg_banlist_01') primary key,
  ban_type varchar(1),
  ban_text varchar(45),
  use_yn   varchar(1) default 'Y'
);

create index if not exists msg_banlist_ban_type on msg_banlist (ban_type, use_yn);
create index if not exists msg_banlist_ban_text on msg_banlist (ban_text);

create or replace function is_banned(recipient text, contents text) returns boolean
  language sql stable parallel safe
  return exists (select from msg_banlist b
                 where b.ban_text = recipient and upper(b.ban_type) = 'R' and upper(b.use_yn) = 'Y')
      or exists (select from msg_banlist b
                 where upper(b.ban_type) = 'T' and upper(b.use_yn) = 'Y' and b.ban_text <> ''
                   and position(b.ban_text in contents) > 0);
