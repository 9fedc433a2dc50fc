-- Whether the chain of row $1 may have a channel of Kakao's. Words that are no channel are judged later.
$1.channel_order ~* 'talk|brand'
