import { PAGE_MAX_EVENTS } from "../journal/page.ts";

/** At most so many events a delivery, whatever the format: the journal is read ahead for as many. */
export const DELIVERY_MAX_EVENTS = PAGE_MAX_EVENTS;
/** Bytes of a body where the receiver sets no limit: it should take 64 KiB an event, and intakes stop at 1 MB a request. */
export const DELIVERY_MAX_BYTES = 900_000;

/**
 * A payload format: how recorded events become the body of a POST, and how its answer is read. Each is a file of this folder and a
 * line of `registry.ts`; everything else derives from these two. A test event is one event that takes the same way.
 */
export interface Format<Name extends string = string> {
  /** What a destination's `format` says. Rows and API clients keep it: it never changes. */
  readonly name: Name;
  /** What a request carries, as the API reference says it: a phrase without a full stop. */
  readonly summary: string;
  readonly contentType: string;
  /** Of one request. An event that exceeds `bytes` by itself is sent alone. */
  readonly limits: { readonly events: number; readonly bytes: number };
  readonly size: BodySize;
  /** The body. It holds the recorded bytes of each event, never serialised again. */
  encode(events: readonly Uint8Array[]): Uint8Array;
  /** The reverse, as a receiver does it: the events of a body, parsed. Throws for a body of another form. */
  decode(body: string): unknown[];
  judge(answer: Answer): Judgement;
}

/** How large a body becomes, at most, in bytes. */
export interface BodySize {
  /** What stands around the events. */
  readonly frame: number;
  /** What this event adds, including what separates it from the next one. */
  event(event: Uint8Array): number;
}

/** What a receiver answered to a POST. */
export interface Answer {
  statusCode: number;
}

/** Advice for the owner that does not wait for more refusals: the credentials or the format are refused. */
export type Advice = "credentials" | "format";

/**
 * What an answer means. `error` is a class from a closed list such as `HTTP 500`, never text from outside.
 * `gone`: the receiver wants no more deliveries. `too-large`: it may take the same events in smaller requests.
 */
export type Judgement =
  | { kind: "delivered" }
  | { kind: "refused"; error: string; advice?: Advice }
  | { kind: "gone" | "too-large"; error: string };
