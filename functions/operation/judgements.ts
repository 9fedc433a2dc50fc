import { thresholds } from '../settings/thresholds.ts';
import { age } from './age.ts';
import type { Measures } from './measures.ts';

/** What of the monitor's measures is a fault, as the alarms judge it; what warnings say in more detail is left to them. */
export function judge({ due, unmerged, unarchived, files }: Measures): string[] {
  const { veryFastSeconds, unmergedSeconds, unarchivedSeconds, fileSeconds } = thresholds;
  const { veryfast } = due;
  const judgements = [
    veryfast.oldestSeconds > veryFastSeconds &&
      `messages of priority veryfast are due and not sent, the oldest for ${age(veryfast.oldestSeconds)}`,
    unmerged.oldestSeconds > unmergedSeconds &&
      `reports are not merged, the oldest for ${age(unmerged.oldestSeconds)}: results are late`,
    unarchived.oldestSeconds > unarchivedSeconds &&
      `finished messages are not moved to the log, the oldest for ${age(unarchived.oldestSeconds)}`,
    files.oldestSeconds > fileSeconds &&
      `files of file_upload are not uploaded, or their keys not renewed, the oldest for ${age(files.oldestSeconds)}`,
  ];
  return judgements.filter((judgement) => judgement !== false);
}
