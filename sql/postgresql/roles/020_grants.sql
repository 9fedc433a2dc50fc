-- What the roles may do with the tables. Run by their owner, after the migrations. `{agent}` and `{user}` stand for the names of
-- roles: functions/settings/roles.ts.

-- The customers' tables: the group of agent and customers.
grant select, insert, update, delete, trigger, references on msg_tran, msg_log, msg_report, msg_banlist, file_upload to {user};
grant truncate on msg_banlist to {user};
grant usage on sequence sq_msg_tran_01, sq_msg_report_01, sq_msg_banlist_01, sq_file_upload_01 to {user};
grant select on msg_log_range, msg_report_unmatched, msg_statistics to {user};

-- The agent's own.
grant select, insert, update, delete on
  msg_report_unmatched, ban_list, agent, send_lane, send_batch, set_aside, rate_gate, receiver_lease, file_key, file_work to {agent};
grant usage on sequence sq_send_batch to {agent};
grant select, insert, update on msg_statistics_part to {agent};
grant select on schema_migration to {agent};

-- These change tables as their owner.
revoke execute on function create_log_month(date), add_log_columns() from public;
grant execute on function create_log_month(date), add_log_columns() to {agent};

-- Months from before there were roles. New ones get them when they are created.
do $$ begin
  perform grant_as_msg_log(log_table) from msg_log_range;
end $$;
