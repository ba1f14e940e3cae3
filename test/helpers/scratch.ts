import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const directories = new Set<string>();

/** A directory that is removed after the test file, because a worker that is terminated runs no exit handlers. */
export function scratchDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `trailcast-${name}-`));
  directories.add(directory);
  return directory;
}

export function removeScratchDirectories(): void {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  directories.clear();
}
