/** Literals without which an expression matches nothing: one of `anyOf`, and each of `allOf`. */
export interface Gate {
  readonly anyOf: readonly string[];
  readonly allOf: readonly string[];
}

/** What re2js (exactly the version in package.json) knows of an expression; its documentation does not tell. */
export interface Insides {
  readonly prefilter: unknown;
  readonly prog: { readonly start: number; readonly inst: readonly Instruction[] };
}

interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  /** A rune, or pairs of the first and the last of a range. */
  readonly runes: ArrayLike<number>;
}

const Op = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, fail: 5, match: 6, nop: 7, rune: 8, rune1: 9 };
const FOLD_CASE = 1;

/** Of beginnings so many and so long at most: 카\s*지\s*노 has 36 of three characters. */
const MAX_BEGINNINGS = 64;
const MAX_LENGTH = 3;

/**
 * A gate of an expression: by its literals, or by all the ways in which a match can begin, whichever is the rarer. Undefined
 * if neither is known: then the expression is tried on every text, which costs time and changes no answer.
 */
export function gateOf({ prefilter, prog }: Insides): Gate | undefined {
  const literals = gateOfLiterals(prefilter);
  const beginnings = beginningsOf(prog);
  if (!beginnings) return literals;
  return rarest([{ anyOf: beginnings, allOf: [] }, ...(literals ? [literals] : [])]);
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

/** Of gates that must all be passed the one with the longest, then the fewest literals; single literals of others after it. */
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

/** What every match begins with, as long as there are not too many; a whole match if it is shorter. */
function beginningsOf(prog: Insides['prog']): string[] | undefined {
  let known: string[] | undefined;
  let open = new Map([['', new Set([prog.start])]]);
  const whole: string[] = [];
  for (let length = 1; length <= MAX_LENGTH && open.size > 0; length++) {
    const next = new Map<string, Set<number>>();
    for (const [beginning, from] of open) {
      const reached = reach(prog.inst, from);
      if (reached.matches) whole.push(beginning);
      if (!goOn(beginning, reached.readers, next) || next.size + whole.length > MAX_BEGINNINGS) return known;
    }
    open = next;
    known = [...whole, ...open.keys()];
  }
  return known;
}

/** Adds the beginnings that are one character longer. False if some character cannot be listed. */
function goOn(beginning: string, readers: readonly Instruction[], next: Map<string, Set<number>>): boolean {
  for (const reader of readers) {
    const runes = runesOf(reader);
    if (!runes) return false;
    for (const rune of runes) {
      const longer = beginning + String.fromCodePoint(rune);
      next.set(longer, (next.get(longer) ?? new Set()).add(reader.out));
    }
  }
  return true;
}

/** The instructions that read a character, reached without reading one. */
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

/** The characters that it reads, undefined if they are many or not known. */
function runesOf({ op, arg, runes }: Instruction): number[] | undefined {
  if (op !== Op.rune && op !== Op.rune1) return undefined;
  const ranges = Array.from(runes);
  const [only] = ranges;
  if (only !== undefined && ranges.length === 1) return (arg & FOLD_CASE) === 0 ? [only] : spellings(only);
  const listed: number[] = [];
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const [first = 0, last = 0] = ranges.slice(at, at + 2);
    if (listed.length + last - first >= MAX_BEGINNINGS) return undefined;
    for (let rune = first; rune <= last; rune++) listed.push(rune);
  }
  return listed;
}

/** In either case. The Kelvin sign and the long s count as k and s; other letters than English ones are left alone. */
function spellings(rune: number): number[] | undefined {
  const letter = String.fromCodePoint(rune).toLowerCase();
  if (!/^[a-z]$/.test(letter)) return undefined;
  const also = { k: '\u212a', s: '\u017f' }[letter] ?? '';
  return Array.from(letter + letter.toUpperCase() + also, (spelling) => spelling.codePointAt(0) ?? 0);
}
