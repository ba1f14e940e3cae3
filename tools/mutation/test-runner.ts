import { join } from "node:path";
import { createVitest, type TestCase, type TestSpecification, type Vitest } from "vitest/node";

/** A test and what running it showed. */
export interface TestFinding {
  id: string;
  /** Milliseconds. */
  duration: number;
  /** Regions that it entered. */
  hits: number[];
  ok: boolean;
}

export interface FileFinding {
  file: string;
  /** Milliseconds of the whole file: start of a worker, imports, hooks and tests. */
  duration: number;
  /** Regions entered by imports and hooks around the tests. */
  hits: number[];
  tests: TestFinding[];
  ok: boolean;
}

/** Some tests of a file. */
export interface TestSelection {
  file: string;
  ids: readonly string[];
}

export type Verdict = "killed" | "timeout" | "survived";

/** Runs tests in one process that stays, on files as they are served. Files are named from the repository's root. */
export interface TestRunner {
  /** Serves a text instead of what the file holds, or the file again. */
  serve(file: string, text: string | undefined): void;
  /** Runs whole test files and says what each test came to. */
  explore(files: readonly string[]): Promise<FileFinding[]>;
  /** Runs tests in this order until one fails. */
  judge(selections: readonly TestSelection[], timeoutMs: number): Promise<Verdict>;
  close(): Promise<void>;
}

/** Files run in the order that they are given in. */
class GivenOrder {
  async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files;
  }
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files;
  }
}

export async function createTestRunner(root: string): Promise<TestRunner> {
  const served = new Map<string, string>();
  const vitest = await startVitest(root, served);
  const project = vitest.getRootProject();
  const run = async (specifications: TestSpecification[]): Promise<void> => {
    await vitest.runTestSpecifications(specifications);
  };
  return {
    serve(file, text) {
      const path = join(root, file);
      if (text === undefined) served.delete(path);
      else served.set(path, text);
      vitest.invalidateFile(path);
    },
    async explore(files) {
      vitest.config.bail = 0;
      const specifications = files.map((file) => project.createSpecification(join(root, file)));
      await run(specifications);
      return specifications.map((specification, index) => findingOf(specification, files[index] ?? ""));
    },
    async judge(selections, timeoutMs) {
      vitest.config.bail = 1;
      const specifications = selections.map(({ file, ids }) =>
        project.createSpecification(join(root, file), { testIds: [...ids] }),
      );
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        void stopRun(vitest);
      }, timeoutMs);
      await run(specifications);
      clearTimeout(timer);
      if (late) return "timeout";
      return specifications.every(({ testModule }) => testModule?.ok() === true) ? "survived" : "killed";
    },
    async close() {
      await vitest.close();
      // Vitest has it at 1 since the first test failed, which is what each mutant should bring about.
      process.exitCode = 0;
    },
  };
}

/** The second request ends workers by force, also one whose loop never ends. */
async function stopRun(vitest: Vitest): Promise<void> {
  await Promise.all([vitest.cancelCurrentRun("test-failure"), vitest.cancelCurrentRun("test-failure")]);
}

function startVitest(root: string, served: ReadonlyMap<string, string>): Promise<Vitest> {
  return createVitest(
    {
      root,
      watch: false,
      // Another thread for each run, which is ended when it is late.
      pool: "threads",
      isolate: false,
      maxWorkers: 1,
      fileParallelism: false,
      // It would give a file as it was before.
      fsModuleCache: false,
      setupFiles: ["test/setup.ts", "tools/mutation/record-hits.ts"],
      reporters: [{}],
      silent: true,
      sequence: { sequencer: GivenOrder },
    },
    {
      plugins: [
        { name: "mutation", enforce: "pre", load: (id: string) => served.get(id.split("?")[0] ?? "") },
      ],
    },
  );
}

function findingOf({ testModule }: TestSpecification, file: string): FileFinding {
  if (testModule === undefined) return { file, duration: 0, hits: [], tests: [], ok: false };
  const { duration, collectDuration, setupDuration, prepareDuration } = testModule.diagnostic();
  return {
    file,
    duration: duration + collectDuration + setupDuration + prepareDuration,
    hits: testModule.meta().hits ?? [],
    tests: [...testModule.children.allTests()]
      .filter((test) => test.result().state !== "skipped")
      .map(testFinding),
    ok: testModule.ok(),
  };
}

function testFinding(test: TestCase): TestFinding {
  return {
    id: test.id,
    duration: test.diagnostic()?.duration ?? 0,
    hits: test.meta().hits ?? [],
    ok: test.result().state === "passed",
  };
}
