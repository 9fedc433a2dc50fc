-- Why row $1 ends with E917.
'recipient: expected no number of msg_banlist, got that of entry ' || $1.ban_seq
