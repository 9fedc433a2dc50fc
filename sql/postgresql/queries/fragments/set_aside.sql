-- Puts rows f aside whose write a trigger has passed over (it returned null). Of CTE moment.
insert into set_aside (client_key, step, error, since, until)
  select f.client_key, '$1', 'a trigger of the customer passes the row over', (select at from moment), aside_until((select at from moment), 0)
