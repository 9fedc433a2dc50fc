-- The columns of msg_tran and msg_log after msg_status.
request_date, callback, recipient, msg_sent_date, agent_id, mt_subject, mt_content, mt_file_key, kko_msg_type,
  kko_content, kko_option, kko_sender_key, kko_template_code, rcs_content, rcs_option, rcs_brand_key, rcs_agency_key,
  rcs_msgbase_id, ttl, origin_cid, mtr_message_type, mt_rslt_date, mt_report_date, mt_report_code, mt_telecom,
  mt_res_cnt, mt_dlr_report_code, mt_dlr_report_date, kkor_message_type, kko_rslt_date, kko_report_date,
  kko_report_code, rcsr_message_type, rcs_rslt_date, rcs_report_date, rcs_report_code, rcs_telecom, reg_date,
  etc_text_1, etc_text_2, etc_text_3, batch_id, finished_at, mt_report_pos, kko_report_pos, rcs_report_pos
