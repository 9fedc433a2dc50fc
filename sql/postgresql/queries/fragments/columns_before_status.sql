-- The columns of msg_tran and msg_log before msg_status.
client_key, msg_key, payment_code, priority, channel_order
