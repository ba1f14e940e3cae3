import type { HttpRequest } from "../adapters/http-api.ts";
import { isWorkspaceId } from "../core/base/ids.ts";
import { type LogFields, withFields } from "../core/base/log.ts";
import type { HttpStep } from "./http-step.ts";
import type { EventParser } from "./parse-event.ts";

/**
 * Gives the request a log whose lines contain its workspace and trace id. Must come after the step that parses the
 * request.
 */
export function logContext({ parsed }: EventParser<HttpRequest>): HttpStep {
  return {
    before: ({ event }) => {
      const request = parsed(event);
      if (request !== undefined) request.log = withFields(request.log, contextOf(request));
    },
  };
}

/** Of a request's path the log contains only the workspace, and only if it has the form of a workspace's id. */
function contextOf({ parameters, trace }: HttpRequest): LogFields {
  const workspace = parameters["ws"] ?? "";
  return {
    ...(isWorkspaceId(workspace) && { workspace }),
    ...(trace !== undefined && { trace }),
  };
}
