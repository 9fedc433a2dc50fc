-- When row $1 was last asked about, or else sent. Without an answer to its send: from when it might have been.
greatest({{sent_at $1}}, $1.asked_at)
