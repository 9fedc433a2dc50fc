-- Whether row $1 may name a file that the gateway keeps.
$1.mt_file_key <> '' or $1.rcs_content ~ '"(fileKey|media)"'
