-- Marks an UPDATE of msg_tran as the agent's. Without it the guard restores the agent's columns.
agent_writes = coalesce(t.agent_writes, 0) + 1
