-- Whether nothing that was read later is published in row $1 of ban_list. A time that is yet to come says nothing: the clock has
-- stepped back.
(:readAt::timestamptz >= coalesce($1.checked_at, '-infinity') or $1.checked_at > {{now}})
