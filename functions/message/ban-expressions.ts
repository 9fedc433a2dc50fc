import { RE2JS, RE2JSSyntaxException, RE2Set } from 're2js';
import { type Gate, gateOf } from './ban-gates.ts';

export interface Expression {
  readonly rank: number;
  readonly source: string;
  /** Instructions in the compiled program: the worst-case cost of one character. */
  readonly size: number;
  /** Undefined if it may match without any literal. */
  readonly gate: Gate | undefined;
}

/** More than any ban rule needs. In the worst case, each character of a text costs this many steps. */
const MAX_SIZE = 500;

/** States multiply within a set: one pass over four small expressions beats four passes; with ten, or large ones, it loses. */
const MAX_SHARED_SIZE = 60;
const MAX_SHARED = 4;

/** Bytes of states that a set caches; once full, it drops them or goes on without a cache. */
const STATES_BYTES = 1024 * 1024;

/** The expression, or what is wrong with it, in words that never quote it. */
export function parseExpression(source: string, rank: number): Expression | string {
  try {
    const compiled = RE2JS.compile(source);
    const size = compiled.programSize();
    if (size > MAX_SIZE) return `expected a regular expression of at most ${MAX_SIZE} steps`;
    const gate = gateOf(compiled.re2());
    // `\b` does not match the empty text, but in any other text it matches before every word.
    const mayBeEmpty = compiled.test('') || [...(gate?.anyOf ?? []), ...(gate?.allOf ?? [])].includes('');
    if (mayBeEmpty) return 'expected a regular expression that does not match the empty text';
    return { rank, source, size, gate };
  } catch (error) {
    const expected = 'expected an RE2 regular expression';
    // `error` is one of the library's constants; `message` would quote the text.
    return error instanceof RE2JSSyntaxException ? `${expected} (${error.error})` : expected;
  }
}

/** Expressions that are matched in one pass over a text. */
export class ExpressionSet {
  readonly #expressions: readonly Expression[];
  readonly #set = new RE2Set(RE2Set.UNANCHORED, 0, STATES_BYTES);

  /** Expects the expressions in order of rank. */
  constructor(expressions: readonly Expression[]) {
    this.#expressions = expressions;
    for (const { source } of expressions) this.#set.add(source);
    this.#set.compile();
  }

  /** The lowest rank among the expressions that match; infinity if none does. */
  lowestIn(text: string): number {
    const [first] = this.#set.match(text);
    return first === undefined ? Number.POSITIVE_INFINITY : (this.#expressions[first]?.rank ?? 0);
  }
}

/** Groups expressions without a gate into as few passes as pays off. */
export function ungatedSets(expressions: readonly Expression[]): ExpressionSet[] {
  const small = expressions.filter(({ size }) => size <= MAX_SHARED_SIZE);
  const large = expressions.filter(({ size }) => size > MAX_SHARED_SIZE);
  const shared: Expression[][] = [];
  for (let from = 0; from < small.length; from += MAX_SHARED) shared.push(small.slice(from, from + MAX_SHARED));
  return [...shared, ...large.map((expression) => [expression])].map((members) => new ExpressionSet(members));
}
