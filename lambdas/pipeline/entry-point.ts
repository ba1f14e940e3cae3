import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { type Environment, processEnvironment } from "../adapters/environment.ts";
import { withholdForeignText } from "./withhold-foreign-text.ts";

/** What Lambda invokes. The event may have any shape: the pipeline parses it. */
export type LambdaHandler<Answer> = (event: unknown, context: Context) => Promise<Answer>;

/**
 * Creates the `handler` that a function's file exports. The first invocation, not the import, connects the dependencies
 * to the resources that the environment names and creates the inner handler. Both are kept for as long as Lambda keeps
 * the process.
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
