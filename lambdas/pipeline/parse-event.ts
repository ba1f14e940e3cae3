import type { MiddlewareObj } from "@middy/core";
import type { Context } from "aws-lambda";
import { TrailcastError } from "../core/base/trailcast-error.ts";

/**
 * Thrown when a pipeline passes its handler an event that the parsing step has not seen, because its steps are in the
 * wrong order.
 */
export class UnparsedEventError extends TrailcastError {
  override name = "UnparsedEventError";
}

export interface EventParser<Event> {
  /** Replaces the event with the parsed one. A malformed event fails the invocation. */
  step: MiddlewareObj<unknown>;
  /** The event that the step parsed; `undefined` for an event that it has not replaced. */
  parsed(event: unknown): Event | undefined;
  /** The handler at the end of the pipeline, which receives the parsed event. */
  handler<Answer>(
    handle: (event: Event, context: Context) => Promise<Answer>,
  ): (event: unknown, context: Context) => Promise<Answer>;
}

/**
 * middy's types cannot say that a step changes the type of the event, and source code asserts no types. So the step wraps what it
 * parsed in a class of its own, by which later steps and the handler recognise it.
 */
export function createEventParser<Event>(parse: (event: unknown) => Event): EventParser<Event> {
  class ParsedEvent {
    readonly value: Event;
    constructor(value: Event) {
      this.value = value;
    }
  }
  return {
    step: {
      before: (invocation) => {
        invocation.event = new ParsedEvent(parse(invocation.event));
      },
    },
    parsed: (event) => (event instanceof ParsedEvent ? event.value : undefined),
    handler: (handle) => async (event, context) => {
      if (!(event instanceof ParsedEvent)) throw new UnparsedEventError("The event has not been parsed");
      return handle(event.value, context);
    },
  };
}
