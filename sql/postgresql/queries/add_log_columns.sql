-- Gives msg_log the columns that msg_tran has and it lacks, and widens those that are narrower.
--
-- Index: none. Locks: msg_log and its tables, against readers and writers, for an instant. No parameters. One row: added.
select add_log_columns() as added
