-- When the gateway was last asked about a row whose result has not come.
alter table msg_tran add column if not exists asked_at timestamp;
alter table msg_log add column if not exists asked_at timestamp;
-- Log tables of the original that are not attached yet must have the columns of msg_log.
do $$ begin perform adopt_logs(); end $$;

-- Serves the inquiry: sent rows that are not finished, by when they were sent or last asked about. One entry more for each message,
-- but no update less that is heap-only: whatever changes these columns of a message that goes its way changes msg_status too.
create index if not exists msg_tran_unreported on msg_tran (greatest(coalesce(msg_sent_date, request_date), asked_at), client_key)
  where msg_status in ('2', '3') and finished_at is null;

-- Serves the removal of old ones, and what status says of the last day.
create index if not exists msg_report_unmatched_reg_date on msg_report_unmatched (reg_date);

-- One step more. Wider, so that whatever version is at work may write what it writes.
do $$ begin
  if not exists (select from pg_constraint where conname = 'set_aside_step_check' and pg_get_constraintdef(oid) like '%expire%') then
    execute 'alter table set_aside drop constraint if exists set_aside_step_check, add constraint set_aside_step_check '
      'check (step in (''claim'', ''seal'', ''settle'', ''split'', ''merge'', ''late'', ''archive'', ''expire''))';
  end if;
end $$;
