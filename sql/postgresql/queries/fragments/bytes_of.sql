-- The size of what is sent of row $1, 600 bytes for its short columns. octet_length does not read values stored out of line.
-- Contents of channels outside the chain are not sent.
600 + coalesce(octet_length($1.mt_subject), 0) + coalesce(octet_length($1.mt_content), 0)
      + case when {{uses_kko $1}} then coalesce(octet_length($1.kko_content), 0) + coalesce(octet_length($1.kko_option), 0) else 0 end
      + case when {{uses_rcs $1}} then coalesce(octet_length($1.rcs_content), 0) + coalesce(octet_length($1.rcs_option), 0) else 0 end
