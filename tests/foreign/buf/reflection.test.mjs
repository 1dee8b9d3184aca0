// The gateway as somebody sees it who has no .proto file: what reflection says, through `buf curl`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { demo, person, tools } from "../node/demo.mjs";

const run = promisify(execFile);
const buf = join(tools, "node_modules/.bin/buf");

// What a service provider looks for.
const SERVICES = ["grpc.health.v1.Health", "statuscheck.ops.v1.OpsService", "statuscheck.v1.StatusCheckService"];

/** Runs `buf curl` as the employer, with the body on standard input so that no person is on a command line. */
async function curl(path, flags, body) {
  const { cert, key } = demo.identities["organisation/employer"];
  const tls = ["--cacert", demo.ca, "--cert", cert, "--key", key, "--servername", "localhost"];
  const call = run(
    buf,
    ["curl", "--protocol", "grpc", ...tls, "--timeout", "20s", ...flags, `https://${demo.grpc}${path}`],
    { timeout: 30_000 },
  );
  call.child.stdin.end(body ?? "");
  return (await call).stdout;
}

for (const protocol of ["grpc-v1", "grpc-v1alpha"]) {
  test(`reflection ${protocol} lists what a service provider calls`, async () => {
    const listed = await curl("", ["--reflect-protocol", protocol, "--list-services"]);

    const names = listed.split("\n");
    assert.deepEqual(SERVICES.filter((service) => !names.includes(service)), [], "services that are not listed");
  });

  test(`a check is asked with no more than reflection ${protocol} tells`, async () => {
    const request = {
      requestId: randomUUID(),
      rightToWork: { shareCode: person.shareCode, person: { dateOfBirth: person.dateOfBirth } },
    };

    const output = await curl(
      "/statuscheck.v1.StatusCheckService/Check",
      ["--reflect-protocol", protocol, "--data", "@-"],
      JSON.stringify(request),
    );

    const { caseId, answer } = JSON.parse(output);
    assert.match(caseId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(answer.established?.rightToWork, `answered ${Object.keys(answer)}`);
    assert.equal(answer.mayRefuse, undefined);
  });
}
