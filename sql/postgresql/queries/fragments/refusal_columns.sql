-- Code, dates and reason of refusal or rejection f, in the column group of the first channel, as a report would write them;
-- unchanged if f.code is null. Of CTE moment.
{{refusal_of_group mt}},
      {{refusal_of_group kko}},
      {{refusal_of_group rcs}},
      end_reason = case when f.code is null then t.end_reason else f.reason end
