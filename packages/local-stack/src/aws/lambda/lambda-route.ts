import type { ServerResponse } from "node:http";
import type { AsyncInvocations } from "../../functions/async-invocations.ts";
import type { FunctionSettings } from "../../functions/function-settings.ts";
import type { Functions } from "../../functions/functions.ts";
import type { Call } from "../../iam/evaluate.ts";
import { AwsError } from "../aws-service.ts";
import { answerJson, type RawRoute } from "../http-endpoint.ts";

const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
/** Actions that clients may call. */
export const LAMBDA_ACTIONS: readonly string[] = ["Invoke"];
const JSON_TYPE = "application/json";

interface LambdaRouteOptions {
  functions: Functions;
  async: Pick<AsyncInvocations, "send">;
  /** @throws AwsError */
  authorise(accessKeyId: string | undefined, call: Call): void;
}

async function invokeAndAnswer(
  options: LambdaRouteOptions,
  fn: FunctionSettings,
  event: string,
  response: ServerResponse,
): Promise<void> {
  const result = await options.functions.invoke(fn, event, "Invoke");
  const { kind } = result;
  const payload =
    kind === "done"
      ? result.result
      : JSON.stringify({
          errorType: result.errorType,
          errorMessage: result.errorMessage,
          trace: result.trace,
        });
  response.writeHead(200, {
    "content-type": JSON_TYPE,
    "content-length": Buffer.byteLength(payload),
    "x-amz-executed-version": "$LATEST",
    ...(kind === "failed" && { "x-amz-function-error": "Unhandled" }),
  });
  response.end(payload);
}

function find(functions: Functions, name: string): FunctionSettings {
  const fn = functions.find(decodeURIComponent(name));
  if (fn !== undefined) return fn;
  throw new AwsError("ResourceNotFoundException", `Function not found: ${name}`, { statusCode: 404 });
}

/** Lambda's `Invoke`, synchronous (`RequestResponse`) or asynchronous (`Event`). */
export function createLambdaRoute(options: LambdaRouteOptions): RawRoute {
  return async (request, body, response, accessKeyId) => {
    const name = INVOCATIONS.exec(request.url?.split("?")[0] ?? "")?.[1];
    if (name === undefined || request.method !== "POST") return false;
    try {
      const fn = find(options.functions, name);
      const call = { action: "lambda:InvokeFunction", resource: fn.arn, context: () => undefined };
      options.authorise(accessKeyId, call);
      const event = body.length === 0 ? "{}" : body.toString("utf8");
      const type = request.headers["x-amz-invocation-type"] ?? "RequestResponse";
      if (type === "RequestResponse") await invokeAndAnswer(options, fn, event, response);
      else {
        if (type === "Event") options.async.send(fn.name, event, "Invoke");
        response.writeHead(type === "Event" ? 202 : 204);
        response.end();
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // REST protocols name the error in a header.
      response.setHeader("x-amzn-errortype", error.code);
      const statusCode = error.code === "AccessDeniedException" ? 403 : error.statusCode;
      answerJson(response, statusCode, JSON_TYPE, { Message: error.message, message: error.message });
    }
    return true;
  };
}
