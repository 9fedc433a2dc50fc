-- Gives a file back whose upload failed for now.
--
-- Index: primary key. Locks: the file_work row. Parameters: now; fileSeq, leaseToken, waitSeconds. No rows.
update file_work
set lease_token = null, lease_until = '-infinity', wake_at = {{now}} + make_interval(secs => :waitSeconds::float8)
where file_seq = :fileSeq::bigint and lease_token = :leaseToken::uuid
