-- The instant of the statement.
agent_now(:now::timestamptz)
