import type { RowTruth } from './truth.ts';
import type { World } from './world.ts';

/** A row of msg_banlist. */
export interface WrittenBan {
  readonly ban_seq: string;
  readonly ban_type: string | null;
  readonly ban_text: string | null;
  readonly use_yn: string | null;
}

/** An entry of the list, whatever becomes of its row. */
export interface BanEntry {
  /** Each ban_seq it has had. */
  readonly seqs: Set<string>;
  /** What it bans while it is in force; undefined: nothing, ever. */
  readonly subject: Subject | undefined;
  /** Its text while it is in force. */
  readonly spelling: string | null;
  /** As it is in the list, or is to be there again once the list is reloaded; undefined: it was deleted. */
  written: WrittenBan | undefined;
  /** When it was in force: from, and until before. */
  readonly spans: { readonly from: number; to: number }[];
}

/** Of a row that ended unsent. */
interface Times {
  readonly inserted: number;
  /** Undefined if it ended at the claim. */
  readonly leased: number | undefined;
  readonly ended: number;
}

/** A number in its normal form; a text of the contents or of an option, by the row that has it. */
export type Subject = `number ${string}` | `content ${string}` | `note ${string}`;

/** What an entry can ban of this row. */
export function subjectsOf({ id, number, note, chain }: RowTruth): Subject[] {
  const hasNote = note !== undefined && usesOption(chain);
  return [`number ${number}`, `content ${id}`, ...(hasNote ? [`note ${note}` as const] : [])];
}

/** Whether kko_option is sent. */
export function usesOption(chain: readonly string[]): boolean {
  return chain.includes('alimtalk');
}

/** What is true of the ban list: what was banned when, and what the senders can know of it. */
export class Bans {
  readonly entries: BanEntry[] = [];
  /** Whether the customer has emptied the list, to fill it again. */
  isEmptied = false;
  readonly #world: World;
  /** When each process last read the texts. */
  readonly #readAt = new Map<string, number>();
  /** What was published, by when it was read. */
  readonly #published: { readonly readAt: number; readonly at: number }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Also of entries that there are no more. */
  find(banSeq: string): BanEntry | undefined {
    return this.entries.find(({ seqs }) => seqs.has(banSeq));
  }

  add(written: WrittenBan, subject: Subject | undefined): BanEntry {
    const { ban_seq: banSeq, ban_text: spelling } = written;
    const entry: BanEntry = { seqs: new Set([banSeq]), subject, spelling, written, spans: [] };
    this.entries.push(entry);
    this.begin(entry);
    return entry;
  }

  begin({ subject, spans }: BanEntry): void {
    if (subject !== undefined) spans.push({ from: this.#world.now, to: Number.POSITIVE_INFINITY });
  }

  end(entry: BanEntry): void {
    for (const span of entry.spans) span.to = Math.min(span.to, this.#world.now);
  }

  /** Whether it is in force now. */
  isInForce({ spans }: BanEntry): boolean {
    return spans.some(({ to }) => to === Number.POSITIVE_INFINITY);
  }

  of(subject: Subject): BanEntry[] {
    return this.entries.filter((entry) => entry.subject === subject);
  }

  /** What counts at once. */
  isBanned(subject: Subject, at: number): boolean {
    return this.of(subject).some(({ spans }) => spans.some(({ from, to }) => from < at && at < to));
  }

  /** What counts once it is published: whether a sender that leased at this time must know, and nothing has changed since. */
  isKnown(subject: Subject, leasedAt: number): boolean {
    const readAt = this.#lastRead(leasedAt);
    return this.of(subject).some(({ spans }) => spans.some(({ from, to }) => from < readAt && to > this.#world.now));
  }

  /** Whether a row that was inserted, leased for the last time and ended at these times may have ended because of this entry. */
  mayHaveEnded({ subject, spans }: BanEntry, { inserted, leased, ended }: Times): boolean {
    // A number counts at the lease, and until the end; a text until the senders had heard that it is free.
    const freeFrom = subject?.startsWith('number')
      ? Math.max(inserted, leased ?? ended)
      : this.#lastRead(leased ?? ended);
    // The tables keep whole milliseconds of the simulated time.
    return spans.some((span) => span.from < ended + 1 && span.to >= freeFrom);
  }

  /** A statement of a process that was kept: it may have read the texts, or published that they are as it read them. */
  note(statement: string, processName: string): void {
    const at = this.#world.now;
    if (statement === 'readBanEntries') this.#readAt.set(processName, at);
    const readAt = this.#readAt.get(processName);
    if (statement === 'publishBanList' && readAt !== undefined) this.#published.push({ readAt, at });
  }

  /** When the texts were last read of what was published before this time. */
  #lastRead(before: number): number {
    const known = this.#published.filter(({ at }) => at < before).map(({ readAt }) => readAt);
    return Math.max(Number.NEGATIVE_INFINITY, ...known);
  }
}
