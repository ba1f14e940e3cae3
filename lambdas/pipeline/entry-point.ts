import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { type Environment, processEnvironment } from "../adapters/environment.ts";
import { withholdForeignText } from "./withhold-foreign-text.ts";

/** What Lambda invokes. The event may have any shape: the pipeline parses it. */
export type LambdaHandler<Answer> = (event: unknown, context: Context) => Promise<Answer>;

/**
 * The `handler` of a function's file. At the first invocation, not at the import, it connects the dependencies to what the environment
 * names and creates the handler; both are kept for as long as Lambda keeps the process.
 */
export function createEntryPoint<Dependencies, Answer>(
  connect: (environment: Environment) => Dependencies,
  create: (dependencies: Dependencies) => LambdaHandler<Answer>,
): LambdaHandler<Answer> {
  let handler: LambdaHandler<Answer> | undefined;
  return middy<unknown, Answer>({ timeoutEarlyInMillis: 0 })
    .use(withholdForeignText())
    .handler((event: unknown, context: Context) => {
      handler ??= create(connect(processEnvironment()));
      return handler(event, context);
    });
}
