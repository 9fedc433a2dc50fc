-- The columns of row $1 of msg_log that decide what it counts as (statistics_of).
jsonb_build_object('day', $1.request_date::date, 'payment_code', $1.payment_code, 'channel_order', $1.channel_order,
      'mt_report_code', $1.mt_report_code, 'mt_report_pos', $1.mt_report_pos, 'mtr_message_type', $1.mtr_message_type,
      'mt_telecom', $1.mt_telecom, 'kko_report_code', $1.kko_report_code, 'kko_report_pos', $1.kko_report_pos,
      'kkor_message_type', $1.kkor_message_type, 'rcs_report_code', $1.rcs_report_code, 'rcs_report_pos', $1.rcs_report_pos,
      'rcs_telecom', $1.rcs_telecom)
