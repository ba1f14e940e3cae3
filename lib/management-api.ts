import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRouteKey,
  HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { acknowledge } from "./acknowledge.ts";
import { API_ROUTES } from "./api-routes.ts";
import type { Deployment } from "./deployment.ts";
import type { TokenIssuer } from "./identity.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

// Contains neither query strings, which may hold what people search for, nor headers.
const ACCESS_LOG = {
  requestId: "$context.requestId",
  at: "$context.requestTimeEpoch",
  route: "$context.routeKey",
  path: "$context.path",
  status: "$context.status",
  durationMs: "$context.responseLatency",
  bytes: "$context.responseLength",
  sourceIp: "$context.identity.sourceIp",
  subject: "$context.authorizer.claims.sub",
  authorizerError: "$context.authorizer.error",
  integrationError: "$context.integrationErrorMessage",
};

/** The HTTP API: one stage, and a JWT authoriser for all routes except the open ones. */
export class ManagementApi extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  /** Without a trailing slash. */
  readonly url: string;
  readonly consoleUrl: string;

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    const { corsOrigins, requestsPerSecond, burst } = deployment.settings.api;
    this.api = new HttpApi(this, "Api", {
      apiName: Stack.of(this).stackName,
      description: "Trailcast: record audit events, manage where they are delivered",
      createDefaultStage: false,
      ...(corsOrigins.length > 0 && { corsPreflight: corsFor(corsOrigins) }),
    });
    const logGroup = new LogGroup(this, "AccessLogs", {
      retention: deployment.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new HttpStage(this, "Stage", {
      httpApi: this.api,
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    this.url = this.api.apiEndpoint;
    this.consoleUrl = `${this.url}/console/`;
  }

  /** Adds the routes of `API_ROUTES` with the functions that answer them. The `open` ones need no token. */
  route(tokens: TokenIssuer, answers: Readonly<Record<keyof typeof API_ROUTES, TrailcastFunction>>): void {
    const authorizer = new HttpJwtAuthorizer("Tokens", tokens.issuer, { jwtAudience: [...tokens.audience] });
    for (const part of ["ingest", "reading", "management"] as const) {
      this.routeTo(part, answers[part], API_ROUTES[part], authorizer);
      // The functions check scope and workspace; the authoriser only verifies the token.
      answers[part].equip({ [ENV.scopePrefix]: tokens.scopePrefix });
    }
    this.routeTo("open", answers.open, API_ROUTES.open, new HttpNoneAuthorizer());
  }

  private routeTo(
    id: string,
    fn: TrailcastFunction,
    routes: readonly string[],
    authorizer: IHttpRouteAuthorizer,
  ): void {
    const integration = new HttpLambdaIntegration(id, fn, {
      timeout: Duration.seconds(29),
      // A permission for each route would exceed the 20 kB of a function's resource policy.
      scopePermissionToRoute: false,
    });
    for (const routeKey of routes) {
      const [method = "", path = ""] = routeKey.split(" ");
      const route = new HttpRoute(this, routeKey, {
        httpApi: this.api,
        routeKey: HttpRouteKey.with(path, methodOf(method)),
        integration,
        authorizer,
      });
      if (authorizer instanceof HttpNoneAuthorizer) {
        acknowledge(
          route,
          "APIG4",
          "Open to everybody: health, the API's description and types of problems, and the console's page",
        );
      }
    }
  }
}

function methodOf(name: string): HttpMethod {
  const method = Object.values(HttpMethod).find((known) => known === name);
  if (method === undefined) throw new Error(`${name} is no HTTP method`);
  return method;
}

function corsFor(allowOrigins: readonly string[]) {
  return {
    allowOrigins: [...allowOrigins],
    allowMethods: [
      CorsHttpMethod.GET,
      CorsHttpMethod.POST,
      CorsHttpMethod.PUT,
      CorsHttpMethod.PATCH,
      CorsHttpMethod.DELETE,
    ],
    allowHeaders: ["authorization", "content-type", "idempotency-key", "if-match"],
    exposeHeaders: ["etag", "location"],
    maxAge: Duration.hours(1),
  };
}
