-- By this the guard knows the agent: an UPDATE of msg_tran without it changes nothing of the agent's columns.
agent_writes = coalesce(t.agent_writes, 0) + 1
