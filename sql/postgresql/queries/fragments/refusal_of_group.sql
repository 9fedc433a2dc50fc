-- The columns of group $1 for a row t that f may end. Of CTE moment.
$1_report_code = case when {{refuses $1}} then f.code else t.$1_report_code end,
      $1_rslt_date = case when {{refuses $1}} then (select local from moment) else t.$1_rslt_date end,
      $1_report_date = case when {{refuses $1}} then (select local from moment) else t.$1_report_date end
