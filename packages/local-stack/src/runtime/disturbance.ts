import type { AwsCall } from "../aws/services.ts";
import type { InvocationResult } from "../functions/function-pool.ts";

/** The instance of a function that made an AWS call. */
export interface Caller {
  /** Logical id. */
  function: string;
  /** Nobody waits for what the function does. */
  isBackground: boolean;
  /** Ends the instance as a crash would: its invocation fails, and nothing after this call is done. */
  kill(): Promise<void>;
}

/** What an event source mapping is about to do. */
export interface MappedInvocation {
  /** Logical id of the mapping, and of the function that it invokes. */
  mapping: string;
  function: string;
  source: "stream" | "queue";
}

type Answer = Record<string, unknown>;

/** What a harness does to a stack that runs locally, to see whether it keeps its promises. What is absent disturbs nothing. */
export interface Disturbance {
  /** Around an AWS call of a function that its role allows. Rejecting with `NoAnswerError` leaves the caller without an answer. */
  call?(caller: Caller, call: AwsCall, carryOut: () => Promise<Answer>): Promise<Answer>;
  /** Around an invocation by a mapping, which may be made late, twice, or (answering for the function) not at all. */
  invocation?(
    invocation: MappedInvocation,
    invoke: () => Promise<InvocationResult>,
  ): Promise<InvocationResult>;
}
