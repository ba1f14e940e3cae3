import type { MiddlewareObj } from "@middy/core";
import { withoutForeignText } from "../adapters/describe-error.ts";

/**
 * Rethrows an error without text that Trailcast did not write, because Lambda writes everything that a function throws
 * to its log. The error is replaced, not thrown here: middy attaches the original to an error that a middleware throws,
 * and Lambda would log both.
 */
export function withholdForeignText(): MiddlewareObj {
  return {
    onError: (request) => {
      request.error = withoutForeignText(request.error);
    },
  };
}
