-- Gives msg_log the columns of msg_tran that it lacks, and the width.
-- Locks: msg_log and its tables against readers and writers, for an instant.
select add_log_columns() as added
