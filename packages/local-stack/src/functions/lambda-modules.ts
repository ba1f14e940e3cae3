import { existsSync, realpathSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Packages that Lambda's runtime contains, so that bundlers leave them out. */
const SDK = /^@(?:aws-sdk|smithy)\//;

/** Whether a `.js` file is CommonJS as in Lambda, where there is no `package.json` above the bundle's folder. */
function isCommonJs(file: string, folder: string): boolean {
  const isOfBundle = file.startsWith(folder + sep) && !file.includes(`${sep}node_modules${sep}`);
  if (!isOfBundle || !file.endsWith(".js")) return false;
  for (let at = dirname(file); at.startsWith(folder); at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return false;
  }
  return true;
}

/** Keeps Node from using a `package.json` outside of the bundle to decide the type of these files. */
function fixTypes(folder: string): void {
  const isWrong = (url: string): boolean => url.startsWith("file:") && isCommonJs(fileURLToPath(url), folder);
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      return isWrong(resolved.url) ? { ...resolved, format: "commonjs" } : resolved;
    },
    load: (url, context, next) => next(url, isWrong(url) ? { ...context, format: "commonjs" } : context),
  });
}

/** Loads the AWS SDK from the folder in which the stack was started if the bundle does not contain it. */
function findSdk(): void {
  const start = pathToFileURL(join(process.cwd(), "package.json")).href;
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!SDK.test(specifier) || context.parentURL === start) throw error;
        if (!context.conditions.includes("require")) return next(specifier, { ...context, parentURL: start });
        return { url: pathToFileURL(createRequire(start).resolve(specifier)).href, shortCircuit: true };
      }
    },
  });
}

/** Loads a bundle's module as Lambda does and returns its exports. */
export async function loadModule(module: string, bundle: string): Promise<Record<string, unknown>> {
  const folder = realpathSync(bundle);
  const file = join(folder, module);
  findSdk();
  fixTypes(folder);
  // `import` would not let the hook decide the type of the file that it loads first.
  const exported: Record<string, unknown> = isCommonJs(file, folder)
    ? createRequire(file)(file)
    : await import(pathToFileURL(file).href);
  return exported;
}
