-- Code, dates and reason of a refusal or rejection f (code null: it is none), in the group of the first channel, as a report
-- would set them. Of CTE moment.
{{refusal_of_group mt}},
      {{refusal_of_group kko}},
      {{refusal_of_group rcs}},
      end_reason = case when f.code is null then t.end_reason else f.reason end
