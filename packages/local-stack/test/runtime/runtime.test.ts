import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  DataFolderInUseError,
  MissingGrantError,
  PortTakenError,
  SigningKeyError,
  UnknownTemplateError,
  startRuntime,
  type Runtime,
  type RuntimeOptions,
} from "../../src/index.ts";
import { authorityFiles } from "../../src/access.ts";
import {
  ISSUER,
  lambda,
  PIPELINE,
  route,
  temporaryFolder,
  TOKENS,
  withoutGrant,
  writeAssembly,
  type Resources,
} from "../fixtures/fixture-stack.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runtimes: Runtime[];

beforeEach(async () => {
  folder = await temporaryFolder();
  runtimes = [];
});

afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.stop()));
  await folder.remove();
});

async function start(
  cdkOut: string,
  options: Partial<RuntimeOptions> = {},
): Promise<Runtime & { lines: string[] }> {
  const lines: string[] = [];
  const runtime = await startRuntime({
    cdkOut,
    dir: join(folder.path, "data"),
    onLog: ({ line }) => lines.push(line),
    ...options,
  });
  runtimes.push(runtime);
  return { ...runtime, lines };
}

const post = (runtime: Runtime, id: string): Promise<Response> =>
  fetch(`${runtime.apiUrl}/items`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id }),
  });

describe("an event's path through a stack", () => {
  it("leads from a request through a table, its stream and a queue to a function", async () => {
    const runtime = await start(writeAssembly(folder.path, PIPELINE));
    const answers = await Promise.all(["a", "b", "c"].map((id) => post(runtime, id)));
    expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202]);
    await runtime.waitIdle();
    expect(runtime.lines.toSorted()).toEqual(["arrived a", "arrived b", "arrived c"]);
    expect(runtime.denials).toEqual([]);
  });

  it("continues after a restart with what was recorded but not yet handled", async () => {
    const cdkOut = writeAssembly(folder.path, PIPELINE);
    const halted = structuredClone(PIPELINE);
    halted["FromStream"]!.Properties!["Enabled"] = false;
    const first = await start(cdkOut, {
      editTemplate: (template) => ({ ...template, Resources: asTemplate(halted) }),
    });
    await post(first, "kept");
    await first.stop();
    const second = await start(cdkOut);
    await second.waitIdle();
    expect(second.lines).toEqual(["arrived kept"]);
  });
});

function asTemplate(
  resources: Resources,
): Record<string, { Type: string; Properties: Record<string, never> }> {
  return structuredClone(resources) as never;
}

describe("a missing permission", () => {
  it("fails the call with an error that names function, action and resource", async () => {
    const runtime = await start(
      writeAssembly(folder.path, withoutGrant(PIPELINE, "PutPolicy", "dynamodb:PutItem")),
    );
    const answer = await post(runtime, "a");
    expect(answer.status).toBe(500);
    expect(runtime.denials).toMatchObject([
      {
        principal: "Put",
        action: "dynamodb:PutItem",
        resource: "arn:aws:dynamodb:us-east-1:000000000000:table/Fixture-Table",
      },
    ]);
    await vi.waitFor(() => expect(runtime.lines.join("\n")).toContain("AccessDeniedException"));
    expect(runtime.lines.join("\n")).toContain(
      "assumed-role/Fixture-PutRole/Put is not authorized to perform",
    );
  });

  it.each([
    ["ForwardPolicy", "dynamodb:GetRecords", "Forward", /table\/Fixture-Table\/stream\//],
    [
      "ArrivePolicy",
      "sqs:ReceiveMessage",
      "Arrive",
      /^arn:aws:sqs:us-east-1:000000000000:Fixture-Queue.fifo$/,
    ],
  ])("fails the start if %s lacks %s", async (policyId, action, principal, resource) => {
    const cdkOut = writeAssembly(folder.path, withoutGrant(PIPELINE, policyId, action));
    const error = await start(cdkOut).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MissingGrantError);
    expect(error).toMatchObject({ principal, action, resource: expect.stringMatching(resource) });
  });

  it("fails an API request whose function does not allow the API to invoke it", async () => {
    const { PutRoutePermission: _taken, ...resources } = PIPELINE;
    const runtime = await start(writeAssembly(folder.path, resources));
    expect((await post(runtime, "a")).status).toBe(500);
    expect(runtime.denials).toMatchObject([{ principal: "PutRoute", action: "lambda:InvokeFunction" }]);
  });
});

describe("functions", () => {
  const FUNCTIONS: Resources = {
    ...lambda("Environment", "environment", {
      environment: { GREETING: "hello" },
      properties: { Timeout: 300 },
    }),
    ...lambda("Misbehave", "misbehave", { properties: { Timeout: 1, MemorySize: 128 } }),
    ...lambda("Broken", "broken"),
  };

  it("see the template's environment and Lambda's own, but nothing of this machine", async () => {
    process.env["OF_THIS_MACHINE"] = "secret";
    const runtime = await start(writeAssembly(folder.path, FUNCTIONS));
    const seen = (await runtime.invoke("Environment", {})) as {
      env: Record<string, string>;
      remaining: number;
      arn: string;
      workerData: object;
    };
    expect(seen.env).toMatchObject({
      GREETING: "hello",
      AWS_LAMBDA_FUNCTION_NAME: "Fixture-Environment",
      AWS_ENDPOINT_URL: runtime.awsEndpointUrl,
      AWS_ACCESS_KEY_ID: "LOCALEnvironment",
    });
    expect(seen.env).not.toHaveProperty("OF_THIS_MACHINE");
    expect(seen.env).not.toHaveProperty("PATH");
    expect(seen.remaining).toBeGreaterThan(240_000);
    expect(seen.remaining).toBeLessThanOrEqual(300_000);
    expect(seen.arn).toBe("arn:aws:lambda:us-east-1:000000000000:function:Fixture-Environment");
    expect(Object.keys(seen.workerData)).toEqual(["instance"]);
  });

  it("find the facts about this machine that the start gives in workerData", async () => {
    const runtime = await start(writeAssembly(folder.path, FUNCTIONS), {
      workerData: (machine) => ({ app: { machine, isLocal: true } }),
    });
    const ca = readFileSync(authorityFiles(runtime.dir).ca, "utf8");
    expect(await runtime.invoke("Environment", {})).toMatchObject({
      workerData: {
        app: { machine: { ca: expect.arrayContaining([ca]), clock: runtime.clock.anchor }, isLocal: true },
      },
    });
  });

  it("fail alone if they throw, exit, hang or run out of memory, and work again afterwards", async () => {
    const runtime = await start(writeAssembly(folder.path, FUNCTIONS), { maxWorkers: 1 });
    const failure = (does: string): Promise<unknown> =>
      runtime.invoke("Misbehave", { does }).then(
        () => "succeeded",
        (error: { errorType: string }) => error.errorType,
      );
    expect(await runtime.invoke("Misbehave", {})).toEqual({ calls: 1 });
    expect(await failure("throw")).toBe("TypeError");
    expect(await runtime.invoke("Misbehave", {})).toEqual({ calls: 3 });
    expect(await failure("exit")).toBe("Runtime.ExitError");
    expect(await failure("hang")).toBe("Sandbox.Timedout");
    expect(await failure("eat-memory")).not.toBe("succeeded");
    expect(await runtime.invoke("Misbehave", {})).toEqual({ calls: 1 });
    await expect(runtime.invoke("Broken", {})).rejects.toThrow("cannot be loaded");
    await expect(runtime.invoke("Nobody", {})).rejects.toThrow("0 functions have this id");
  });
});

describe("a start that fails", () => {
  it("names the port that is in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const cdkOut = writeAssembly(folder.path, PIPELINE);
    const error = await start(cdkOut, { port }).catch((reason: unknown) => reason);
    server.close();
    expect(error).toBeInstanceOf(PortTakenError);
    expect(error).toMatchObject({ port });
    await expect(start(cdkOut)).resolves.toBeDefined();
  });

  it("names a malformed signing key before anything runs", async () => {
    const cdkOut = writeAssembly(folder.path, PIPELINE);
    const dir = join(folder.path, "data");
    mkdirSync(dir);
    writeFileSync(join(dir, "issuer-key.json"), '{"kty":"RSA"');
    const error = await start(cdkOut).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SigningKeyError);
    expect(error).toMatchObject({ message: expect.stringContaining(join(dir, "issuer-key.json")) });
  });

  it("stops its mappings if it fails after they were started", async () => {
    const cdkOut = writeAssembly(folder.path, PIPELINE, { Outputs: { Odd: { Value: { "Fn::Odd": "" } } } });
    // A mapping that was not stopped would go on reading closed tables, and this test would never end.
    await expect(start(cdkOut)).rejects.toThrow(UnknownTemplateError);
    rmSync(cdkOut, { recursive: true });
    await expect(start(writeAssembly(folder.path, PIPELINE))).resolves.toBeDefined();
  });

  it("names the process that uses the folder", async () => {
    const cdkOut = writeAssembly(folder.path, PIPELINE);
    await start(cdkOut);
    const error = await start(cdkOut).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataFolderInUseError);
    expect(error).toMatchObject({ pid: process.pid });
  });
});

describe("the HTTP API", () => {
  const API: Resources = {
    ...TOKENS,
    ...lambda("Echo", "echo"),
    Api: {
      Type: "AWS::ApiGatewayV2::Api",
      Properties: {
        Name: "Api",
        ProtocolType: "HTTP",
        CorsConfiguration: { AllowOrigins: ["https://console.example.com"], AllowMethods: ["GET"] },
      },
    },
    ...route("Open", "GET /open/{proxy+}", "Echo"),
    ...route("Closed", "POST /v1/{team}", "Echo", false),
    ...lambda("Misbehave", "misbehave", { properties: { Timeout: 20 } }),
    ...route("Slow", "POST /slow", "Misbehave", true, 300),
    ...route("Failing", "POST /failing", "Misbehave"),
  };

  it("accepts only tokens of the local issuer", async () => {
    const runtime = await start(writeAssembly(folder.path, API));
    const ask = async (token?: string): Promise<[number, unknown]> => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${runtime.apiUrl}/v1/t_1`, { method: "POST", headers });
      return [answer.status, await answer.json()];
    };
    const request = { ...ISSUER, claims: { teams: ["t_1", "t_2"], scope: "a b" } };
    const [status, event] = await ask(await runtime.token(request));
    expect(status).toBe(200);
    expect(event).toMatchObject({
      routeKey: "POST /v1/{team}",
      pathParameters: { team: "t_1" },
      requestContext: {
        authorizer: { jwt: { claims: { teams: "[t_1 t_2]", scope: "a b" }, scopes: null } },
      },
    });
    const unauthorized = [401, { message: "Unauthorized" }];
    expect(await ask()).toEqual(unauthorized);
    expect(await ask("rubbish")).toEqual(unauthorized);
    expect(await ask(await runtime.token({ ...request, expiresIn: -10 }))).toEqual(unauthorized);
    expect(await ask(await runtime.token({ ...request, issuer: "https://other.test" }))).toEqual(
      unauthorized,
    );
    expect(await ask(await runtime.token({ ...request, audience: "other" }))).toEqual(unauthorized);
  });

  it("passes payload format 2.0 and returns API Gateway's own responses", async () => {
    const runtime = await start(writeAssembly(folder.path, API));
    const headers = { cookie: "a=1; b=2", origin: "https://console.example.com", "x-own": "y" };
    const answer = await fetch(`${runtime.apiUrl}/open/a%20b/c?q=1&q=2&s=x+y`, { headers });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://console.example.com");
    expect(await answer.json()).toMatchObject({
      version: "2.0",
      rawPath: "/open/a%20b/c",
      rawQueryString: "q=1&q=2&s=x+y",
      cookies: ["a=1", "b=2"],
      headers: { "x-own": "y" },
      queryStringParameters: { q: "1,2", s: "x y" },
      pathParameters: { proxy: "a b/c" },
      requestContext: { http: { method: "GET", path: "/open/a%20b/c" }, stage: "$default" },
      isBase64Encoded: false,
    });
    const missing = await fetch(`${runtime.apiUrl}/nowhere`);
    expect([missing.status, await missing.json()]).toEqual([404, { message: "Not Found" }]);
    const large = await fetch(`${runtime.apiUrl}/slow`, { method: "POST", body: "x".repeat(10_500_000) });
    expect(large.status).toBe(413);
    const slow = await fetch(`${runtime.apiUrl}/slow`, { method: "POST", body: '{"does":"hang"}' });
    expect([slow.status, await slow.json()]).toEqual([503, { message: "Service Unavailable" }]);
    const failed = await fetch(`${runtime.apiUrl}/failing`, { method: "POST", body: '{"does":"throw"}' });
    expect([failed.status, await failed.json()]).toEqual([500, { message: "Internal Server Error" }]);
  });
});
