-- Whether row $1 holds the reports of wide w after the UPDATE: a customer's trigger may have restored it (it returns old).
coalesce($1.mt_report_pos >= w.mt_pos, w.mt_pos is null) and coalesce($1.kko_report_pos >= w.kko_pos, w.kko_pos is null)
    and coalesce($1.rcs_report_pos >= w.rcs_pos, w.rcs_pos is null) and (w.dlr_code is null or $1.mt_dlr_report_code is not null)
