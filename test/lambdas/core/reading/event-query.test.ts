import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvCell, csvRow, matchesFilter } from "../../../../lambdas/core/reading/event-query.ts";
import type { RecordedEvent } from "../../../../lambdas/core/entry/recorded-event.ts";

const event: RecordedEvent = {
  id: "aud_1",
  type: "pro.atmos.team_member.invited",
  time: "2026-11-23T05:00:00.000Z",
  data: {
    actor: { id: "usr_1", type: "user", name: "Ada" },
    action: { category: "team_member", action: "invited" },
    target: { type: "user", id: "usr_9" },
    description: "Invited Grace to the team",
    metadata: { role: "Admin", seats: 3 },
  },
};

describe("a query", () => {
  it.each([
    [{}, true],
    [{ category: "team_member" }, true],
    [{ category: "team" }, false],
    [{ action: "invited", actor: "usr_1", target: "usr_9" }, true],
    [{ actor: "usr_2" }, false],
    [{ target: "usr_1" }, false],
    [{ q: "GRACE" }, true],
    [{ q: "admin" }, true],
    [{ q: "3" }, true],
    [{ q: "metadata" }, false],
  ])("with %o matches the event: %s", (filter, expected) => {
    expect(matchesFilter(event, filter)).toBe(expected);
  });

  it("for a target leaves out events without one", () => {
    const untargeted = { ...event, data: { ...event.data, target: null } };
    expect(matchesFilter(untargeted, { target: "usr_9" })).toBe(false);
  });
});

describe("a CSV cell", () => {
  it.each([
    ["=1+1", `"'=1+1"`],
    ["+1", `"'+1"`],
    ["-1", `"'-1"`],
    ["@SUM(A1)", `"'@SUM(A1)"`],
    ["  =cmd|' /C calc'!A0", `"'  =cmd|' /C calc'!A0"`],
    ["\t=1", `"'\t=1"`],
    ["\tabc", `"'\tabc"`],
    ["\rabc", `"'\rabc"`],
    ["\nabc", `"'\nabc"`],
    ["＝1", `"'＝1"`],
    ['say "hi"', '"say ""hi"""'],
    ["a,b\r\nc", '"a,b\r\nc"'],
    [undefined, '""'],
    [null, '""'],
    [{ a: 1 }, '"{""a"":1}"'],
  ])("for %o is %s", (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it("never begins with a formula, whatever the text is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(csvCell(text)).not.toMatch(/^"\s*[=+\-@\t\r]/);
      }),
    );
  });
});

it("a CSV row leaves the cells of the context empty if the event has none", () => {
  expect(csvRow(JSON.stringify(event), "2026-11-23T05:00:01.000Z")).toMatch(
    /,"","","","2026-11-23T05:00:01.000Z"\r\n$/,
  );
});

it("a CSV row holds the event in the order of the columns", () => {
  const context = { ip: "203.0.113.9", userAgent: "=cmd()", requestId: "req_1" };
  const line = JSON.stringify({ ...event, data: { ...event.data, context } });
  expect(csvRow(line, "2026-11-23T05:00:01.000Z")).toBe(
    '"aud_1","2026-11-23T05:00:00.000Z","pro.atmos.team_member.invited","team_member","invited",' +
      '"user","usr_1","Ada","","user","usr_9","","Invited Grace to the team","{""role"":""Admin"",""seats"":3}",' +
      `"203.0.113.9","'=cmd()","req_1","2026-11-23T05:00:01.000Z"\r\n`,
  );
});
