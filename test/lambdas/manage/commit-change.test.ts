import { describe, expect, it } from "vitest";
import { AGAIN, untilCommitted } from "../../../lambdas/manage/commit-change.ts";
import { CHANGE_TRIES } from "../../../lambdas/manage/guards.ts";

/** An attempt that conflicts with other changes this many times; `made` counts the attempts. */
function contendedFor(times: number) {
  const made = { count: 0 };
  const attempt = async () => (++made.count > times ? undefined : AGAIN);
  return { made, attempt };
}

describe("a change", () => {
  it("is attempted until it is stored, whatever its result", async () => {
    const { made, attempt } = contendedFor(CHANGE_TRIES - 1);
    expect(await untilCommitted(attempt)).toBeUndefined();
    expect(made.count).toBe(CHANGE_TRIES);
  });

  it.each([
    ["its tries", undefined, CHANGE_TRIES],
    ["the tries it was given", 2, 2],
  ])("is refused after %s that all conflicted", async (_what, tries, most) => {
    const { made, attempt } = contendedFor(Number.POSITIVE_INFINITY);
    await expect(untilCommitted(attempt, tries)).rejects.toMatchObject({
      problem: { kind: "changed-meanwhile" },
    });
    expect(made.count).toBe(most);
  });
});
