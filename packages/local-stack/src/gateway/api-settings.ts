import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import type { FunctionSettings } from "../functions/function-settings.ts";
import type { Functions } from "../functions/functions.ts";
import { localArn } from "../region.ts";
import type { Stack } from "../template/stack.ts";
import { noEffect } from "../template/template.ts";
import type { Authorizer } from "./authorize.ts";

const corsSchema = z.strictObject({
  AllowCredentials: z.boolean().default(false),
  AllowHeaders: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowOrigins: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  MaxAge: z.coerce.number().optional(),
});
export type Cors = z.infer<typeof corsSchema>;

export const apiSchema = z.strictObject({
  Name: z.string(),
  ProtocolType: z.literal("HTTP"),
  Description: noEffect,
  CorsConfiguration: corsSchema.optional(),
  Tags: noEffect,
});

export const authorizerSchema = z.strictObject({
  ApiId: z.string(),
  Name: z.string(),
  AuthorizerType: z.literal("JWT"),
  IdentitySource: z.tuple([z.literal("$request.header.Authorization")]),
  JwtConfiguration: z.strictObject({ Issuer: z.string(), Audience: z.array(z.string()) }),
});

export const integrationSchema = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal("AWS_PROXY"),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal("2.0"),
  TimeoutInMillis: z.coerce.number().default(30_000),
  IntegrationMethod: z.literal("POST").optional(),
});

export const routeSchema = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().regex(/^integrations\//),
  AuthorizationType: z.enum(["JWT", "NONE"]).default("NONE"),
  AuthorizerId: z.string().optional(),
  AuthorizationScopes: z.array(z.string()).default([]),
});

export const stageSchema = z.strictObject({
  ApiId: z.string(),
  // Any other stage would add its name to the beginning of every path.
  StageName: z.literal("$default"),
  AutoDeploy: z.literal(true),
  DefaultRouteSettings: z
    .strictObject({
      ThrottlingBurstLimit: z.coerce.number().default(5000),
      ThrottlingRateLimit: z.coerce.number().default(10_000),
      DetailedMetricsEnabled: z.boolean().optional(),
    })
    .optional(),
  AccessLogSettings: noEffect,
  Description: noEffect,
  Tags: noEffect,
});

/** A route with everything needed to answer a request. */
export interface ApiRoute {
  id: string;
  routeKey: string;
  fn: FunctionSettings;
  timeoutMs: number;
  authorizer: Authorizer | undefined;
  scopes: readonly string[];
}

/** An HTTP API of the template. */
export interface ApiSettings {
  apiId: string;
  cors: Cors | undefined;
  routes: readonly ApiRoute[];
  throttle: { ratePerSecond: number; burst: number };
}

const AWS_THROTTLE = { ratePerSecond: 10_000, burst: 5000 };

function functionOf(where: string, uri: string, functions: Pick<Functions, "find">): FunctionSettings {
  const arn = /\/functions\/([^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
  const fn = functions.find(arn);
  if (fn === undefined) throw new UnknownTemplateError(where, `integration with ${uri}`);
  return fn;
}

function readRoutes(stack: Stack, functions: Pick<Functions, "find">): ApiRoute[] {
  const authorizers = new Map(
    stack.resources("AWS::ApiGatewayV2::Authorizer", authorizerSchema).map(({ ref, properties }) => {
      const { Issuer, Audience } = properties.JwtConfiguration;
      return [ref, { issuer: Issuer, audience: Audience }] as const;
    }),
  );
  const integrations = new Map(
    stack
      .resources("AWS::ApiGatewayV2::Integration", integrationSchema)
      .map(({ ref, where, properties }) => [ref, { where, properties }] as const),
  );
  return stack.resources("AWS::ApiGatewayV2::Route", routeSchema).map(({ logicalId, where, properties }) => {
    const integration = integrations.get(properties.Target.replace(/^integrations\//, ""));
    if (integration === undefined) throw new UnknownTemplateError(where, `target ${properties.Target}`);
    const isProtected = properties.AuthorizationType === "JWT";
    const authorizer = isProtected ? authorizers.get(properties.AuthorizerId ?? "") : undefined;
    if (isProtected && authorizer === undefined) {
      throw new UnknownTemplateError(where, `authorizer ${properties.AuthorizerId ?? ""}`);
    }
    return {
      id: logicalId,
      routeKey: properties.RouteKey,
      fn: functionOf(integration.where, integration.properties.IntegrationUri, functions),
      timeoutMs: integration.properties.TimeoutInMillis,
      authorizer,
      scopes: properties.AuthorizationScopes,
    };
  });
}

/** The HTTP API of a stack, or null without one. Throws `UnknownTemplateError` if there are several. */
export function readApi(stack: Stack, functions: Pick<Functions, "find">): ApiSettings | null {
  const [api, second] = stack.resources("AWS::ApiGatewayV2::Api", apiSchema);
  if (api === undefined) return null;
  if (second !== undefined) throw new UnknownTemplateError(second.where, "a second HTTP API");
  const stage = stack.resources("AWS::ApiGatewayV2::Stage", stageSchema)[0]?.properties.DefaultRouteSettings;
  const throttle =
    stage === undefined
      ? AWS_THROTTLE
      : { ratePerSecond: stage.ThrottlingRateLimit, burst: stage.ThrottlingBurstLimit };
  return {
    apiId: api.ref,
    cors: api.properties.CorsConfiguration,
    routes: readRoutes(stack, functions),
    throttle,
  };
}

/** The source ARN with which API Gateway invokes a function, for checking its permission. */
export function routeArn(api: Pick<ApiSettings, "apiId">, routeKey: string): string {
  const [method = "*", path = "/$default"] =
    routeKey === "$default" ? ["*", "/$default"] : routeKey.split(" ");
  return localArn("execute-api", `${api.apiId}/$default/${method === "ANY" ? "*" : method}${path}`);
}
