import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { type Environment, EnvironmentError } from "../../../lambdas/adapters/environment.ts";
import { createEntryPoint } from "../../../lambdas/pipeline/entry-point.ts";
import { lambdaContext } from "../../helpers/http-events.ts";

describe("the entry point of a function", () => {
  it("connects its dependencies and creates its handler once, at the first invocation", async () => {
    const connect = vi.fn<(environment: Environment) => number>(() => 1);
    const create = vi.fn<(step: number) => (event: unknown) => Promise<number>>(
      (step) => async (event) => Number(event) + step,
    );
    const handler = createEntryPoint(connect, create);
    expect(connect).not.toHaveBeenCalled();
    expect([await handler(1, lambdaContext), await handler(2, lambdaContext)]).toStrictEqual([2, 3]);
    expect(connect).toHaveBeenCalledTimes(1);
    expect(create).toHaveBeenCalledTimes(1);
  });

  it("tries again at the next invocation if a dependency could not be connected", async () => {
    let isSet = false;
    const connect = (): number => {
      if (!isSet) throw new EnvironmentError("NAME", "missing");
      return 7;
    };
    const handler = createEntryPoint(connect, (answer) => async () => answer);
    await expect(handler({}, lambdaContext)).rejects.toThrow("Environment variable NAME is missing");
    isSet = true;
    expect(await handler({}, lambdaContext)).toBe(7);
  });
});

describe("an error that a function throws and Lambda logs", () => {
  it.each([
    [() => JSON.parse("hunter2"), "SyntaxError"],
    [() => Promise.reject(new Error("hunter2", { cause: new Error("hunter2") })), "Error"],
    // oxlint-disable-next-line no-throw-literal -- what others throw
    [() => Promise.reject("hunter2"), "Error"],
  ])("has its class and place, but not its message: %#", async (fail, name) => {
    const handler = createEntryPoint(
      () => undefined,
      () => async () => fail(),
    );
    const thrown: unknown = await handler({}, lambdaContext).catch((error: unknown) => error);
    expect(thrown).toHaveProperty("name", name);
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain("hunter2");
  });

  it("keeps its message if Trailcast wrote it", async () => {
    const handler = createEntryPoint(
      () => undefined,
      () => async () => {
        throw new EnvironmentError("NAME", "missing");
      },
    );
    await expect(handler({}, lambdaContext)).rejects.toThrow("Environment variable NAME is missing");
    const thrown: unknown = await handler({}, lambdaContext).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      name: "EnvironmentError",
      stack: expect.stringContaining("entry-point.test.ts"),
    });
  });
});
