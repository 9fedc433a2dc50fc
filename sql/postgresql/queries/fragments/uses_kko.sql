-- Whether the chain of row $1 may have a Kakao channel: no other channel's name has one of these letters, and blanks may stand
-- anywhere.
$1.channel_order ~* '[kb]'
