import type { MiddlewareObj, Request } from "@middy/core";
import type { Context } from "aws-lambda";
import type { HttpAnswer } from "../adapters/http-api.ts";

/** An invocation as the middlewares of the HTTP pipeline see it. */
export type HttpInvocation = Request<unknown, HttpAnswer, Error, Context>;

/** A middleware of the HTTP pipeline. */
export type HttpStep = MiddlewareObj<unknown, HttpAnswer, Error, Context>;
