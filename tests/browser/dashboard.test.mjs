// The dashboard in a real browser: every view, for everybody, up to date, and closed to strangers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";

import { fastDemo } from "./fast.mjs";
import { fits, isAccessible, launch, link, open, refer, refuseNext, root, shots, visitor } from "./desk.mjs";

const VIEWS = {
  now: "Now",
  departments: "Departments",
  referrals: "Referrals",
  agreements: "Agreements",
  "agreements/right-to-work": "Agreement",
  charts: "Charts",
  ledger: "Ledger",
};

let browser;
let context;

before(async () => {
  browser = await launch();
  context = await visitor(browser);
  const page = await open(context);
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(root);
  // Somebody is referred, and the taskforce refuses to be told.
  await refuseNext();
  refer("Refused");
  await page.goto(`${root}referrals`);
  await page.getByRole("region", { name: "Parked notices" }).waitFor();
  await page.close();
});

after(() => browser?.close());

test("a link signs in once", async () => {
  const page = await open(context);
  await page.goto(link);
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.getByRole("button", { name: "Sign in" }).click(),
  ]);
  assert.equal(response.status(), 403);
  await page.getByRole("heading", { name: "This link cannot be used" }).waitFor();
  await page.close();
});

test("strangers see nothing", async () => {
  const stranger = await visitor(browser);
  const page = await stranger.newPage();
  const forms = ["more-time", "departments/dwp", "hooks/019c0000-0000-7000-8000-000000000001"];
  for (const path of ["", ...Object.keys(VIEWS), ...forms, "live/now", "live/referrals"]) {
    const response = await page.goto(root + path);
    assert.equal(response.status(), 401, path);
    assert.ok(await page.getByRole("heading", { name: "Sign in first" }).isVisible());
    assert.equal(await page.getByRole("table").count(), 0);
  }
  await stranger.close();
});

for (const [name, title] of Object.entries(VIEWS)) {
  for (const [what, size] of [
    ["wide", { width: 1280, height: 900 }],
    ["360-px", { width: 360, height: 740 }],
    // A window of 1280 px at 200 % has room for 640.
    ["200-percent", { width: 640, height: 450 }],
  ]) {
    test(`${name} is there for everybody: ${what}`, async () => {
      const page = await open(context, size);
      await page.goto(root + name);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
      await fits(page);
      await isAccessible(page);
      await page.screenshot({ path: join(shots, `${name.replace("/", "-")}-${what}.png`), fullPage: true });
      assert.deepEqual(page.complaints, []);
      await page.close();
    });
  }
}

test("a case shows each step and how its due time was reached", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(root);
  await page.locator(".scrolls a").first().click();
  await page.getByRole("heading", { level: 1, name: "Case" }).waitFor();
  const steps = await page.locator(".timeline__what").allTextContents();
  assert.equal(steps[0], "received");
  assert.ok(steps.some((step) => step.startsWith("clock started, due ")), steps.join("; "));
  await isAccessible(page);
  await page.screenshot({ path: join(shots, "case-wide.png"), fullPage: true });
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test("a department is closed with a preview and a reason, and an open page shows it at once", async () => {
  const watching = await open(context, { width: 1280, height: 900 });
  await watching.goto(root);
  await watching.getByText("Live", { exact: true }).waitFor();

  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}departments`);
  await page.getByRole("link", { name: "Close DfE by hand" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  // Without a reason nothing is done.
  await page.getByRole("alert").getByRole("link", { name: /Say why/ }).waitFor();
  await isAccessible(page);
  await page.screenshot({ path: join(shots, "close-refused.png"), fullPage: true });
  await page.getByLabel("Why").fill("DfE is moving its machines");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Close DfE?" }).waitFor();
  await isAccessible(page);
  await page.screenshot({ path: join(shots, "close-preview.png"), fullPage: true });
  await page.getByRole("button", { name: "Close DfE" }).click();
  await page.getByText("The department is closed.").waitFor();

  await watching.getByText("DfE is closed: DfE is moving its machines").waitFor();
  assert.deepEqual(watching.complaints, []);

  await page.getByRole("link", { name: "Open DfE by hand" }).click();
  await page.getByLabel("Why").fill("The machines are back");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Open DfE" }).click();
  await page.getByText("The department is open again.").waitFor();
  await watching.getByText("DfE is closed").waitFor({ state: "detached" });
  await watching.close();
  await page.close();
});

test("departments show when they open, how old their feeds are, and what stands behind their health", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}departments`);
  const card = page.locator(".govuk-summary-card").filter({ hasText: "Close Home Office by hand" });
  await card.getByText("09:00-17:00, Monday to Friday, not on bank holidays").waitFor();
  for (const row of ["Open cases that wait for it", "Breaker", "95 of 100 replies within", "Rate used"]) {
    assert.ok(await card.getByText(row, { exact: true }).isVisible(), row);
  }
  // The demo's families are in DfE's record of the Home Office's feed.
  await card.getByText(/education-eligibility, to DfE: 2 d 0 h old, expected every 7 d 0 h/).waitFor();
  await page.close();
});

test("referrals are told by age and state, as they come, and by nothing about anybody", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}referrals`);
  await page.getByText("Live", { exact: true }).waitFor();
  const count = async () => parseInt(await page.locator(".tile dd").first().textContent());
  const before = await count();
  assert.ok(before >= 1);
  const id = refer("Example-Livingstone");
  await page.locator(`a[href="/cases/${id}"]`).first().waitFor();
  assert.equal(await count(), before + 1);
  const row = page.getByRole("region", { name: "Oldest first" }).getByRole("row").filter({ hasText: id.slice(-12) });
  await row.getByText("asks the caller for more").or(row.getByText("with the taskforce")).waitFor();
  const young = page.getByRole("region", { name: "Open referrals by age" }).getByRole("row").nth(1);
  assert.match(await young.textContent(), /^under 24 hours/);
  const content = await page.content();
  for (const word of ["Livingstone", "1950-01-01", "NO_RECORD", "right-to-work"]) assert.ok(!content.includes(word), word);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test("a parked notice is tried again with a preview and a reason, and an open page shows it at once", async () => {
  const watching = await open(context, { width: 1280, height: 900 });
  await watching.goto(`${root}referrals`);
  await watching.getByText("Live", { exact: true }).waitFor();

  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}referrals`);
  const parked = page.getByRole("region", { name: "Parked notices" });
  assert.equal(await parked.getByRole("row").count(), 2);
  await parked.getByText("HTTP 410").waitFor();
  await parked.getByRole("link", { name: /^Try again.*taskforce/ }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  // Without a reason nothing is done.
  await page.getByRole("alert").getByRole("link", { name: /Say why/ }).waitFor();
  await isAccessible(page);
  await page.screenshot({ path: join(shots, "retry-refused.png"), fullPage: true });
  await page.getByLabel("Why").fill("Their server is back");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Try the notice again?" }).waitFor();
  await isAccessible(page);
  await page.screenshot({ path: join(shots, "retry-preview.png"), fullPage: true });
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("The notice is sent again now.").waitFor();

  // It is taken, so it is gone.
  await watching.getByText("None: every receiver has taken what it was told").waitFor();
  assert.deepEqual(watching.complaints, []);
  await page.goto(`${root}ledger`);
  await page.getByText("Parked notice tried again, by ops/duty-1 (taskforce): Their server is back").waitFor();
  await watching.close();
  await page.close();
});

test("an agreement has its measures, and its chart as a table too, which stays open", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}agreements`);
  await page.getByRole("link", { name: /^Measures of .*right to work/i }).click();
  const measures = page.getByRole("region", { name: "Measures" });
  const checks = measures.getByRole("row", { name: /^Checks \d/ });
  assert.ok(parseInt((await checks.textContent()).match(/\d+/)[0]) >= 1);
  await page.getByRole("img", { name: /from receipt to answer/ }).waitFor();
  await page.getByText("The figures as a table").click();
  const table = page.getByRole("region", { name: /from receipt to answer, as a table/ });
  assert.equal(await table.getByRole("row").count(), 2);
  await isAccessible(page);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test("what is drawn of the last hour follows what is asked", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}charts`);
  await page.getByText("Live", { exact: true }).waitFor();
  const load = page.locator("figure").filter({ hasText: "Checks: calls a minute" });
  const words = () => load.locator("p").textContent();
  const before = await words();
  assert.ok(parseInt(before) >= 17, before);
  await load.getByText("The figures as a table").click();
  refer("Counted");
  await load.getByText(`${parseInt(before) + 1} in the last hour`).first().waitFor({ state: "attached" });
  // What was opened is open after an update.
  assert.ok(await load.locator("details").evaluate((details) => details.open));
  const rows = await load.getByRole("row").allTextContents();
  const counted = rows.slice(1).map((row) => parseInt(row.replace(/^(this minute|\d+ min ago)/, "")));
  assert.ok(counted.length >= 1 && counted.every((count) => count >= 1), rows.join("; "));
  await page.getByRole("img", { name: "Home Office: how long questions took" }).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test("more time is given after a preview of how many cases it means", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(`${root}more-time`);
  await isAccessible(page);
  await page.screenshot({ path: join(shots, "more-time.png"), fullPage: true });
  await page.getByLabel("How much").fill("2");
  await page.getByLabel("Why").fill("The line was down this morning");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Give more time?" }).waitFor();
  const expected = await page.getByText(/\d+ cases/).first().textContent();
  await isAccessible(page);
  await page.getByRole("button", { name: "Give more time" }).click();
  await page.getByRole("heading", { name: "More time was given" }).waitFor();
  const done = await page.getByText(/\d+ cases/).first().textContent();
  assert.equal(parseInt(done), parseInt(expected));
  await page.close();
});

test("a form that is not from a page of this session does nothing", async () => {
  const page = await open(context);
  await page.goto(root);
  const status = await page.evaluate(async () => {
    const body = new URLSearchParams({ reason: "No reason", confirmed: "yes", proof: "0".repeat(64) });
    return (await fetch("/departments/dwp", { method: "POST", body })).status;
  });
  assert.equal(status, 403);
  await page.goto(`${root}departments`);
  assert.equal(await page.getByRole("link", { name: "Open DWP by hand" }).count(), 0);
  await page.close();
});

test("no script but ours runs on a page", async () => {
  const page = await open(context);
  await page.goto(root);
  const blocked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
      }),
  );
  assert.match(blocked, /^script-src/);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  await page.close();
});

test("what is late catches the eye, and the worst comes first", async () => {
  const demo = await fastDemo();
  const duty = await visitor(browser);
  try {
    const page = await open(duty, { width: 1280, height: 900 });
    await page.goto(demo.link);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(demo.root);
    await page.locator(".tile--late").waitFor();
    const worst = page.getByRole("region", { name: "Worst first" }).getByRole("row").nth(1);
    await worst.getByText(/^Late by/).waitFor();
    // Nobody's clock but the caller's stands still, and those come last.
    const last = page.getByRole("region", { name: "Worst first" }).getByRole("row").last();
    await last.getByText("Paused").waitFor();
    await page.getByRole("region", { name: "Promises kept" }).waitFor();
    await fits(page);
    await isAccessible(page);
    await page.screenshot({ path: join(shots, "now-late.png"), fullPage: true });
    assert.deepEqual(page.complaints, []);
  } finally {
    await duty.close();
    await demo.stop();
  }
});

test("without JavaScript a page is whole and renews itself", async () => {
  const plain = await visitor(browser, { javaScriptEnabled: false, storageState: await context.storageState() });
  const page = await plain.newPage();
  await page.goto(root);
  await page.getByRole("heading", { name: "Worst first" }).waitFor();
  assert.ok((await page.locator(".tile").count()) >= 7);
  assert.match(await page.content(), /<meta http-equiv="refresh" content="15">/);
  await page.goto(`${root}referrals`);
  await page.getByRole("region", { name: "Oldest first" }).getByRole("link").first().waitFor();
  await page.goto(`${root}charts`);
  await page.getByRole("img", { name: "Checks: calls a minute" }).waitFor();
  await page.getByText("The figures as a table").first().click();
  assert.ok((await page.locator("details[open]").getByRole("row").count()) >= 2);
  await page.goto(root);
  await page.screenshot({ path: join(shots, "now-without-javascript.png"), fullPage: true });
  await plain.close();
});

test("updates can be paused and gone on with", async () => {
  const page = await open(context, { width: 1280, height: 900 });
  await page.goto(root);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause updates" }).click();
  await page.getByText("Paused", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Go on with updates" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.close();
});
