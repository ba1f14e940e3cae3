import type { MiddlewareObj } from "@middy/core";
import { withoutForeignText } from "../adapters/describe-error.ts";

/**
 * Rethrows an error without the text of others, because Lambda writes to the function's log whatever a function throws. The error is
 * replaced rather than thrown here: middy attaches the original to an error that a middleware throws, and Lambda would log both.
 */
export function withholdForeignText(): MiddlewareObj {
  return {
    onError: (request) => {
      request.error = withoutForeignText(request.error);
    },
  };
}
