import { relative } from "node:path";
import { DEMO_WORKSPACE } from "./demo.ts";
import type { ArrivalSummary } from "./arrivals.ts";
import { eventCount, fact, heading, type Terminal } from "./terminal.ts";
import type { Endpoints } from "../endpoints.ts";

const SAMPLE = `{"events":[{"category":"sign_in","action":"succeeded","actor":{"type":"user","id":"usr_1"}}]}`;

/** Prints the result of the demo. */
export function printSummary(terminal: Terminal, summary: ArrivalSummary): void {
  const { colours } = terminal;
  const faults = [
    [summary.unverified, "batches not verified"],
    [summary.outOfOrder, "events out of order"],
    [summary.repeated, "events delivered again"],
    [summary.missing, "events still on their way"],
  ] as const;
  const found = faults.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  heading(terminal, "Arrived");
  const verdict =
    found.length === 0
      ? colours.green("every signature valid, in order, nothing missing, nothing twice")
      : colours.yellow(found.join(", "));
  terminal.line(`  ${eventCount(summary.events)} in ${summary.batches} batches: ${verdict}`);
  if (summary.medianLatencyMs !== undefined && summary.slowestMs !== undefined) {
    const [median, slowest] = [summary.medianLatencyMs, summary.slowestMs].map(Math.round);
    terminal.line(colours.dim(`  from POST to receiver: median ${median} ms, slowest ${slowest} ms`));
  }
}

/** Prints the addresses of the stack and suggestions for what to do next. */
export function printWhereToGo(
  terminal: Terminal,
  where: { endpoints: Endpoints; dir: string; receivedFile: string; demo: boolean },
): void {
  const { endpoints, dir, demo } = where;
  const { colours } = terminal;
  const data = relative(process.cwd(), dir) === ".trailcast" ? "" : ` --data ${dir}`;
  const workspace = demo ? DEMO_WORKSPACE : "ws_1";
  heading(terminal, "Next steps");
  fact(terminal, "API", `${endpoints.apiUrl}  ${colours.dim("/openapi.json")}`);
  fact(terminal, "Console", endpoints.consoleUrl);
  fact(terminal, "", colours.dim(`its token: ${consoleToken(data, workspace)}`));
  fact(terminal, "Receiver", endpoints.receiverUrl);
  fact(terminal, "Data", `${dir}  ${colours.dim("logs/, received.ndjson, endpoints.json, tls/ca.pem")}`);
  terminal.line();
  terminal.line(
    demo ? "  Send one event and watch it arrive here:" : "  Register a workspace, then record an event:",
  );
  terminal.line();
  if (!demo) terminal.line(colours.cyan(`    ${registerCommand(data)}`));
  for (const line of sendCommands(endpoints, data, workspace)) terminal.line(colours.cyan(`    ${line}`));
  terminal.line();
  if (demo) {
    terminal.line("  Verify that the journal is complete and that no delivery was missed:");
    terminal.line();
    terminal.line(colours.cyan(`    npx trailcast verify --journal${data}`));
    terminal.line(
      colours.cyan(`    npx trailcast verify --chain ${relative(process.cwd(), where.receivedFile)}`),
    );
    terminal.line();
  }
  terminal.line(
    colours.dim(
      "  Ctrl-C stops the stack. Started again on the same data folder, it continues with the stored data.",
    ),
  );
  terminal.line();
}

function consoleToken(data: string, workspace: string): string {
  return `npx trailcast token --workspace ${workspace} --scope "destinations:read destinations:write"${data}`;
}

function registerCommand(data: string): string {
  return `npx trailcast entitlements put --workspace ws_1 --plan enterprise${data}`;
}

function sendCommands(endpoints: Endpoints, data: string, workspace: string): string[] {
  return [
    `TOKEN=$(npx trailcast token --workspace ${workspace} --scope events:write${data})`,
    `curl -X POST ${endpoints.apiUrl}/v1/workspaces/${workspace}/events -H "Authorization: Bearer $TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d '${SAMPLE}'`,
  ];
}
