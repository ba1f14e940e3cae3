/** A beginning of a value at the very end of a text, where it was cut, counts from so many characters on. */
export const MIN_FOUND = 4;

/** A text to be found. Written by a program in groups or lines, it may have signs between its characters that say nothing. */
export interface Wanted {
  value: string;
  between?: "spaces" | "separators";
}

/** From and to before: places in a text. */
export type JournalRange = [from: number, to: number];

/** One way to read a place of a text: the character that stands there, and where the next one begins. */
interface Reading {
  char: string;
  next: number;
}

/** A text that says its characters in any mixture of escapes. */
export interface EscapedText {
  text: string;
  /** Beside the character itself. */
  readings: ReadonlyMap<number, readonly Reading[]>;
  /** Where each character may begin, in order. */
  places: ReadonlyMap<string, readonly number[]>;
  /** Where an escape begins that the text's end cuts; its length when there is none. */
  cutAt: number;
}

/** Each name before its character. */
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
/** How often a URL or HTML is put into itself: where a layer ends depends on what is looked for. */
const LAYERS = [0, 1, 2, 3];

/** URLs, quoted-printable, JSON and programs, HTML, shells, SQL and CSV. */
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
/** What is left of one whose end is missing. */
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

/** Steps that may be taken; each costs some 50 ns, and where the way forks as much as ten. */
export interface Budget {
  steps: number;
}
const FORK_STEPS = 10;

/** Every stretch of the text that reads as `wanted`, as far as the budget lasts. */
export function findWanted(escaped: EscapedText, wanted: Wanted, budget: Budget): JournalRange[] {
  const found: JournalRange[] = [];
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

/** Signs in a row that say nothing: each layer of JSON in JSON doubles the backslashes. */
const MAX_SKIPPED = 16;

/** How far was read: `place` in the text, `index` in the value, and signs that were passed since its last character. */
interface State {
  place: number;
  index: number;
  skipped: number;
}

/** Tries each way to read on; what led to nothing is not tried again, so that the ways do not multiply. */
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

/** What comes last is tried first: the longest, so that no end of an escape stays. */
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

/** Lengths of signs at a place that say nothing: an escaping backslash, a soft line break, or what parts groups and lines. */
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
