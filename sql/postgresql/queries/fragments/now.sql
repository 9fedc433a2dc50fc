-- The instant at which this is evaluated: after a wait for a lock it is later than before.
agent_now(:now::timestamptz)
