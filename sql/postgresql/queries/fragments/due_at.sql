-- The time from which row $1 may go: the customer's, or the agent's own if that is later.
greatest($1.request_date, $1.waits_until)
