import * as z from "zod/mini";
import { PROBLEM_BASE } from "../base/problem.ts";
import { component, described } from "../base/field.ts";

/** The form of every error response of Trailcast (RFC 9457). Some kinds have more members. */
export const problemSchema = component(
  "Problem",
  "A refusal (RFC 9457): what was wrong, where, and what to do",
  z.looseObject({
    type: described("Names the type of the problem, and leads to its cause and remedy", z.string()),
    title: z.string(),
    status: z.int(),
    detail: described("What to do about it", z.string()),
    field: described("Place in the request", z.optional(z.string())),
    limit: described("The bound that was passed", z.optional(z.string())),
  }),
  {
    type: `${PROBLEM_BASE}invalid-request`,
    title: "The request is not valid",
    status: 400,
    detail: "name must be a text of 1 to 100 characters.",
    field: "name",
    limit: "100 characters",
  },
);

/** Errors that API Gateway itself returns, before a function is invoked. */
export const gatewayMessageSchema = component(
  "GatewayMessage",
  "An answer of API Gateway itself: the token is missing, expired, or of another issuer",
  z.object({ message: z.string() }),
  { message: "Unauthorized" },
);
