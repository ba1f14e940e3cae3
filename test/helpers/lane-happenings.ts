import fc from "fast-check";
import { type FormatName, FORMAT_NAMES } from "../../lambdas/core/formats/known-formats.ts";
import type { Advance } from "./lane-processes.ts";

/**
 * What the receiver does with one POST. `lost`: it accepts the events, but its response never arrives. `slow`: it
 * responds after more than 3 s.
 */
export type Answer = "200" | "500" | "429" | "413" | "410" | "lost" | "slow" | "slow 500";

/** The time when one of the pages was journalled, or one millisecond later. */
export interface JournalTime {
  page: number;
  isLater: boolean;
}

/**
 * An owner's action on one lane: reads the lane, and writes it unless it was changed in between. Steps of deliver may
 * come in between; then the write is refused and the owner gives up. `lane` 0 is the live lane, others are replays.
 */
export interface LaneWrite {
  do: "disable" | "enable" | "move-now" | "move-back" | "skip" | "retry" | "cancel";
  lane: number;
  time: JournalTime;
  between: Advance;
}

export type OwnerAct =
  | LaneWrite
  | { do: "filter"; types: string[] }
  | { do: "format"; format: FormatName }
  | { do: "replay"; from: JournalTime; to: JournalTime }
  | { do: "expire"; share: number; entries: boolean; pages: boolean };

/** A wake-up is processed. A repeated or late one is simply another wake-up. */
export interface Answered {
  kind: "start";
  lane: number;
  receives: number;
  slow: boolean;
  /** Milliseconds since the wake-up was sent. */
  age: number | undefined;
  /** How many more steps the run finds that it has time for. */
  turns: number;
}

/**
 * One thing that happens. `go`: one of the current runs advances by a step; `crash`: it dies at that point. Runs may be
 * stalled while anything else happens (zombies).
 */
export type Happening =
  | Answered
  | { kind: "append"; entries: string[][] }
  | { kind: "wait"; seconds: number }
  | ({ kind: "go" | "crash" } & Advance)
  | { kind: "answers"; answers: Answer[] }
  | { kind: "owner"; act: OwnerAct };

const kind = <Kind extends string>(name: Kind) => fc.constant(name);
const number = (min: number, max: number) => fc.integer({ min, max });
/**
 * A number of steps: up to the moment when a call was made but its result is unknown, or until nothing is left to do.
 */
const advance: fc.Arbitrary<Advance> = fc.oneof(
  fc.record({ pick: fc.nat(3), steps: number(1, 40) }),
  fc.record({
    pick: fc.nat(3),
    steps: fc.constant(200),
    upTo: fc.constantFrom("send" as const, "note" as const, "replaceLane" as const, undefined),
  }),
);
const advancing = <Kind extends "go" | "crash">(name: Kind) =>
  advance.map((given) => ({ kind: name, ...given }));

const time: fc.Arbitrary<JournalTime> = fc.record({ page: fc.nat(9), isLater: fc.boolean() });

const laneWrite: fc.Arbitrary<LaneWrite> = fc.record({
  do: fc.constantFrom<LaneWrite["do"][]>(
    "disable",
    "enable",
    "enable",
    "move-now",
    "move-back",
    "skip",
    "skip",
    "retry",
    "cancel",
  ),
  lane: fc.nat(2),
  time,
  between: fc.oneof(fc.constant({ pick: 0, steps: 0 }), advance),
});

const act: fc.Arbitrary<OwnerAct> = fc.oneof(
  { weight: 6, arbitrary: laneWrite },
  fc.record({ do: kind("filter"), types: fc.subarray(["pro.atmos.billing.a", "pro.atmos.billing.b"]) }),
  fc.record({
    do: kind("format"),
    format: fc.constantFrom(...FORMAT_NAMES),
  }),
  fc.record({ do: kind("replay"), from: time, to: time }),
  fc.record({ do: kind("expire"), share: number(1, 4), entries: fc.boolean(), pages: fc.boolean() }),
);

const answer = fc.constantFrom<Answer[]>(
  "200",
  "200",
  "500",
  "429",
  "413",
  "410",
  "lost",
  "slow",
  "slow 500",
);
const actions = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 5 });
const EIGHTY_HOURS = 288_000;

const start: fc.Arbitrary<Answered> = fc.record({
  kind: kind("start"),
  lane: fc.oneof(fc.constant(0), fc.nat(2)),
  receives: number(1, 5),
  slow: fc.constantFrom(false, false, false, true),
  age: fc.constantFrom(undefined, 0, 2_000, 60_000),
  turns: fc.constantFrom(50, 50, 50, 0, 1, 2),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("append"),
      entries: fc.array(actions, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind("wait"),
      seconds: fc.constantFrom(1, 10, 700, 40_000, EIGHTY_HOURS),
    }),
  },
  { weight: 5, arbitrary: start },
  { weight: 8, arbitrary: advancing("go") },
  { weight: 2, arbitrary: advancing("crash") },
  { weight: 2, arbitrary: fc.record({ kind: kind("answers"), answers: fc.array(answer, { maxLength: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("owner"), act }) },
);

export const happenings: fc.Arbitrary<Happening[]> = fc.array(happening, {
  minLength: 5,
  maxLength: 40,
  size: "max",
});
