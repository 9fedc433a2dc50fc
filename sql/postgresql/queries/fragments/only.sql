-- Limits a probe to its rows: see set_aside_failing.
and (:only::jsonb is null
        or $1.client_key = any(array(select only_key::bigint from jsonb_array_elements_text(:only::jsonb) as only_key)))
