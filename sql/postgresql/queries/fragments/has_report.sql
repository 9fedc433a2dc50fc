-- Whether a member of batch $1 has a report, which proves that the gateway accepted the batch, whatever it says now.
exists (select from unnest($1.members) as member(client_key) cross join lateral (
      select from msg_tran t
      where t.client_key = member.client_key and t.batch_id = $1.id and t.msg_status <> '1' offset 0) reported)
