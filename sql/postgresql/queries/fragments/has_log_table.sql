-- Whether a table of msg_log holds day $1.day, whatever its name is: of its month, of a year, the default partition.
exists (select from msg_log_range r where r.takes_all or r.from_date <= $1.day and r.to_date > $1.day)
