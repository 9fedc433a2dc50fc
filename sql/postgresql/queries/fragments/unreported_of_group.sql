-- The columns of group $1 for a row t that ends without a report, if f awaits its result there. Of CTE moment.
$1_report_code = case when f.awaits = '$1' then 'E931' else t.$1_report_code end,
      $1_rslt_date = case when f.awaits = '$1' then (select local from moment) else t.$1_rslt_date end,
      $1_report_date = case when f.awaits = '$1' then (select local from moment) else t.$1_report_date end
