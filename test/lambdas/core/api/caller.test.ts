import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorise, authoriseOperator, callerOfClaims } from "../../../../lambdas/core/api/caller.ts";

const workspaceId = fc.stringMatching(/^ws_[A-Za-z0-9_]{1,20}$/);

describe("claims", () => {
  it("name the same workspaces in every notation that a token or an HTTP API uses for lists", () => {
    fc.assert(
      fc.property(fc.array(workspaceId), (ids) => {
        for (const claim of [ids, `[${ids.join(" ")}]`, JSON.stringify(ids), ids.join(" "), ids.join(",")]) {
          expect(callerOfClaims({ workspaces: claim }, "").workspaces).toStrictEqual(ids);
        }
      }),
    );
  });

  it("that are missing, empty or of an unexpected type grant nothing", () => {
    for (const claim of [undefined, null, "", "[]", 7, {}, [7], "ws_", "[not_one]", "**"]) {
      expect(callerOfClaims({ workspaces: claim, scope: claim }, "").workspaces).toStrictEqual([]);
    }
    expect(callerOfClaims(undefined, "")).toStrictEqual({ subject: "", workspaces: [], scopes: [] });
  });

  it("make the caller an operator if the workspaces are exactly an asterisk, also as the only list element", () => {
    for (const claim of ["*", "[*]", ["*"], '["*"]']) {
      expect(callerOfClaims({ workspaces: claim }, "").workspaces).toBe("*");
    }
  });

  it("do not make the caller an operator if an asterisk stands among other text, in any notation", () => {
    for (const claim of [
      ["ws_1", "*"],
      "[ws_1 *]",
      "[ws_1,*]",
      '["ws_1 *"]',
      '["ws_1","*"]',
      "ws_1 *",
      "* *",
      ["ws_1 *"],
      ["*", "*"],
      '"*" ws_1',
      "map[*:1]",
      { "*": 1 },
    ]) {
      const { workspaces } = callerOfClaims({ workspaces: claim }, "");
      expect(Array.isArray(workspaces) && workspaces.every((id) => id === "ws_1")).toBe(true);
    }
  });

  it("do not grant a scope that is only part of a word", () => {
    for (const scope of [
      "x,events:read",
      "events:read,x",
      "[x,events:read]",
      ["x events:read"],
      '"events:read',
    ]) {
      expect(callerOfClaims({ scope }, "").scopes).not.toContain("events:read");
    }
    expect(
      callerOfClaims({ scope: "t/t/events:read events:readt/ T/events:read" }, "t/").scopes,
    ).toStrictEqual(["t/events:read"]);
  });

  it("may name their scopes in `scp` as text, as a list or as a flattened list", () => {
    const both = ["events:read", "events:write"];
    for (const scp of [
      both,
      "events:read events:write",
      "[events:read events:write]",
      JSON.stringify(both),
    ]) {
      expect(callerOfClaims({ scp }, "").scopes).toStrictEqual(both);
      expect(callerOfClaims({ scp, scope: "destinations:read" }, "").scopes).toStrictEqual([
        "destinations:read",
      ]);
      expect(callerOfClaims({ scp, scope: "" }, "").scopes).toStrictEqual([]);
    }
    for (const scp of [undefined, null, "", "[]", 7, {}, [7], "x,events:read", ["x events:read"]]) {
      expect(callerOfClaims({ scp }, "").scopes).not.toContain("events:read");
    }
    expect(callerOfClaims({ scp: ["t/events:read", "events:write"] }, "t/").scopes).toStrictEqual([
      "events:read",
    ]);
  });

  it("grant only scopes with the configured prefix, which is removed", () => {
    const scope = "trailcast/events:write events:read trailcast/destinations:read";
    expect(callerOfClaims({ scope }, "trailcast/").scopes).toStrictEqual([
      "events:write",
      "destinations:read",
    ]);
  });
});

describe("authorisation", () => {
  const caller = callerOfClaims({ workspaces: "[ws_1]", scope: "events:read" }, "");
  const operator = callerOfClaims({ workspaces: "*", scope: "events:read" }, "");

  it("requires the scope and the workspace", () => {
    expect(authorise(caller, "ws_1", "events:read")).toBeUndefined();
    expect(authorise(caller, "ws_1", "events:write")).toMatchObject({ status: 403, kind: "missing-scope" });
    expect(authorise(caller, "ws_2", "events:read")).toMatchObject({
      status: 403,
      kind: "forbidden-workspace",
    });
    expect(authorise(operator, "ws_2", "events:read")).toBeUndefined();
    expect(authorise(operator, "ws_2/1", "events:read")).toMatchObject({ status: 404 });
  });

  it("reserves operators' routes for operators", () => {
    expect(authoriseOperator(operator, "ws_1", "events:read")).toBeUndefined();
    expect(authoriseOperator(caller, "ws_1", "events:read")).toMatchObject({
      status: 403,
      kind: "operator-only",
    });
  });
});
