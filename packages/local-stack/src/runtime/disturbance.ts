import type { AwsCall } from "../aws/services.ts";
import type { InvocationResult } from "../functions/function-pool.ts";

/** The instance of a function that made an AWS call. */
export interface Caller {
  /** Logical id. */
  function: string;
  /** Whether no request waits for the function. */
  isBackground: boolean;
  /** Ends the instance like a crash: its invocation fails, and nothing after this call is carried out. */
  kill(): Promise<void>;
}

/** An invocation that an event source mapping is about to make. */
export interface MappedInvocation {
  /** Logical id of the mapping, and of the function that it invokes. */
  mapping: string;
  function: string;
  source: "stream" | "queue";
}

type Answer = Record<string, unknown>;

/** What a test harness does to a running stack to check its guarantees. A missing member disturbs nothing. */
export interface Disturbance {
  /**
   * Called instead of an AWS call that a function's role allows. If it rejects with `NoAnswerError`, the caller gets no
   * response.
   */
  call?(caller: Caller, call: AwsCall, carryOut: () => Promise<Answer>): Promise<Answer>;
  /**
   * Called instead of an invocation by a mapping. It may invoke the function late or twice, or return a result without
   * invoking it.
   */
  invocation?(
    invocation: MappedInvocation,
    invoke: () => Promise<InvocationResult>,
  ): Promise<InvocationResult>;
}
