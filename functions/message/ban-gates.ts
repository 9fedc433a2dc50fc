/** Literals that any matching text contains: at least one of `anyOf`, and all of `allOf`. */
export interface Gate {
  readonly anyOf: readonly string[];
  readonly allOf: readonly string[];
}

/** Undocumented internals of re2js, whose version package.json therefore pins exactly. */
export interface Insides {
  readonly prefilter: unknown;
  readonly prog: { readonly start: number; readonly inst: readonly Instruction[] };
}

interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  /** One rune, or pairs: the first and last rune of each range. */
  readonly runes: ArrayLike<number>;
}

const Op = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, fail: 5, match: 6, nop: 7, rune: 8, rune1: 9 };
const FOLD_CASE = 1;

/** Limits on the prefixes of an expression: 카\s*지\s*노 has 36 of three characters. */
const MAX_PREFIXES = 64;
const MAX_PREFIX_LENGTH = 3;

/**
 * The gate of an expression: from its literals, or from all possible prefixes of a match, whichever is rarer. Undefined if
 * neither is known; the expression then runs on every text, which costs time but changes no answer.
 */
export function gateOf({ prefilter, prog }: Insides): Gate | undefined {
  const literals = gateOfLiterals(prefilter);
  const prefixes = prefixesOf(prog);
  if (!prefixes) return literals;
  return rarest([{ anyOf: prefixes, allOf: [] }, ...(literals ? [literals] : [])]);
}

/** The library's prefilter: type 1 is the literal `str`, 2 needs all of `subs`, 3 one of them. */
function gateOfLiterals(filter: unknown): Gate | undefined {
  const { type, str, subs } = partsOf(filter);
  if (type === 1) return str === '' ? undefined : { anyOf: [str], allOf: [] };
  const gates = subs.map(gateOfLiterals);
  const known = gates.filter((gate) => gate !== undefined);
  if (type === 2) return rarest(known);
  return type === 3 && known.length > 0 && known.length === gates.length
    ? { anyOf: known.flatMap(({ anyOf }) => anyOf), allOf: [] }
    : undefined;
}

function partsOf(filter: unknown): { type: unknown; str: string; subs: readonly unknown[] } {
  if (typeof filter !== 'object' || filter === null) return { type: 0, str: '', subs: [] };
  return {
    type: 'type' in filter ? filter.type : 0,
    str: 'str' in filter && typeof filter.str === 'string' ? filter.str : '',
    subs: 'subs' in filter && Array.isArray(filter.subs) ? filter.subs : [],
  };
}

/**
 * Of gates that must all be passed, the one with the longest and then the fewest literals. Single literals of the others
 * join its `allOf`.
 */
function rarest(gates: readonly Gate[]): Gate | undefined {
  const [best, ...others] = gates.toSorted((a, b) => shortest(b) - shortest(a) || a.anyOf.length - b.anyOf.length);
  return best && { anyOf: best.anyOf, allOf: [...best.allOf, ...others.flatMap(singlesOf)] };
}

function singlesOf({ anyOf, allOf }: Gate): readonly string[] {
  return anyOf.length === 1 ? [...anyOf, ...allOf] : allOf;
}

function shortest({ anyOf }: Gate): number {
  return Math.min(...anyOf.map((literal) => literal.length));
}

/** What every match starts with: the longest prefixes within the limits, or a whole match if it is shorter. */
function prefixesOf(prog: Insides['prog']): string[] | undefined {
  let known: string[] | undefined;
  let open = new Map([['', new Set([prog.start])]]);
  const whole: string[] = [];
  for (let length = 1; length <= MAX_PREFIX_LENGTH && open.size > 0; length++) {
    const next = new Map<string, Set<number>>();
    for (const [prefix, from] of open) {
      const reached = reach(prog.inst, from);
      if (reached.matches) whole.push(prefix);
      if (!extend(prefix, reached.readers, next) || next.size + whole.length > MAX_PREFIXES) return known;
    }
    open = next;
    known = [...whole, ...open.keys()];
  }
  return known;
}

/** Adds the prefixes that are one character longer. False if the possible characters cannot be listed. */
function extend(prefix: string, readers: readonly Instruction[], next: Map<string, Set<number>>): boolean {
  for (const reader of readers) {
    const runes = runesOf(reader);
    if (!runes) return false;
    for (const rune of runes) {
      const longer = prefix + String.fromCodePoint(rune);
      next.set(longer, (next.get(longer) ?? new Set()).add(reader.out));
    }
  }
  return true;
}

/** The character-reading instructions that are reachable without reading a character. */
function reach(program: readonly Instruction[], from: ReadonlySet<number>) {
  const readers: Instruction[] = [];
  const seen = new Set(from);
  let matches = false;
  for (const at of seen) {
    const instruction = program[at];
    if (!instruction || instruction.op === Op.fail) continue;
    if (instruction.op === Op.match) matches = true;
    else if (instruction.op === Op.alt || instruction.op === Op.altMatch)
      seen.add(instruction.out).add(instruction.arg);
    else if (instruction.op < Op.rune) seen.add(instruction.out);
    else readers.push(instruction);
  }
  return { readers, matches };
}

/** The characters that an instruction reads; undefined if they are unknown or too many. */
function runesOf({ op, arg, runes }: Instruction): number[] | undefined {
  if (op !== Op.rune && op !== Op.rune1) return undefined;
  const ranges = Array.from(runes);
  const [only] = ranges;
  if (only !== undefined && ranges.length === 1) return (arg & FOLD_CASE) === 0 ? [only] : spellings(only);
  const listed: number[] = [];
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const [first = 0, last = 0] = ranges.slice(at, at + 2);
    if (listed.length + last - first >= MAX_PREFIXES) return undefined;
    for (let rune = first; rune <= last; rune++) listed.push(rune);
  }
  return listed;
}

/** A letter in either case: the Kelvin sign counts as k, the long s as s. Undefined for any but an English letter. */
function spellings(rune: number): number[] | undefined {
  const letter = String.fromCodePoint(rune).toLowerCase();
  if (!/^[a-z]$/.test(letter)) return undefined;
  const also = { k: '\u212a', s: '\u017f' }[letter] ?? '';
  return Array.from(letter + letter.toUpperCase() + also, (spelling) => spelling.codePointAt(0) ?? 0);
}
