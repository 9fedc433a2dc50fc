-- Whether f ends row t with a code in column group $1.
f.code is not null and first_group(t.channel_order) = '$1'
