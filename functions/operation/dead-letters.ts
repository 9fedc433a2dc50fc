import { type Priority, priorities } from '../message/priority.ts';

/** A record that the sender could not handle, as it lies in the dead-letter queue of its lane. */
export interface DeadLetter {
  readonly id: string;
  /** By which this look at it can be put back or removed. */
  readonly handle: string;
  /** Undefined if its body is none that this version writes. */
  readonly batchId: string | undefined;
  /** Since the record was queued, before it failed. */
  readonly ageSeconds: number;
}

/** The dead-letter queues, and the queues that they belong to. */
export interface DeadLetterQueues {
  /** About how many letters of a lane are there to be taken. */
  count(lane: Priority): Promise<number>;
  /** Some letters of a lane, none if there are no more. They are hidden from everybody else for a while. */
  take(lane: Priority): Promise<readonly DeadLetter[]>;
  putBack(lane: Priority, letters: readonly DeadLetter[]): Promise<void>;
  remove(lane: Priority, letters: readonly DeadLetter[]): Promise<void>;
  /** Queues batches for the sender again; the answer: those that the queue refused. */
  enqueue(lane: Priority, batchIds: readonly string[]): Promise<ReadonlySet<string>>;
}

export const batchPlaces = ['claimed', 'leased', 'sending', 'inDoubt'] as const;

export interface BatchOfLetter {
  readonly batchId: string;
  readonly place: (typeof batchPlaces)[number];
  readonly messages: number;
  readonly attempts: number;
  /** Until the sweep looks at it; 0 if that is due. */
  readonly nextLookSeconds: number;
}

export interface BatchStore {
  /** Those of the batches that still exist. */
  readBatches(batchIds: readonly string[]): Promise<readonly BatchOfLetter[]>;
}

export interface DeadLetterPorts {
  readonly queues: DeadLetterQueues;
  readonly store: BatchStore;
}

/** `gone`: the batch was settled, or all of its messages left it. `unreadable`: no batch is known. */
export const letterPlaces = [...batchPlaces, 'gone', 'unreadable'] as const;

export type LetterPlace = (typeof letterPlaces)[number];

/** What a redrive does with a letter: `redriven` to the sender, or `dropped` because its batch needs none, or `left`. */
export type Fate = 'redriven' | 'dropped' | 'left';

export interface JudgedLetter extends Omit<DeadLetter, 'handle'> {
  readonly lane: Priority;
  readonly place: LetterPlace;
  readonly batch: BatchOfLetter | undefined;
  readonly fate: Fate;
  readonly why: string;
}

export interface DeadLetters {
  /** The oldest first. */
  readonly letters: readonly JudgedLetter[];
  /** Lanes that may hold more letters than one look takes. */
  readonly cut: readonly Priority[];
}

/** Looks at the letters and puts all of them back, at most so many of a lane. */
export async function readDeadLetters(ports: DeadLetterPorts, mostOfLane: number): Promise<DeadLetters> {
  const lanes = await ofEachLane((lane) => readLane(lane, ports, mostOfLane));
  const letters = lanes.flatMap((one) => one.letters).toSorted((a, b) => b.ageSeconds - a.ageSeconds);
  return { letters, cut: lanes.flatMap(({ lane, isCut }) => (isCut ? [lane] : [])) };
}

/** Side by side. The failure of one is thrown when the others have put back what they hold. */
async function ofEachLane<T>(work: (lane: Priority) => Promise<T>): Promise<T[]> {
  const answers = await Promise.allSettled(priorities.map(work));
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  });
}

async function readLane(lane: Priority, ports: DeadLetterPorts, mostOfLane: number) {
  const { queues } = ports;
  const letters = new Map<string, DeadLetter>();
  try {
    let taken = await queues.take(lane);
    while (taken.length > 0) {
      for (const letter of taken) letters.set(letter.id, letter);
      if (letters.size >= mostOfLane) break;
      taken = await queues.take(lane);
    }
    const isCut = taken.length > 0;
    return { lane, isCut, letters: await judgeAll(lane, { letters: [...letters.values()], known: new Set() }, ports) };
  } finally {
    await queues.putBack(lane, [...letters.values()]);
  }
}

/**
 * Queues the batches of the letters again, and removes the letters. In this order: a record too many does no harm, because
 * the sender asks the database what became of the batch. What was left is put back at the end, so that this ends.
 */
export async function redrive(ports: DeadLetterPorts): Promise<readonly JudgedLetter[]> {
  return (await ofEachLane((lane) => redriveLane(lane, ports))).flat();
}

async function redriveLane(lane: Priority, ports: DeadLetterPorts): Promise<JudgedLetter[]> {
  const { queues } = ports;
  const done: JudgedLetter[] = [];
  const left = new Map<string, DeadLetter>();
  const known = new Set<string>();
  try {
    let taken = await queues.take(lane);
    while (taken.length > 0) {
      for (const letter of taken) left.set(letter.id, letter);
      const judged = await judgeAll(lane, { letters: taken, known }, ports);
      const refused = await queues.enqueue(lane, batchesToRedrive(judged));
      const results = judged.map((one) => (one.batchId !== undefined && refused.has(one.batchId) ? keep(one) : one));
      const finished = new Set(results.filter(({ fate }) => fate !== 'left').map(({ id }) => id));
      await queues.remove(
        lane,
        taken.filter(({ id }) => finished.has(id)),
      );
      for (const id of finished) left.delete(id);
      done.push(...results);
      taken = (await queues.take(lane)).filter(({ id }) => !left.has(id));
    }
    return done;
  } finally {
    await queues.putBack(lane, [...left.values()]);
  }
}

const batchesToRedrive = (letters: readonly JudgedLetter[]) =>
  letters.flatMap(({ fate, batchId }) => (fate === 'redriven' && batchId !== undefined ? [batchId] : []));

const keep = (letter: JudgedLetter): JudgedLetter => ({ ...letter, fate: 'left', why: 'the queue did not take it' });

/** Adds to `known` the batches that are redriven. */
async function judgeAll(
  lane: Priority,
  { letters, known }: { letters: readonly DeadLetter[]; known: Set<string> },
  { store }: DeadLetterPorts,
): Promise<JudgedLetter[]> {
  const ids = new Set(letters.flatMap(({ batchId }) => batchId ?? []));
  if (ids.size === 0) return letters.map((letter) => judge(lane, letter, { batch: undefined, known }));
  const batches = new Map((await store.readBatches([...ids])).map((batch) => [batch.batchId, batch]));
  return letters.map((letter) => judge(lane, letter, { batch: batches.get(letter.batchId ?? ''), known }));
}

function judge(
  lane: Priority,
  { handle: _, ...letter }: DeadLetter,
  { batch, known }: { batch: BatchOfLetter | undefined; known: Set<string> },
): JudgedLetter {
  const { batchId } = letter;
  const judged = { ...letter, lane, batch };
  if (batchId === undefined)
    return { ...judged, place: 'unreadable', fate: 'left', why: 'not a record of this version' };
  if (batch === undefined)
    return { ...judged, place: 'gone', fate: 'dropped', why: 'the batch is gone, nothing of it is left to send' };
  if (known.has(batchId))
    return { ...judged, place: batch.place, fate: 'dropped', why: 'another dead letter of the same batch is redriven' };
  known.add(batchId);
  return { ...judged, place: batch.place, fate: 'redriven', why: reasons[batch.place] };
}

const reasons: Readonly<Record<BatchOfLetter['place'], string>> = {
  claimed: 'nothing of the batch was sent',
  leased: 'a sender has the batch; the record does nothing unless that sender dies',
  sending: 'a call is under way; the record does nothing unless it goes unanswered',
  inDoubt: 'the batch may have been sent; the sender repeats the request under its key, or asks the gateway',
};
