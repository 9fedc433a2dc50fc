import { timing } from '../settings/timing.ts';
import { age } from './age.ts';
import type { Places } from './places.ts';
import type { BanListCheck, Surroundings } from './surroundings.ts';

interface Judged {
  readonly all: Places;
  readonly surroundings: Surroundings;
  readonly asideCount: number;
}

/** What somebody should do something about; docs/runbook.md says what, in the order of these. */
export function warningsOf({ all, surroundings, asideCount }: Judged, timeZone: string): string[] {
  const { receiver, reports, refusedAlone, unguarded, banList, files } = surroundings;
  const warnings = [
    unguarded !== null &&
      `THE TABLE IS NOT GUARDED, missing or disabled: ${unguarded}. What customers write can make a message be sent twice, or never: run the SchemaMigrator again, now`,
    zoneWarning(surroundings, timeZone),
    receiver === null && 'nobody holds the report stream: no reports come in',
    doubtWarning(all),
    all.orphaned.count > 0 &&
      `${messages(all.orphaned.count)} in msg_status 1 with a batch_id that no batch knows: nobody will send them`,
    asideCount > 0 &&
      `${messages(asideCount)} put aside, because a step cannot write the row: omni-agent status lists them`,
    refusedAlone > 0 &&
      `${messages(refusedAlone)} refused by the gateway, which has accepted no others since: they wait; the sender's log says why`,
    (banList.checkedSeconds ?? 0) > banListSeconds &&
      `nobody has looked at the ban list for ${age(banList.checkedSeconds)}: texts banned since are not, numbers are`,
    banList.problems > 0 && banProblems(banList),
    files.failed > 0 &&
      `${files.failed} files of file_upload failed in the last 24 hours, or are not renewed: see result_code in file_upload`,
    reports.unmatchedOfLastDay > 0 &&
      `${reports.unmatchedOfLastDay} reports of the last 24 hours never found their message: see msg_report_unmatched`,
  ];
  return warnings.filter((warning) => warning !== false);
}

/** Several intervals of BanlistScheduler, whatever it is set to. */
const banListSeconds = 2 * 3600;

function banProblems({ problems, firstProblems }: BanListCheck): string {
  const entries =
    problems === 1 ? '1 entry of msg_banlist bans nothing' : `${problems} entries of msg_banlist ban nothing`;
  return `${entries}, by ban_seq: ${firstProblems}${problems > 5 ? ' and others' : ''}`;
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
