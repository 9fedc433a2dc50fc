/**
 * When what is measured is a fault: the alarms and `omni-agent status` judge by the same. A campaign of 500,000 messages in lane
 * slow at 400 a second waits for 21 minutes, and is none of these: messages are accepted all the time, and urgent ones overtake.
 */
export const thresholds = {
  /** Rows are due and the gateway accepts none: the longest back-off is one minute, so three are no single refusal. */
  noneAcceptedMinutes: 3,
  /** A due row of lane veryfast is sent within seconds, whatever waits in the others. */
  veryFastSeconds: 30,
  /** A batch in doubt is asked about again after a minute at most: five are several tries. */
  inDoubtSeconds: 300,
  /** The report migrator takes thousands a second: a campaign's reports never wait for minutes. */
  unmergedSeconds: 300,
  /** The log migrator as well; a batch that is in doubt holds its finished rows, and has its own alarm before. */
  unarchivedSeconds: 900,
  /** A row that somebody held while its batch was sealed is free at the next look; a trigger's error is not. */
  setAsideSeconds: 300,
  /** A file is uploaded within a minute or two; a failure of the gateway or the bucket that lasts is none of a moment. */
  fileSeconds: 900,
  /** A blocked sender number fails all; to people who do not use a channel, most messages fail. */
  undelivered: { perDelivered: 4, excess: 100, minutes: 15 },
  /** A loop makes up for one failure within seconds: these last. */
  lasting: { minutes: 3, ofMinutes: 5 },
  /** How much of its timeout an invocation may take: a loop of 65 s in 90 takes 0.72. */
  nearTimeout: 0.9,
  /** Longer than a campaign of 500,000. */
  capacity: { percent: 95, minutes: 30 },
} as const;
