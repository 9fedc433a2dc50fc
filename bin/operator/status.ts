import type { LaneStatus, Place, Surroundings } from '../../functions/database/status-store.ts';
import { age, table } from '../local/table.ts';

type Places = LaneStatus['places'];

export interface Status extends Surroundings {
  readonly lanes: readonly LaneStatus[];
  readonly all: Places;
  readonly timeZone: string;
  /** What somebody should do something about. */
  readonly warnings: readonly string[];
}

const places: readonly (keyof Places)[] = [
  'waiting',
  'scheduled',
  'claimed',
  'sending',
  'inDoubt',
  'accepted',
  'reported',
];

const titles: Readonly<Record<keyof Places, string>> = {
  waiting: 'waiting',
  scheduled: 'scheduled',
  claimed: 'claimed',
  sending: 'being sent',
  inDoubt: 'in doubt',
  accepted: 'accepted',
  reported: 'reported',
};

export function toStatus(lanes: readonly LaneStatus[], surroundings: Surroundings, timeZone: string): Status {
  const { serverTimeZone, receiver, reports } = surroundings;
  const all = {
    waiting: sum(lanes, 'waiting'),
    scheduled: sum(lanes, 'scheduled'),
    claimed: sum(lanes, 'claimed'),
    sending: sum(lanes, 'sending'),
    inDoubt: sum(lanes, 'inDoubt'),
    accepted: sum(lanes, 'accepted'),
    reported: sum(lanes, 'reported'),
  };
  const warnings = [
    ...(serverTimeZone === timeZone
      ? []
      : [`the server's zone is ${serverTimeZone}, the agent's ${timeZone}: a customer's now() may be another time`]),
    ...(receiver === null ? ['nobody holds the report stream: no reports come in'] : []),
    ...(all.inDoubt.count === 0 ? [] : [`${all.inDoubt.count} messages are in doubt: omni-agent doubt says which`]),
    ...(reports.unmatched === 0 ? [] : [`${reports.unmatched} reports found no message: see msg_report_unmatched`]),
  ];
  return { lanes, all, timeZone, ...surroundings, warnings };
}

function sum(lanes: readonly LaneStatus[], place: keyof Places): Place {
  const own = lanes.map((lane) => lane.places[place]);
  const ages = own.flatMap(({ oldestSeconds }) => (oldestSeconds === null ? [] : [oldestSeconds]));
  return {
    count: own.reduce((total, { count }) => total + count, 0),
    oldestSeconds: ages.length === 0 ? null : Math.max(...ages),
  };
}

export function statusText(status: Status): string {
  const { lanes, all, receiver, reports, rateGateAheadSeconds, timeZone, serverTimeZone, warnings } = status;
  const rows = places.map((place) => [
    titles[place],
    ...lanes.map((lane) => lane.places[place].count.toLocaleString('en')),
    all[place].count.toLocaleString('en'),
    age(all[place].oldestSeconds),
  ]);
  const stream = receiver === null ? 'nobody' : `${receiver.holder}, for ${age(receiver.leaseSeconds)} more`;
  return [
    table(['messages', ...lanes.map(({ lane }) => lane), 'all', 'oldest'], rows),
    '',
    `  report stream   held by ${stream}`,
    `  reports         ${reports.waiting} to be merged, ${reports.parked} looking for their row, ${reports.unmatched} unmatched`,
    `  rate gate       slots are given ${rateGateAheadSeconds.toFixed(1)} s ahead`,
    `  zone            ${timeZone}; the server's own is ${serverTimeZone}`,
    ...warnings.map((warning) => `\nWARNING: ${warning}`),
  ].join('\n');
}
