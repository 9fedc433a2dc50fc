import type pg from 'pg';

/** Back to a new installation, always of the same name, and without traces of an earlier customer. */
export async function emptyTables(client: pg.Client, { dropNextMonth }: { dropNextMonth: boolean }): Promise<void> {
  await client.query(`
    drop table if exists customer_note;
    drop function if exists customer_minds() cascade;
    alter table msg_tran drop column if exists order_no; alter table msg_log drop column if exists order_no;
    delete from msg_tran; delete from msg_log; delete from msg_report; delete from msg_report_unmatched;
    delete from msg_banlist; delete from ban_list; insert into ban_list default values; delete from send_batch; delete from set_aside;
    delete from msg_statistics_part;
    delete from file_upload; delete from file_key; delete from file_work; alter sequence sq_file_upload_01 restart;
    alter sequence sq_send_batch restart; alter sequence sq_msg_report_01 restart;
    update agent set installation = 'simulated', claim_turn = 0, claim_time = 0, seen_at = null;
    update send_lane set had_until = 0;
    update rate_gate set next_at = '-infinity';
    update receiver_lease set holder = null, lease_until = '-infinity';
    select create_log_month('2031-01-01'), create_log_month('2031-02-01');
    ${dropNextMonth ? 'drop table msg_log_203102, msg_log_203101;' : ''}`);
}
