import { RE2JS, RE2JSSyntaxException, RE2Set } from 're2js';
import { type Gate, gateOf } from './ban-gates.ts';

export interface Expression {
  readonly rank: number;
  readonly source: string;
  /** Instructions of the compiled program: what a character costs at worst. */
  readonly size: number;
  /** Undefined if it may match without any literal. */
  readonly gate: Gate | undefined;
}

/** More than a rule about a message needs. At worst every character of a text costs as many steps. */
const MAX_SIZE = 500;

/** The states of expressions in one set multiply: of four a pass costs less than four passes, of ten or large ones more. */
const MAX_SHARED_SIZE = 60;
const MAX_SHARED = 4;

/** Bytes of states that a set keeps; when they are full it forgets them or goes on without. */
const STATES_BYTES = 1024 * 1024;

/** The expression, or what is wrong with it in words without its text. */
export function parseExpression(source: string, rank: number): Expression | string {
  try {
    const compiled = RE2JS.compile(source);
    const size = compiled.programSize();
    if (size > MAX_SIZE) return `expected a regular expression of at most ${MAX_SIZE} steps`;
    const gate = gateOf(compiled.re2());
    // `\b` matches nothing in the empty text, and before any word in others.
    const mayBeEmpty = compiled.test('') || [...(gate?.anyOf ?? []), ...(gate?.allOf ?? [])].includes('');
    if (mayBeEmpty) return 'expected a regular expression that does not match the empty text';
    return { rank, source, size, gate };
  } catch (error) {
    const expected = 'expected a regular expression as RE2 reads them';
    // `error` is one of the library's constants; the message has the text.
    return error instanceof RE2JSSyntaxException ? `${expected} (${error.error})` : expected;
  }
}

/** Expressions that run in one pass over a text. */
export class ExpressionSet {
  readonly #expressions: readonly Expression[];
  readonly #set = new RE2Set(RE2Set.UNANCHORED, 0, STATES_BYTES);

  /** In the order of their ranks. */
  constructor(expressions: readonly Expression[]) {
    this.#expressions = expressions;
    for (const { source } of expressions) this.#set.add(source);
    this.#set.compile();
  }

  /** The lowest rank of the expressions that match, infinity if none does. */
  lowestIn(text: string): number {
    const [first] = this.#set.match(text);
    return first === undefined ? Number.POSITIVE_INFINITY : (this.#expressions[first]?.rank ?? 0);
  }
}

/** Expressions without a gate, in as few passes as is wise. */
export function ungatedSets(expressions: readonly Expression[]): ExpressionSet[] {
  const small = expressions.filter(({ size }) => size <= MAX_SHARED_SIZE);
  const large = expressions.filter(({ size }) => size > MAX_SHARED_SIZE);
  const shared: Expression[][] = [];
  for (let from = 0; from < small.length; from += MAX_SHARED) shared.push(small.slice(from, from + MAX_SHARED));
  return [...shared, ...large.map((expression) => [expression])].map((members) => new ExpressionSet(members));
}
