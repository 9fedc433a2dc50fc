-- Why a row is set aside whose write had no effect.
'a trigger of the customer passes the row over'
