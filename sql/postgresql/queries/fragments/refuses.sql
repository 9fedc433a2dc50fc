f.code is not null and first_group(t.channel_order) = '$1'
