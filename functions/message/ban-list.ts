import { type Expression, ExpressionSet, parseExpression, ungatedSets } from './ban-expressions.ts';
import type { Gate } from './ban-gates.ts';
import { LiteralIndex } from './ban-literals.ts';
import { withoutInvisible } from './blank.ts';

/** An entry of msg_banlist of type T or E, or of no known type. */
export interface BanEntry {
  readonly banSeq: string;
  readonly banType: string;
  readonly banText: string;
}

export interface BanProblem {
  readonly banSeq: string;
  /** What was expected; never the entry's text. */
  readonly problem: string;
}

export interface BanMatcher {
  /** The entry with the lowest ban_seq that bans one of these texts, already unescaped; undefined if none does. */
  find(texts: readonly string[]): BanEntry | undefined;
}

export interface CompiledBanList {
  readonly matcher: BanMatcher;
  readonly problems: readonly BanProblem[];
  readonly textCount: number;
  readonly expressionCount: number;
}

/** An expression that runs only on texts that contain its literals. */
interface Gated {
  readonly rank: number;
  readonly allOf: readonly string[];
  readonly set: ExpressionSet;
}

/** What finding a literal leads to: a ban (T), or running the expressions gated by it. */
interface Consequence {
  rank: number;
  readonly gated: Gated[];
}

/** More than any sensible entry needs, in case a customer has widened the column. */
export const MAX_TEXT_LENGTH = 1_000;

/** How JSON that holds a string starts. Saves contents that start with [광고] the cost of an exception (µs). */
const STARTS_LIKE_JSON = /^\s*(?:\{[ \t\n\r]*"|\[[ \t\n\r]*[[{"\-0-9tfn]|")/;

export function compileBanList(entries: readonly BanEntry[]): CompiledBanList {
  const matcher = new Matcher();
  const problems: BanProblem[] = [];
  for (const entry of inOrder(entries)) {
    const problem = matcher.add(entry);
    if (problem) problems.push({ banSeq: entry.banSeq, problem });
  }
  matcher.complete();
  const { textCount, expressionCount } = matcher;
  return { matcher, problems, textCount, expressionCount };
}

/** The texts in a column's value: the value itself and, if it is JSON, each of its strings, unescaped. */
export function textsIn(value: string): string[] {
  const texts = [value];
  // For what JSON.parse does not show: the first value of a duplicate key, JSON within a string.
  if (value.includes('\\u')) texts.push(withoutEscapes(value));
  // A list that grows during the loop instead of recursion: a customer may nest ten thousand levels deep.
  const parts = [parsed(value)];
  for (const part of parts) {
    if (typeof part === 'string') texts.push(part);
    if (typeof part !== 'object' || part === null) continue;
    for (const child of Object.values(part)) parts.push(child);
  }
  return texts;
}

function withoutEscapes(value: string): string {
  return value.replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function parsed(value: string): unknown {
  if (!STARTS_LIKE_JSON.test(value)) return undefined;
  try {
    return JSON.parse(value.trim());
  } catch {
    return undefined;
  }
}

class Matcher implements BanMatcher {
  textCount = 0;
  expressionCount = 0;
  /** By rank. */
  readonly #entries: BanEntry[] = [];
  readonly #literals = new LiteralIndex();
  /** By the literal's id. */
  readonly #consequences: Consequence[] = [];
  readonly #ungated: Expression[] = [];
  #ungatedSets: ExpressionSet[] = [];

  /** Expects entries in order of ban_seq. Returns what is wrong with an entry that bans nothing. */
  add(entry: BanEntry): string | undefined {
    const text = comparable(entry.banText).trim();
    const type = comparable(entry.banType).trim().toUpperCase();
    if (type === 'R') return 'ban_text: expected a number';
    if (type !== 'T' && type !== 'E') return 'ban_type: expected R, T or E';
    if (text === '') return 'ban_text: expected a text, got nothing';
    if (text.length > MAX_TEXT_LENGTH) return `ban_text: expected at most ${MAX_TEXT_LENGTH} characters`;
    const rank = this.#entries.push(entry) - 1;
    if (type === 'T') return this.#addText(text, rank);
    const expression = parseExpression(text, rank);
    return typeof expression === 'string' ? `ban_text: ${expression}` : this.#addExpression(expression);
  }

  complete(): void {
    this.#ungatedSets = ungatedSets(this.#ungated);
  }

  find(texts: readonly string[]): BanEntry | undefined {
    if (this.textCount + this.expressionCount === 0) return undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const text of texts) lowest = Math.min(lowest, this.#lowestIn(comparable(text)));
    return this.#entries[lowest];
  }

  #lowestIn(text: string): number {
    let lowest = Number.POSITIVE_INFINITY;
    let gated: Set<Gated> | undefined;
    for (const id of this.#literals.find(text)) {
      const consequence = this.#consequences[id];
      if (!consequence) continue;
      lowest = Math.min(lowest, consequence.rank);
      for (const expression of consequence.gated) gated = (gated ?? new Set()).add(expression);
    }
    for (const { rank, allOf, set } of gated ?? []) {
      if (rank < lowest && allOf.every((literal) => text.includes(literal)))
        lowest = Math.min(lowest, set.lowestIn(text));
    }
    for (const set of this.#ungatedSets) lowest = Math.min(lowest, set.lowestIn(text));
    return lowest;
  }

  #addText(text: string, rank: number): undefined {
    this.textCount += 1;
    const consequence = this.#consequenceOf(text);
    consequence.rank = Math.min(consequence.rank, rank);
  }

  #addExpression(expression: Expression): undefined {
    this.expressionCount += 1;
    if (expression.gate) this.#addGated(expression, expression.gate);
    else this.#ungated.push(expression);
  }

  #addGated(expression: Expression, { anyOf, allOf }: Gate): void {
    const gated = { rank: expression.rank, allOf, set: new ExpressionSet([expression]) };
    for (const literal of anyOf) this.#consequenceOf(literal).gated.push(gated);
  }

  #consequenceOf(literal: string): Consequence {
    const id = this.#literals.add(literal);
    const consequence = this.#consequences[id] ?? { rank: Number.POSITIVE_INFINITY, gated: [] };
    this.#consequences[id] = consequence;
    return consequence;
  }
}

function inOrder(entries: readonly BanEntry[]): BanEntry[] {
  const keyed = entries.map((entry) => ({ entry, seq: BigInt(entry.banSeq) }));
  return keyed.sort((a, b) => (a.seq < b.seq ? -1 : 1)).map(({ entry }) => entry);
}

/** The form in which texts are compared. Invisible characters go first: they would keep NFC from composing letters. */
function comparable(text: string): string {
  return withoutInvisible(text).normalize('NFC');
}
