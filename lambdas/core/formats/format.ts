import { PAGE_MAX_EVENTS } from "../journal/page.ts";

/** Most events in a delivery of any format: the journal is read ahead for this many. */
export const DELIVERY_MAX_EVENTS = PAGE_MAX_EVENTS;
/**
 * Most bytes of a body where the receiver states no limit. A single event may have 64 KiB, and intakes often stop at 1
 * MB.
 */
export const DELIVERY_MAX_BYTES = 900_000;

/**
 * A payload format: how recorded events become the body of a POST, and how its response is judged. Each is a file of
 * this folder and a line of `registry.ts`; everything else derives from these two. A test event is encoded in the same
 * way.
 */
export interface Format<Name extends string = string> {
  /** Value of a destination's `format`. Rows and API clients store it, so it never changes. */
  readonly name: Name;
  /** Describes the content of a request in the API reference: a phrase without a full stop. */
  readonly summary: string;
  readonly contentType: string;
  /** Limits of one request. An event that exceeds `bytes` by itself is sent alone. */
  readonly limits: { readonly events: number; readonly bytes: number };
  readonly size: BodySize;
  /** Builds the body. It contains the recorded bytes of each event, which are never serialised again. */
  encode(events: readonly Uint8Array[]): Uint8Array;
  /** Parses a body into its events, as a receiver does. Throws if it has another format. */
  decode(body: string): unknown[];
  judge(answer: Answer): Judgement;
}

/** Upper bound of a body's size in bytes. */
export interface BodySize {
  /** Bytes around the events. */
  readonly frame: number;
  /** Bytes that this event adds, including the separator after it. */
  event(event: Uint8Array): number;
}

/** A receiver's response to a POST. */
export interface Answer {
  statusCode: number;
}

/** Advice that the owner gets at the first such refusal: the credentials or the format are refused. */
export type Advice = "credentials" | "format";

/**
 * Meaning of a response. `error` is a class from a closed list such as `HTTP 500`, never text from outside. `gone`: the
 * receiver wants no more deliveries. `too-large`: it may accept the same events in smaller requests.
 */
export type Judgement =
  | { kind: "delivered" }
  | { kind: "refused"; error: string; advice?: Advice }
  | { kind: "gone" | "too-large"; error: string };
