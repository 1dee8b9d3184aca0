// A demo whose clock runs so fast that what is promised for days is late within seconds.
//
// STATUSCHECK_PROGRAM names the program; `tests/run browser` sets it.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// 48 hours in nine seconds.
const RATE = "20000";

export async function fastDemo() {
  const folder = mkdtempSync(join(tmpdir(), "statuscheck-fast."));
  const program = spawn(process.env.STATUSCHECK_PROGRAM, ["demo", "--json", "--dir", join(folder, "demo"), "--clock-rate", RATE], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => program.once("exit", resolve));
  let said = "";
  const link = await new Promise((resolve, reject) => {
    program.stderr.on("data", (data) => {
      said += data;
      const found = said.match(/https:\/\/\S+\/sign-in\/[0-9a-f]+/);
      if (found) resolve(found[0]);
    });
    ended.then(() => reject(new Error(`the demo ended before it was ready: ${said}`)));
  });
  return {
    link,
    root: link.slice(0, link.indexOf("sign-in/")),
    async stop() {
      program.kill("SIGINT");
      await ended;
      if (existsSync(folder)) rmSync(folder, { recursive: true });
    },
  };
}
