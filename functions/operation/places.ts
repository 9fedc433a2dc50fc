import type { Priority } from '../message/priority.ts';

/** Where a row of msg_tran can be: each is in exactly one place, which the header of read_status.sql defines. */
export const places = [
  'waiting',
  'scheduled',
  'deferred',
  'claimed',
  'sending',
  'inDoubt',
  'accepted',
  'reported',
  'finished',
  'held',
  'orphaned',
] as const;

export type PlaceName = (typeof places)[number];

/** How many messages are there; the age of the oldest, null if there is none or it does not matter. */
export interface Place {
  readonly count: number;
  readonly oldestSeconds: number | null;
}

export type Places = Readonly<Record<PlaceName, Place>>;

export interface LaneStatus {
  readonly lane: Priority;
  readonly places: Places;
}

/** One of each. */
export function placesOf(placeOf: (place: PlaceName) => Place): Places {
  return {
    waiting: placeOf('waiting'),
    scheduled: placeOf('scheduled'),
    deferred: placeOf('deferred'),
    claimed: placeOf('claimed'),
    sending: placeOf('sending'),
    inDoubt: placeOf('inDoubt'),
    accepted: placeOf('accepted'),
    reported: placeOf('reported'),
    finished: placeOf('finished'),
    held: placeOf('held'),
    orphaned: placeOf('orphaned'),
  };
}

/** Over all lanes. */
export function sumOf(lanes: readonly LaneStatus[]): Places {
  return placesOf((place) => sum(lanes.map((lane) => lane.places[place])));
}

function sum(own: readonly Place[]): Place {
  const ages = own.flatMap(({ oldestSeconds }) => (oldestSeconds === null ? [] : [oldestSeconds]));
  return {
    count: own.reduce((total, { count }) => total + count, 0),
    oldestSeconds: ages.length === 0 ? null : Math.max(...ages),
  };
}
