-- Ends row t if f.code says so, else leaves it waiting. Of CTE moment.
msg_status = case when f.code is null then t.msg_status else '3' end,
      finished_at = case when f.code is not null then (select local from moment) end,
      {{refusal_columns}}
