-- The time from which row $1 may go: not before the customer's, nor before the agent's own.
greatest($1.request_date, $1.waits_until)
