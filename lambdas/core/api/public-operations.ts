import * as z from "zod/mini";
import { component, described } from "../base/field.ts";
import type { Operation } from "./operation.ts";

const healthSchema = component(
  "ServiceHealth",
  "The API answers",
  z.object({ status: z.literal("ok"), version: described("Of Trailcast", z.string()) }),
  { status: "ok", version: "0.1.0" },
);

/** Routes that need no token. */
export const publicOperations = {
  getHealth: {
    method: "GET",
    path: "/v1/health",
    tag: "Service",
    summary: "Whether the API answers",
    answers: { 200: { description: "It does", schema: healthSchema } },
    refusals: {},
  },
  getProblemType: {
    method: "GET",
    path: "/problems/{kind}",
    tag: "Service",
    summary: "What a type of problem means",
    description: "The `type` of a problem leads here.",
    answers: {
      200: {
        description: "A page with its cause and remedy",
        schema: z.string(),
        contentTypes: ["text/html"],
      },
    },
    refusals: { 404: "There is no such type" },
  },
  getOpenApi: {
    method: "GET",
    path: "/openapi.json",
    tag: "Service",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) } },
    refusals: {},
  },
} as const satisfies Record<string, Operation>;
