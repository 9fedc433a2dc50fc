-- Sets rows f aside that a customer's trigger has skipped. Of CTE moment. Followed by FROM f and {{set_aside_again}}.
insert into set_aside (client_key, step, error, since, until)
  select f.client_key, '$1', {{passed_over}},
    (select at from moment), aside_until((select at from moment), 0)
