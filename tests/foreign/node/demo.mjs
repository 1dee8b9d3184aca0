// The running demo as the Node tests see it: its addresses, identities and sample person.
//
// STATUSCHECK_DEMO names the demo's demo.json; STATUSCHECK_SAMPLES names a file with the output of
// `statuscheck-mocks --dump-samples`; STATUSCHECK_TOOLS names the folder with node_modules. `tests/run` sets all three.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function setting(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; start these tests with: tests/run node reflection`);
  }
  return value;
}

export const tools = setting("STATUSCHECK_TOOLS");

// The packages are installed outside the source tree, where an import would not look.
export const require = createRequire(join(tools, "package.json"));

export const contract = join(dirname(fileURLToPath(import.meta.url)), "../../../proto");

export const demo = JSON.parse(readFileSync(setting("STATUSCHECK_DEMO"), "utf8"));

/** Settled in the United Kingdom, with a share code for work. */
export const person = samplePerson();

function samplePerson() {
  const settled = readFileSync(setting("STATUSCHECK_SAMPLES"), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line))
    .find((sample) => sample.id === "work-settled");
  return {
    shareCode: settled.share_codes.map((share) => share.code).find((code) => code.startsWith("W")),
    dateOfBirth: settled.date_of_birth,
  };
}
