-- What row t becomes by f: with a code it ends, without one it stays as it is. Of CTE moment.
msg_status = case when f.code is null then t.msg_status else '3' end,
      finished_at = case when f.code is not null then (select local from moment) end,
      {{refusal_columns}}
