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
/** Files and folders that can change the synthesised stack, besides the settings. */
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
/** Assemblies that were not used for this long are removed. Running stacks may still load functions from newer ones. */
const CACHE_MS = 86_400_000;

/** The product's address, which a deployment has to set and a local stack does not. */
const EXAMPLE = { sourceBaseUrl: "https://app.example.com" };

const cdkJsonSchema = z.object({
  context: z.looseObject({ trailcast: z.looseObject({}).default({}) }).default({ trailcast: {} }),
});

/** Path of the assembly, and whether it had to be synthesised. */
export interface Synthesis {
  cdkOut: string;
  stack: string;
  cached: boolean;
}

/** Thrown when synthesis fails. The message is the output of the app. */
export class SynthesisError extends Error {
  constructor(output: string) {
    super(`the stack could not be synthesised:\n${output}`);
    this.name = "SynthesisError";
  }
}

type Settings = Record<string, unknown>;

/**
 * Returns the settings of `cdk.json`, if any, with the local token issuer and without parts that need an AWS account or
 * addresses.
 */
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
        // Skips CloudFormation validation, which does not change the template and takes two thirds of the time.
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

/** Marks an assembly as used. One of another user can be read, but only its owner can mark it. */
function keepFresh(cdkOut: string): void {
  const now = new Date();
  try {
    utimesSync(cdkOut, now, now);
  } catch {
    // The assembly is synthesised again once it is old.
  }
}

function forgetOld(now: number): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    try {
      if (now - statSync(path).mtimeMs > CACHE_MS) rmSync(path, { recursive: true, force: true });
    } catch {
      // The assembly belongs to another user or was removed in the meantime.
    }
  }
}

/**
 * Synthesises the stack offline as `cdk deploy` would, except for the local token issuer. The assembly is cached by a
 * hash of all inputs, so that a second start with the same sources reuses it. `settings` override those of `cdk.json`.
 */
export async function synthesise(settings: Settings = {}): Promise<Synthesis> {
  const complete = localSettings(settings);
  const cdkOut = join(CACHE, hashInputs(complete));
  if (existsSync(cdkOut)) {
    keepFresh(cdkOut);
    return { cdkOut, stack: stackIn(cdkOut), cached: true };
  }
  mkdirSync(CACHE, { recursive: true });
  accessSync(CACHE, constants.W_OK); // checked here, because this error names the folder
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
  // Another process may have been faster with the same sources; both results are equal.
  if (existsSync(cdkOut)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, cdkOut);
  return { cdkOut, stack, cached: false };
}
