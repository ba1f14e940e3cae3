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
/** Addresses of a running local stack, in `DIR/endpoints.json`. Only the console's URL ends with a slash. */
export type Endpoints = z.infer<typeof endpointsSchema>;

/** Format of `cdk deploy --outputs-file`: outputs by name, by stack. */
const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));
export type StackOutputs = z.infer<typeof outputsSchema>;

const endpointsFile = (dir: string): string => join(dir, "endpoints.json");
/** File of a local stack's outputs, in the format of `cdk deploy --outputs-file`. */
export const outputsFile = (dir: string): string => join(dir, "outputs.json");

function writeWhole(file: string, value: unknown): void {
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

export function writeEndpoints(dir: string, endpoints: Endpoints, outputs: StackOutputs): void {
  writeWhole(outputsFile(dir), outputs);
  writeWhole(endpointsFile(dir), endpoints);
}

/** Removes the addresses of a stack that is not ready or has stopped. */
export function removeEndpoints(dir: string): void {
  rmSync(endpointsFile(dir), { force: true });
}

/** Removes addresses that a killed stack has left behind, so that it does not look ready. */
export function removeStaleEndpoints(dir: string): void {
  const left = readEndpoints(dir);
  if (left !== undefined && !isRunning(left.pid)) removeEndpoints(dir);
}

/** Returns true if a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0); // signal 0 only checks
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Returns `undefined` when no stack is running on the folder, or it is not ready. */
export function readEndpoints(dir: string): Endpoints | undefined {
  try {
    return endpointsSchema.parse(JSON.parse(readFileSync(endpointsFile(dir), "utf8")));
  } catch {
    return undefined;
  }
}

/** Throws when the file does not exist or is not an outputs file. */
export function readOutputs(file: string): StackOutputs {
  return outputsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}
