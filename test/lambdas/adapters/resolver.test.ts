import { afterEach, describe, expect, it, vi } from "vitest";
import { createNameResolver } from "../../../lambdas/adapters/resolver.ts";
import type { Resolution } from "../../../lambdas/core/egress/name-resolution.ts";
import { type NameAnswer, type NameServer, startNameServer } from "../../helpers/name-server.ts";

let server: NameServer | undefined;
afterEach(() => server?.stop());

async function resolve(
  answer: (name: string, type: "A" | "AAAA") => NameAnswer,
  name = "siem.example.com",
): Promise<Resolution> {
  server = await startNameServer(answer);
  return createNameResolver({ servers: [server.server], totalMs: 400 }).resolve(name);
}

describe("resolving a name", () => {
  it("returns the addresses of both families, each requested once", async () => {
    const resolution = await resolve(() => ({ addresses: ["8.8.8.8", "8.8.4.4", "2606:4700::1111"] }));
    expect(resolution).toEqual({ kind: "addresses", addresses: ["8.8.8.8", "8.8.4.4", "2606:4700::1111"] });
    expect(server?.asked.toSorted()).toEqual(["A siem.example.com", "AAAA siem.example.com"]);
  });

  it("returns the addresses at the end of an alias", async () => {
    const resolution = await resolve(() => ({ alias: "inside.corp", addresses: ["10.0.0.1"] }));
    expect(resolution).toEqual({ kind: "addresses", addresses: ["10.0.0.1"] });
  });

  it("distinguishes a name without addresses, a time-out and a failure", async () => {
    expect(await resolve(() => "no-such-name")).toEqual({ kind: "not-found" });
    await server?.stop();
    expect(await resolve(() => "no-data")).toEqual({ kind: "not-found" });
    await server?.stop();
    expect(await resolve(() => "silence")).toEqual({ kind: "timeout" });
    await server?.stop();
    expect(await resolve(() => "server-failure")).toEqual({ kind: "failed" });
  });

  it("succeeds with the addresses of one family if the other fails", async () => {
    const resolution = await resolve((_, type) =>
      type === "A" ? { addresses: ["8.8.8.8"] } : "server-failure",
    );
    expect(resolution).toEqual({ kind: "addresses", addresses: ["8.8.8.8"] });
  });

  it("uses neither the hosts file nor a search domain", async () => {
    expect(await resolve(() => "no-such-name", "localhost")).toEqual({ kind: "not-found" });
    expect(new Set(server?.asked)).toEqual(new Set(["A localhost", "AAAA localhost"]));
  });

  it("takes three seconds at most by default", async () => {
    server = await startNameServer(() => "silence");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const resolution = createNameResolver({ servers: [server.server] }).resolve("siem.example.com");
      vi.advanceTimersByTime(2999);
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(1);
      expect(vi.getTimerCount()).toBe(0);
      expect(await resolution).toEqual({ kind: "timeout" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("does not wait for other names that hang", async () => {
    server = await startNameServer((name) =>
      name.startsWith("slow") ? "silence" : { addresses: ["8.8.8.8"] },
    );
    const resolver = createNameResolver({ servers: [server.server], totalMs: 1500 });
    const hanging = Promise.all(
      Array.from({ length: 16 }, (_, index) => resolver.resolve(`slow-${index}.example.com`)),
    );
    const good = resolver.resolve("good.example.com");
    expect(await Promise.race([good, hanging])).toMatchObject({ kind: "addresses" });
    expect(new Set((await hanging).map(({ kind }) => kind))).toEqual(new Set(["timeout"]));
  });
});
