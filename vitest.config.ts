import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const byFolder = join(import.meta.dirname, "test/helpers/coverage-by-folder.ts");
const SOURCES = ["bin", "cli", "console", "lambdas", "lib", "local", "packages/*/src"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "packages/*/test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One a core, but two at least: many tests mostly wait.
    maxWorkers: Math.max(2, availableParallelism()),
    coverage: {
      provider: "v8",
      // Named, so that files which no test imports count as well.
      include: SOURCES.map((folder) => `${folder}/**/*.ts`),
      reporter: process.env["CI"] === undefined ? ["html", byFolder] : [byFolder],
      reportOnFailure: true,
    },
  },
});
