// Prints how many tests of a report of vitest (JSON) passed and failed. Runs on any Node.
const { readFileSync } = require("node:fs");

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
// A file that could not even be loaded has no tests to count.
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
);
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests + broken.length}\n`);
