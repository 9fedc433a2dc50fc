-- The rows of CTE picked, as p. unnest(array(...)) is planned as 10 rows: an index nested loop, where a join of two CTEs may
-- scan.
unnest(array(select seq from picked), array(select client_key from picked), array(select batch_id from picked),
         array(select msg_key from picked), array(select channel_type from picked), array(select message_type from picked),
         array(select report_type from picked), array(select rslt_date from picked), array(select report_date from picked),
         array(select report_code from picked), array(select telecom from picked), array(select mt_res_cnt from picked))
         as p(seq, client_key, batch_id, msg_key, channel_type, message_type, report_type, rslt_date, report_date, report_code, telecom, mt_res_cnt)
