import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../fixtures/egress/rebind.ts");
const OWN_NETWORK = [
  "-rn",
  "sh",
  "-c",
  'ip link set lo up && ip addr add 93.184.215.14/32 dev lo && exec "$@"',
  "sh",
];
const canHaveOwnNetwork = spawnSync("unshare", [...OWN_NETWORK, "true"]).status === 0;

describe("DNS rebinding in a network namespace with a public address, with nothing replaced by the test", () => {
  it.skipIf(!canHaveOwnNetwork)("delivers to the public address and sends no byte to loopback", () => {
    const run = spawnSync("unshare", [...OWN_NETWORK, process.execPath, SCRIPT], {
      encoding: "utf8",
      timeout: 25_000,
    });
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toEqual({
      tally: {
        "public answered": 50,
        "inside no-public-address": 50,
        "flip answered": 25,
        "flip no-public-address": 25,
      },
      requests: 75,
      trap: { connections: 0, bytes: 0 },
    });
  });
});
