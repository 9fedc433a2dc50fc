import { age } from '../../functions/operation/age.ts';
import { type Place, type PlaceName, places } from '../../functions/operation/places.ts';
import type { Status } from '../../functions/operation/status.ts';
import type { BanListCheck } from '../../functions/operation/surroundings.ts';
import { table } from '../local/table.ts';
import { setAsideText } from './set-aside-text.ts';

/** As the table calls them, with the msg_status that a customer sees. */
const titles: Readonly<Record<PlaceName, readonly [title: string, msgStatus: string]>> = {
  waiting: ['waiting', '1'],
  scheduled: ['scheduled', '1'],
  deferred: ['deferred', '1'],
  claimed: ['claimed', '1'],
  sending: ['being sent', '1'],
  inDoubt: ['in doubt', '1'],
  accepted: ['accepted', '2'],
  reported: ['reported', '3'],
  finished: ['finished', '3'],
  held: ['held', 'other'],
  orphaned: ['orphaned', '1'],
};

/** Shown only if there are any. */
const exceptional: ReadonlySet<PlaceName> = new Set(['deferred', 'held', 'orphaned']);

export function statusText(status: Status): string {
  const { lanes, all, receiver, reports, rateGateAheadSeconds, banList, files, timeZone, serverTimeZone } = status;
  const columns = [...lanes.map(({ lane, places: own }) => [lane, own] as const), ['all', all] as const];
  const rows = places
    .filter((place) => !exceptional.has(place) || all[place].count > 0)
    .map((place) => [...titles[place], ...columns.flatMap(([, own]) => cells(own[place]))]);
  const stream = receiver === null ? 'nobody' : `${receiver.holder}, for ${age(receiver.leaseSeconds)} more`;
  const oldest = reports.oldestSeconds === null ? '' : `, the oldest for ${age(reports.oldestSeconds)}`;
  return [
    `Agent ${status.installation}, database ${status.databaseName}, at ${status.localTime} in ${timeZone}`,
    '',
    table(['messages', 'msg_status', ...columns.flatMap(([name]) => [name, 'oldest'])], rows),
    '',
    `  report stream   held by ${stream}`,
    `  reports         ${count(reports.waiting)} to be merged${oldest}; ${count(reports.parked)} looking for their row, ${count(reports.unmatched)} never found it`,
    `  rate gate       slots are given ${rateGateAheadSeconds.toFixed(1)} s ahead`,
    `  ban list        ${banListText(banList)}`,
    `  files           ${count(files.waiting)} to be uploaded; ${count(files.failed)} failed in the last 24 hours, or not renewed`,
    `  zone            ${timeZone}; the server's own ${serverTimeZone === null ? 'cannot be seen: this session was given one' : `is ${serverTimeZone}`}`,
    ...setAsideText(status.setAside),
    ...status.warnings.map((warning) => `\nWARNING: ${warning}`),
  ].join('\n');
}

function banListText({ checkedSeconds, texts, expressions }: BanListCheck): string {
  if (checkedSeconds === null) return 'not looked at yet';
  return `looked at ${age(checkedSeconds)} ago: texts ${count(texts)}, expressions ${count(expressions)}`;
}

const cells = (place: Place) => [count(place.count), age(place.oldestSeconds)];

function count(value: number): string {
  return value.toLocaleString('en');
}
