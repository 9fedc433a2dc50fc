-- For a row that was set aside before: the next try is later each time, and no sooner than it would be the first time. Of CTE
-- moment.
on conflict (client_key, step) do update
  set tries = set_aside.tries + 1, error = excluded.error, batch_id = excluded.batch_id,
      until = greatest(excluded.until, aside_until((select at from moment), set_aside.tries + 1))
