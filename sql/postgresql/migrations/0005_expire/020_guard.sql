-- As before, with asked_at among the agent's columns.
do $generate$
declare
  -- The columns that only the agent writes, including the results.
  owned constant text[] := array[
    'msg_key', 'msg_sent_date', 'mtr_message_type', 'mt_rslt_date', 'mt_report_date', 'mt_report_code', 'mt_telecom', 'mt_res_cnt',
    'mt_dlr_report_code', 'mt_dlr_report_date', 'kkor_message_type', 'kko_rslt_date', 'kko_report_date', 'kko_report_code',
    'rcsr_message_type', 'rcs_rslt_date', 'rcs_report_date', 'rcs_report_code', 'rcs_telecom',
    'batch_id', 'finished_at', 'mt_report_pos', 'kko_report_pos', 'rcs_report_pos', 'archived_at', 'waits_until', 'end_reason',
    'agent_writes', 'asked_at'];
  -- What is sent, and whether and when.
  sent constant text[] := array[
    'client_key', 'msg_status', 'priority', 'channel_order', 'request_date', 'ttl', 'callback', 'recipient', 'payment_code',
    'origin_cid', 'mt_subject', 'mt_content', 'mt_file_key', 'kko_msg_type', 'kko_content', 'kko_option', 'kko_sender_key',
    'kko_template_code', 'rcs_content', 'rcs_option', 'rcs_brand_key', 'rcs_agency_key', 'rcs_msgbase_id'];
begin
  execute format($f$
    create or replace function guard_insert() returns trigger language plpgsql as $body$
    begin
      %s
      -- Inserted as ended: goes to the log unsent. Not the time: a trigger knows neither the agent's zone nor its clock.
      if new.msg_status = '3' then new.finished_at := '-infinity'; end if;
      return new;
    end $body$ $f$,
    (select string_agg(format('new.%I := null;', name), ' ') from unnest(owned) as name));

  execute format($f$
    create or replace function guard_update() returns trigger language plpgsql as $body$
    begin
      %1$s
      if (%2$s) is not distinct from (%3$s) then return new; end if;
      if old.finished_at is null and (old.batch_id is null or old.msg_sent_date is null and old.msg_status not in ('2', '3')
                                      and not %4$I.is_sealed(old.batch_id, old.client_key)) then
        -- Not sealed yet: the customer may change everything. The row leaves its batch, to be claimed anew with the change. (In a
        -- batch with a msg_status of the customer's own: his trigger held the row while it was claimed.)
        new.batch_id := null;
        if new.msg_status = '3' then new.finished_at := '-infinity'; end if;
        return new;
      end if;
      if old.finished_at is null and old.msg_status = '2' and new.msg_status = '3' then
        new.finished_at := '-infinity'; -- given up: goes to the log unchanged
      else
        new.msg_status := old.msg_status; -- too late
      end if;
      -- Its reports are matched by this. request_date and ttl may change: they count if the row proves never to have been sent.
      new.channel_order := old.channel_order;
      if new.client_key <> old.client_key and old.batch_id is not null then
        raise exception 'client_key of message %% cannot be changed: it was sent', old.client_key using errcode = 'object_in_use';
      end if;
      return new;
    end $body$ $f$,
    (select string_agg(format('new.%1$I := old.%1$I;', name), ' ') from unnest(owned) as name),
    (select string_agg(format('new.%I', name), ', ') from unnest(sent) as name),
    (select string_agg(format('old.%I', name), ', ') from unnest(sent) as name),
    current_schema());

  -- Triggers fire in the order of their names: this one comes after the customers'.
  execute format($f$
    create or replace trigger zz_omni_guard_insert before insert on msg_tran for each row
      when (new.msg_status not in ('1', '0') or num_nonnulls(%s) > 0) execute function guard_insert() $f$,
    (select string_agg(format('new.%I', name), ', ') from unnest(owned) as name));
end $generate$;
alter table msg_tran enable always trigger zz_omni_guard_insert;
