-- Whether the chain of row $1 may have channel rcs: no other channel's name has this letter.
$1.channel_order ~* 'c'
