import { describe, expect, it } from "vitest";
import { wantsType } from "../../../../lambdas/core/destination/destination.ts";

describe.each(["pro.atmos", "com.example.audit"])("a destination, where types begin with %s,", (prefix) => {
  const wants = (filter: readonly string[], type: string): boolean =>
    wantsType(
      filter.map((one) => `${prefix}.${one}`),
      `${prefix}.${type}`,
    );

  it("without a filter gets every type", () => {
    expect(wants([], "billing.paid")).toBe(true);
  });

  it("gets a type that its filter names, and none that only begins or ends like it", () => {
    expect(wants(["billing.paid"], "billing.paid")).toBe(true);
    for (const other of ["billing.paid_back", "billing.paid.x", "billing.pai", "xbilling.paid", "billing"])
      expect([other, wants(["billing.paid"], other)]).toEqual([other, false]);
  });

  it("with an asterisk gets all types below the prefix, and none that only begins like it", () => {
    for (const below of ["billing.x", "billing.paid", "billing.paid.twice"])
      expect([below, wants(["billing.*"], below)]).toEqual([below, true]);
    for (const other of ["billing_x.paid", "billingx", "billing", "x.billing.paid"])
      expect([other, wants(["billing.*"], other)]).toEqual([other, false]);
  });

  it("gets what any line of its filter lets through", () => {
    const filter = ["billing.*", "team_member.invited"];
    expect(["billing.paid", "team_member.invited"].map((type) => wants(filter, type))).toEqual([true, true]);
    expect(wants(filter, "team_member.removed")).toBe(false);
  });

  it("gets no type with another prefix", () => {
    expect(wantsType([`${prefix}.*`], `${prefix}x.billing.paid`)).toBe(false);
    expect(wantsType([`${prefix}.*`], "org.other.billing.paid")).toBe(false);
    expect(wantsType([`${prefix}.billing.paid`], "org.other.billing.paid")).toBe(false);
  });
});
