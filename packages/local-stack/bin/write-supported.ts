import { readFileSync, writeFileSync } from "node:fs";
import { withSupported } from "../src/supported.ts";

// Writes the tables of supported services, actions and resource types into the package's README.
const readme = new URL("../README.md", import.meta.url);
writeFileSync(readme, withSupported(readFileSync(readme, "utf8")));
