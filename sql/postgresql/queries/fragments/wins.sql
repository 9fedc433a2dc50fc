-- Whether the report in group $1 of wide w is of a later channel than the one that target t holds.
w.$1_pos > coalesce(t.$1_report_pos, 0)
