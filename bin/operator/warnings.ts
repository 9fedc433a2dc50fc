import type { Places, Surroundings } from '../../functions/database/status-store.ts';
import { timing } from '../../functions/pipeline/timing.ts';

/** What somebody should do something about; docs/runbook.md says what, in the order of these. */
export function warningsOf(all: Places, surroundings: Surroundings, timeZone: string): string[] {
  const { receiver, reports } = surroundings;
  const warnings = [
    zoneWarning(surroundings, timeZone),
    receiver === null && 'nobody holds the report stream: no reports come in',
    doubtWarning(all),
    all.orphaned.count > 0 &&
      `${messages(all.orphaned.count)} in msg_status 1 with a batch_id that no batch knows: nobody will send them`,
    all.putAside.count > 0 &&
      `${messages(all.putAside.count)} put aside for an hour: another message of their month has the msg_key`,
    all.unknown.count > 0 && `${messages(all.unknown.count)} in a msg_status that the agent does not know: left alone`,
    reports.unmatchedOfLastDay > 0 &&
      `${reports.unmatchedOfLastDay} reports of the last 24 hours never found their message: see msg_report_unmatched`,
  ];
  return warnings.filter((warning) => warning !== false);
}

function zoneWarning({ serverTimeZone, serverAheadSeconds }: Surroundings, timeZone: string): string | false {
  if (serverTimeZone === null || serverTimeZone === timeZone) return false;
  const hours = Math.round((serverAheadSeconds ?? 0) / 900) / 4;
  const effect =
    hours === 0
      ? 'the same time at present'
      : `${Math.abs(hours)} h ${hours < 0 ? 'too early, which also shortens its ttl' : 'too late'}`;
  return `the server's zone is ${serverTimeZone}, the agent's ${timeZone}: a request_date of now() there is ${effect}`;
}

function doubtWarning({ inDoubt }: Places): string | false {
  if (inDoubt.count === 0) return false;
  const text = `${messages(inDoubt.count)} in doubt: omni-agent doubt says why, and what settles them`;
  const isOver = (inDoubt.oldestSeconds ?? 0) >= timing.keyLifetimeSeconds;
  return isOver ? `${text}; some for so long that a person must ask the gateway` : text;
}

function messages(count: number): string {
  return count === 1 ? '1 message is' : `${count.toLocaleString('en')} messages are`;
}
