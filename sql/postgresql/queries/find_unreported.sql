-- Finds sent rows whose result has not come, to ask the gateway about: those that nobody has asked about for askHours since they
-- were sent, the oldest first. Not members of a batch in doubt: its answer is to come.
--
-- Index: msg_tran_unreported, in order. Locks: msg_tran rows (skip locked), to pass over those that could not be written now.
-- Parameters: now, timeZone; turnLimit, askHours.
-- Rows: client_key, batch_id (0: the original agent sent it), msg_key; installation, for our reference.
with {{moment}}
select t.client_key, t.batch_id, t.msg_key, (select installation from agent) as installation
from msg_tran t
where t.msg_status in ('2', '3') and t.finished_at is null
  and {{asked_or_sent t}} <= (select local from moment) - make_interval(hours => :askHours::int)
  and t.batch_id is not null
  and (t.msg_sent_date is not null or coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1)
  and t.client_key not in ({{set_aside_now expire}})
order by {{asked_or_sent t}}, t.client_key limit :turnLimit::int
for no key update of t skip locked
