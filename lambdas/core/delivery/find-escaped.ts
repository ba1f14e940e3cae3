/** Length from which the beginning of a value counts as found at the very end of a text that was cut off. */
export const MIN_FOUND = 4;

/**
 * A text to find. `between` matches separators that a program may have put between its characters, in groups or lines.
 */
export interface Wanted {
  value: string;
  between?: "spaces" | "separators";
}

/** Start (inclusive) and end (exclusive) of a part of a text. */
export type TextRange = [from: number, to: number];

/** One way to read a place of a text: the character it stands for, and where the next one begins. */
interface Reading {
  char: string;
  next: number;
}

/** A text whose characters may be written with any mixture of escapes. */
export interface EscapedText {
  text: string;
  /** Readings by place, besides the plain character there. */
  readings: ReadonlyMap<number, readonly Reading[]>;
  /** Places at which each character may begin, in ascending order. */
  places: ReadonlyMap<string, readonly number[]>;
  /** Start of an escape that the end of the text cuts off; the text's length if there is none. */
  cutAt: number;
}

/** HTML entities, each name followed by its character. */
const NAMED =
  "quot\" amp& apos' lt< gt> excl! num# dollar$ percnt% lpar( rpar) ast* midast* plus+ comma, period. sol/ colon: semi; equals= quest? " +
  "commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ UnderBar_ grave` DiacriticalGrave` lcub{ lbrace{ verbar| vert| VerticalLine| " +
  "rcub} rbrace} tab\t";
const CHARACTERS = new Map([
  ["nbsp", " "],
  ...NAMED.split(" ").map((both): [string, string] => [both.slice(0, -1), both.slice(-1)]),
]);
const named = (name: string) => CHARACTERS.get(name) ?? CHARACTERS.get(name.toLowerCase());

const CONTROLS = new Map(
  Object.entries({ 0: "\0", a: "\x07", b: "\b", e: "\x1b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" }),
);

const inBase = (base: number) => (digits: string) => {
  const code = Number.parseInt(digits, base);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
};

type Escape = readonly [RegExp, (found: string) => string | undefined];
/**
 * How often URL or HTML escapes may be nested. All layers are tried, because where one ends depends on the wanted text.
 */
const LAYERS = [0, 1, 2, 3];

/** Escapes of URLs, quoted-printable, JSON and programming languages, HTML, shells, SQL and CSV. */
const ESCAPES: readonly Escape[] = [
  ...LAYERS.map((layers): Escape => [new RegExp(`%${"25".repeat(layers)}([0-9a-f]{2})`, "iy"), inBase(16)]),
  ...LAYERS.map((layers): Escape => [new RegExp(`&${"amp;".repeat(layers)}([a-z]{2,16});`, "iy"), named]),
  [/=([0-9a-f]{2})/iy, inBase(16)],
  [/\\u([0-9a-f]{4})/iy, inBase(16)],
  [/\\u\{0{0,4}([0-9a-f]{1,6})\}/iy, inBase(16)],
  [/\\U([0-9a-f]{8})/iy, inBase(16)],
  [/\\x([0-9a-f]{2})/iy, inBase(16)],
  [/\\([0-3][0-7]{2})/y, inBase(8)],
  [/\\([0abefnrtv])/y, (letter) => CONTROLS.get(letter)],
  [/&(?:amp;){0,4}#0{0,6}([0-9]{1,6});?/iy, inBase(10)],
  [/&(?:amp;){0,4}#x0{0,6}([0-9a-f]{1,6});?/iy, inBase(16)],
  [/&([a-z]{2,16})/iy, named],
  [/(\+)/y, () => " "],
  [/'(?:\\'|"(')")'/y, () => "'"],
  [/('|")\1/y, (quote) => quote],
  [/%u([0-9a-f]{4})/iy, inBase(16)],
];
const ESCAPE_BEGINS = /[%=\\&+'"]/g;
/** The beginning of an escape at the end of a text that was cut off. */
const CUT_ESCAPE =
  /(?:%(?:u[0-9a-f]{0,3}|(?:25){0,4}[0-9a-f]?)|=(?:[0-9a-f]|\r)?|\\(?:u\{?[0-9a-f]{0,7}|x[0-9a-f]?|[0-3][0-7]?)?|&(?:amp;){0,4}(?:#x?[0-9a-f]{0,11}|[a-z]{0,16})|'["\\]?)$/i;
const LONGEST_ESCAPE = 40;

export function readEscapes(text: string): EscapedText {
  const readings = new Map<number, Reading[]>();
  const places = new Map<string, number[]>();
  for (let place = 0; place < text.length; place++) addPlace(places, text.charAt(place), place);
  for (const { index } of text.matchAll(ESCAPE_BEGINS)) {
    const here = readingsAt(text, index);
    if (here.length === 0) continue;
    readings.set(index, here);
    for (const { char } of here) addPlace(places, char, index);
  }
  for (const all of places.values()) all.sort((one, other) => one - other);
  const tail = Math.max(0, text.length - LONGEST_ESCAPE);
  const cut = text.slice(tail).search(CUT_ESCAPE);
  return { text, readings, places, cutAt: cut === -1 ? text.length : tail + cut };
}

function addPlace(places: Map<string, number[]>, char: string, place: number): void {
  const all = places.get(char);
  if (all === undefined) places.set(char, [place]);
  else all.push(place);
}

function readingsAt(text: string, place: number): Reading[] {
  return ESCAPES.flatMap(([escape, read]) => {
    escape.lastIndex = place;
    const found = escape.exec(text);
    const char = found === null ? undefined : read(found[1] ?? "");
    return char === undefined ? [] : [{ char, next: escape.lastIndex }];
  }).toSorted((one, other) => one.next - other.next);
}

/** Remaining steps of the search. Each takes about 50 ns, up to ten times that where several readings are possible. */
export interface Budget {
  steps: number;
}
const FORK_STEPS = 10;

/** Finds every part of the text that reads as `wanted`, until the budget is used up. */
export function findWanted(escaped: EscapedText, wanted: Wanted, budget: Budget): TextRange[] {
  const found: TextRange[] = [];
  const failed = new Set<number>();
  let free = 0;
  for (const from of escaped.places.get(wanted.value.charAt(0)) ?? []) {
    if (budget.steps <= 0) break;
    if (from < free) continue;
    const to = endFrom(escaped, wanted, from, failed, budget);
    if (to === undefined) continue;
    found.push([from, to]);
    free = to;
    failed.clear();
  }
  return found;
}

/** Limit of consecutive separators. Each layer of JSON within JSON doubles the backslashes. */
const MAX_SKIPPED = 16;

/**
 * Progress of a match: `place` in the text, `index` in the value, and the separators passed since the last character.
 */
interface State {
  place: number;
  index: number;
  skipped: number;
}

/** Tries every reading by backtracking. Remembers failed states, so that the effort does not grow exponentially. */
function endFrom(
  escaped: EscapedText,
  wanted: Wanted,
  from: number,
  failed: Set<number>,
  budget: Budget,
): number | undefined {
  const { text, cutAt } = escaped;
  const { value } = wanted;
  const open: State[] = [{ place: from, index: 0, skipped: 0 }];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (--budget.steps <= 0) return undefined;
    const { place, index } = state;
    if (index === value.length) return place;
    if (index >= MIN_FOUND && (place === cutAt || place === text.length)) return text.length;
    const next = waysFrom(escaped, wanted, state);
    if (next.length > 1) {
      const key = place * (value.length + 1) + index;
      budget.steps -= FORK_STEPS;
      if (failed.has(key)) continue;
      failed.add(key);
    }
    open.push(...next);
  }
  return undefined;
}

/** Lists the next states. The last one is tried first: it is the longest, so that no end of an escape is left over. */
function waysFrom(escaped: EscapedText, { value, between }: Wanted, state: State): State[] {
  const { place, index, skipped } = state;
  const { text, readings } = escaped;
  const char = value.charAt(index);
  const ways: State[] = [];
  if (text.charAt(place) === char) ways.push({ place: place + 1, index: index + 1, skipped: 0 });
  if (index > 0 && skipped < MAX_SKIPPED)
    for (const length of emptyAt(text, place, between))
      ways.push({ place: place + length, index, skipped: skipped + 1 });
  for (const reading of readings.get(place) ?? [])
    if (reading.char === char) ways.push({ place: reading.next, index: index + 1, skipped: 0 });
  return ways;
}

const SOFT_BREAK = /=\r?\n/y;
const SPACES = /\s|\\[nrt]/y;
const SEPARATORS = /[\s:;,_\-x%]|0x|\\[nrt]/y;

/**
 * Returns the lengths of separators at a place: an escaping backslash, a soft line break, or what separates groups and
 * lines.
 */
function emptyAt(text: string, place: number, between: Wanted["between"]): number[] {
  const lengths: number[] = [];
  if (text.charAt(place) === "\\") lengths.push(1);
  for (const empty of [SOFT_BREAK, ...(between === undefined ? [] : [BETWEEN[between]])]) {
    empty.lastIndex = place;
    if (empty.test(text)) lengths.push(empty.lastIndex - place);
  }
  return lengths;
}

const BETWEEN = { spaces: SPACES, separators: SEPARATORS } as const;
