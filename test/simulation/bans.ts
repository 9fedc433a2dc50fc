import type { RowTruth } from './truth.ts';
import type { World } from './world.ts';

/** A row of msg_banlist. */
export interface WrittenBan {
  readonly ban_seq: string;
  readonly ban_type: string | null;
  readonly ban_text: string | null;
  readonly use_yn: string | null;
}

/** An entry of the list, which outlives its row. */
export interface BanEntry {
  /** Every ban_seq that it has had. */
  readonly seqs: Set<string>;
  /** What it bans while it is in force; undefined if it never bans anything. */
  readonly subject: Subject | undefined;
  /** Its text while it is in force. */
  readonly spelling: string | null;
  /** Its row in the list, or as it will be once the list is reloaded; undefined if it was deleted. */
  written: WrittenBan | undefined;
  /** When it was in force: from (inclusive) and until (exclusive). */
  readonly spans: { readonly from: number; to: number }[];
}

/** Times of a row that ended unsent. */
interface Times {
  readonly inserted: number;
  /** Undefined if it ended at the claim. */
  readonly leased: number | undefined;
  readonly ended: number;
}

/** A number in its normal form; or a text of a content or an option, named after its row. */
export type Subject = `number ${string}` | `content ${string}` | `note ${string}`;

/** What an entry can ban in this row. */
export function subjectsOf({ id, number, note, chain }: RowTruth): Subject[] {
  const hasNote = note !== undefined && usesOption(chain);
  return [`number ${number}`, `content ${id}`, ...(hasNote ? [`note ${note}` as const] : [])];
}

/** Whether kko_option is sent. */
export function usesOption(chain: readonly string[]): boolean {
  return chain.includes('alimtalk');
}

/** The truth about the ban list: what was banned when, and what the senders can know of it. */
export class Bans {
  readonly entries: BanEntry[] = [];
  /** Whether the customer has emptied the list in order to fill it again. */
  isEmptied = false;
  readonly #world: World;
  /** When each process last read the texts. */
  readonly #readAt = new Map<string, number>();
  /** What was published, by the time at which it was read. */
  readonly #published: { readonly readAt: number; readonly at: number }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Including entries that no longer exist. */
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

  /** What counts immediately. */
  isBanned(subject: Subject, at: number): boolean {
    return this.of(subject).some(({ spans }) => spans.some(({ from, to }) => from < at && at < to));
  }

  /** What counts once published: whether a sender that leased at this time must know it, with no change since. */
  isKnown(subject: Subject, leasedAt: number): boolean {
    const readAt = this.#lastRead(leasedAt);
    return this.of(subject).some(({ spans }) => spans.some(({ from, to }) => from < readAt && to > this.#world.now));
  }

  /** Whether a row inserted, last leased and ended at these times may have ended because of this entry. */
  mayHaveEnded({ subject, spans }: BanEntry, { inserted, leased, ended }: Times): boolean {
    // A number counts from the lease until the end; a text until the senders have learnt that it is no longer banned.
    const freeFrom = subject?.startsWith('number')
      ? Math.max(inserted, leased ?? ended)
      : this.#lastRead(leased ?? ended);
    // The tables store whole milliseconds of simulated time.
    return spans.some((span) => span.from < ended + 1 && span.to >= freeFrom);
  }

  /** A statement of a process was committed: it may have read the texts, or published them as read. */
  note(statement: string, processName: string): void {
    const at = this.#world.now;
    if (statement === 'readBanEntries') this.#readAt.set(processName, at);
    const readAt = this.#readAt.get(processName);
    if (statement === 'publishBanList' && readAt !== undefined) this.#published.push({ readAt, at });
  }

  /** When the texts published before this time were last read. */
  #lastRead(before: number): number {
    const known = this.#published.filter(({ at }) => at < before).map(({ readAt }) => readAt);
    return Math.max(Number.NEGATIVE_INFINITY, ...known);
  }
}
