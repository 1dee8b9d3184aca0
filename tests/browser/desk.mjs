// A browser at the dashboard of a running demo.
//
// STATUSCHECK_DEMO names the demo's demo.json, STATUSCHECK_LINK a link that signs in, STATUSCHECK_TOOLS the folder with node_modules,
// STATUSCHECK_SHOTS the folder for screenshots, STATUSCHECK_PROGRAM the program. `tests/run browser` sets all five.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; start these tests with: tests/run browser`);
  return value;
}

const require = createRequire(join(setting("STATUSCHECK_TOOLS"), "package.json"));
const { chromium } = require("playwright-core");
const { AxeBuilder } = require("@axe-core/playwright");

export const demo = JSON.parse(readFileSync(setting("STATUSCHECK_DEMO"), "utf8"));
export const root = demo.dashboard;
export const link = setting("STATUSCHECK_LINK");
export const shots = setting("STATUSCHECK_SHOTS");
mkdirSync(shots, { recursive: true });

// It goes nowhere but to the demo, and needs no sandbox for that, which root could not have.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// The rules that WCAG 2.2 at level AA has, all versions before included.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Checks the right to work of somebody of whom nothing is recorded, born so long ago that they are referred to the taskforce. */
export function refer(name) {
  const folder = dirname(setting("STATUSCHECK_DEMO"));
  const person = ["--given-names", "Sam", "--family-name", name, "--date-of-birth", "1950-01-01"];
  const said = execFileSync(setting("STATUSCHECK_PROGRAM"), ["check", "right-to-work", "--json", "--demo", folder, ...person]);
  const response = JSON.parse(said);
  assert.ok(response.answer.referred, said.toString());
  return response.case_id;
}

/** Has the demo's taskforce refuse the next notice for good, so that it is parked. */
export async function refuseNext() {
  const order = { method: "POST", headers: { "content-type": "application/json" }, body: '{"order": "1xfail:410"}' };
  assert.equal((await fetch(`${demo.taskforce.control}/orders`, order)).status, 204);
}

/** A browser with an empty profile of its own. */
export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
}

/** A visitor, who shares nothing with the others. */
export function visitor(browser, more = {}) {
  // The demo's authority is nobody's that a browser knows.
  return browser.newContext({ ignoreHTTPSErrors: true, ...more });
}

/** A page that notes what its console says and what cannot be loaded. */
export async function open(context, size) {
  const page = await context.newPage();
  if (size) await page.setViewportSize(size);
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

export async function isAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const told = violations.map((found) => `${found.id}: ${found.help}\n  ${found.nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(told, []);
}

/** Nothing lies beside the page: what is wide scrolls in itself. */
export async function fits(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= window, `${content} px in a window of ${window} px`);
}
