/** Runs the synthesised stack of a CDK app on this machine. */
export { NoAnswerError, type AwsCall } from "./aws/aws-service.ts";
export type { Clock, VirtualClock } from "./clock.ts";
export * from "./errors.ts";
export type { InvocationResult } from "./functions/function-pool.ts";
export type { Caller, Disturbance, MappedInvocation } from "./runtime/disturbance.ts";
export { logFolder, startRuntime } from "./runtime/runtime.ts";
export type {
  Denial,
  FunctionLogLine,
  Machine,
  Runtime,
  RuntimeOptions,
  RuntimeProblem,
} from "./runtime/types.ts";
export type { Template, TemplateResource } from "./template/template.ts";
