-- Whether the chain of row $1 may have channel rcs.
$1.channel_order ~* 'rcs'
