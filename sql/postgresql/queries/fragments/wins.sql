-- Whether the report of wide w in column group $1 is of a later channel than the one that target t holds.
w.$1_pos > coalesce(t.$1_report_pos, 0)
