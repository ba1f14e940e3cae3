import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const endpointsSchema = z.object({
  apiUrl: z.string(),
  consoleUrl: z.string(),
  receiverUrl: z.string(),
  awsEndpointUrl: z.string(),
  pid: z.number(),
});
/** Where a running local stack listens, in `DIR/endpoints.json`; no URL but the console's ends with a slash. */
export type Endpoints = z.infer<typeof endpointsSchema>;

/** As `cdk deploy --outputs-file` writes them: outputs by name, by stack. */
const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));
export type StackOutputs = z.infer<typeof outputsSchema>;

const endpointsFile = (dir: string): string => join(dir, "endpoints.json");
/** The outputs of a local stack, in the form of `cdk deploy --outputs-file`. */
export const outputsFile = (dir: string): string => join(dir, "outputs.json");

function writeWhole(file: string, value: unknown): void {
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

export function writeEndpoints(dir: string, endpoints: Endpoints, outputs: StackOutputs): void {
  writeWhole(outputsFile(dir), outputs);
  writeWhole(endpointsFile(dir), endpoints);
}

/** A stack that is not ready, or no longer, has none. */
export function removeEndpoints(dir: string): void {
  rmSync(endpointsFile(dir), { force: true });
}

/** Removes what a stack that was killed has left behind, so that nobody takes it for one that is ready. */
export function removeStaleEndpoints(dir: string): void {
  const left = readEndpoints(dir);
  if (left !== undefined && !isRunning(left.pid)) removeEndpoints(dir);
}

/** Whether there is a process of this id. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** `undefined` when no stack runs on the folder, or it is not ready. */
export function readEndpoints(dir: string): Endpoints | undefined {
  try {
    return endpointsSchema.parse(JSON.parse(readFileSync(endpointsFile(dir), "utf8")));
  } catch {
    return undefined;
  }
}

/** Throws when the file is not there or is no outputs file. */
export function readOutputs(file: string): StackOutputs {
  return outputsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}
