import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as z from "zod";
import { LOCAL_OIDC } from "./token.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const CACHE = join(PROJECT, ".cache", "synth");
/** Everything that can change what is synthesised, besides the settings. */
const INPUTS = [
  "bin/**/*",
  "lib/**/*",
  "lambdas/**/*",
  "console/**/*",
  "cdk.json",
  "package.json",
  "package-lock.json",
];
const TEMPLATE_ENDING = ".template.json";
/** Assemblies that nobody has started for so long are removed; running stacks may still load functions from younger ones. */
const CACHE_MS = 86_400_000;

/** What a deployment has to say, and a machine of one's own need not: the address of the product. */
const EXAMPLE = { sourceBaseUrl: "https://app.example.com" };

const cdkJsonSchema = z.object({
  context: z.looseObject({ trailcast: z.looseObject({}).default({}) }).default({ trailcast: {} }),
});

/** Where the assembly is, and whether it had to be synthesised. */
export interface Synthesis {
  cdkOut: string;
  stack: string;
  cached: boolean;
}

/** Thrown when synthesis fails; the message is what the app printed. */
export class SynthesisError extends Error {
  constructor(output: string) {
    super(`the stack could not be synthesised:\n${output}`);
    this.name = "SynthesisError";
  }
}

type Settings = Record<string, unknown>;

/** The settings of `cdk.json`, where there are any, with tokens of the local issuer, and without what needs an account or addresses. */
function localSettings(overrides: Settings): Settings {
  const { context } = cdkJsonSchema.parse(JSON.parse(readFileSync(join(PROJECT, "cdk.json"), "utf8")));
  const { cognito: _cognito, egress: _egress, ...settings } = context.trailcast;
  return { ...EXAMPLE, ...settings, oidc: LOCAL_OIDC, ...overrides };
}

function hashInputs(settings: Settings): string {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  const files = globSync(INPUTS, { cwd: PROJECT }).toSorted();
  for (const file of files) {
    const path = join(PROJECT, file);
    if (!statSync(path).isFile()) continue;
    hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 32);
}

const errorSchema = z.object({ stdout: z.string().default(""), stderr: z.string().default("") });

async function runApp(outdir: string, settings: Settings): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [join(PROJECT, "bin", "trailcast.ts")], {
      cwd: PROJECT,
      env: {
        ...process.env,
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify({ trailcast: settings }),
        // The template is the same without CloudFormation validation, which takes two thirds of a synthesis.
        CDK_VALIDATION: "false",
      },
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout, stderr } = errorSchema.catch({ stdout: "", stderr: String(error) }).parse(error);
    throw new SynthesisError(`${stdout}${stderr}`);
  }
}

function stackIn(cdkOut: string): string {
  const template = readdirSync(cdkOut).find((file) => file.endsWith(TEMPLATE_ENDING));
  if (template === undefined) throw new SynthesisError(`no template in ${cdkOut}`);
  return basename(template, TEMPLATE_ENDING);
}

/** Another user's assembly is as good; only its owner may touch it. */
function keepFresh(cdkOut: string): void {
  const now = new Date();
  try {
    utimesSync(cdkOut, now, now);
  } catch {
    // It is synthesised again once it is old.
  }
}

function forgetOld(now: number): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    try {
      if (now - statSync(path).mtimeMs > CACHE_MS) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's, or gone meanwhile.
    }
  }
}

/**
 * Synthesises the stack as `cdk deploy` would, but for tokens of the local issuer, and offline.
 * The assembly is kept by a hash of everything that goes into it: a second start with the same sources finds it.
 * `settings` override those of `cdk.json`.
 */
export async function synthesise(settings: Settings = {}): Promise<Synthesis> {
  const complete = localSettings(settings);
  const cdkOut = join(CACHE, hashInputs(complete));
  if (existsSync(cdkOut)) {
    keepFresh(cdkOut);
    return { cdkOut, stack: stackIn(cdkOut), cached: true };
  }
  mkdirSync(CACHE, { recursive: true });
  accessSync(CACHE, constants.W_OK); // of all that may fail, it alone names the folder
  forgetOld(Date.now());
  const partial = `${cdkOut}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  try {
    await runApp(partial, complete);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  const stack = stackIn(partial);
  // Another process may have been quicker with the same sources: either result will do.
  if (existsSync(cdkOut)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, cdkOut);
  return { cdkOut, stack, cached: false };
}
