-- Images to register at the gateway, and the keys it gave them.
create sequence if not exists sq_file_upload_01;

create table if not exists file_upload (
  file_seq     bigint not null default nextval('sq_file_upload_01') primary key,
  file_path    varchar(100),
  file_status  varchar(1) default '1',
  channel_type varchar(20),
  msg_type     varchar(10),
  file_key     varchar(200),
  file_expired varchar(14),
  result_code  varchar(4),
  result_msg   varchar(100),
  reg_date     timestamp default now()
);

create index if not exists file_upload_file_status on file_upload (file_status, reg_date);
