-- The best report of column group $1 of one message, as columns of best_reports.
bool_or(report_code = '10000' or pos = length) filter (where $1_best) as $1_final,
    max(pos) filter (where $1_best) as $1_pos, max(message_type) filter (where $1_best) as $1_message_type,
    max(rslt_date) filter (where $1_best) as $1_rslt_date, max(report_date) filter (where $1_best) as $1_report_date,
    max(report_code) filter (where $1_best) as $1_report_code, max(telecom) filter (where $1_best) as $1_telecom
