// The gateway as a service provider sees it from Node: nothing here but the contract and stock gRPC.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";

import { contract, demo, person, require } from "./demo.mjs";

const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");
const rpc = require("nice-grpc-error-details");
const { Status } = require("nice-grpc-error-details/lib/proto/google/rpc/status");

// Far above the two seconds a check may take, so that only a hanging call meets it.
const DEADLINE_MS = 20_000;

const { statuscheck } = grpc.loadPackageDefinition(
  protoLoader.loadSync("statuscheck/v1/status_check_service.proto", {
    includeDirs: [contract],
    keepCase: true,
    longs: String,
    enums: String,
    oneofs: true,
  }),
);

const clients = [];
after(() => clients.forEach((client) => client.close()));

/** A client as one of the demo's identities, or without a client certificate. */
function connect(identity) {
  const pair = identity && demo.identities[identity];
  const credentials = grpc.credentials.createSsl(
    readFileSync(demo.ca),
    pair ? readFileSync(pair.key) : null,
    pair ? readFileSync(pair.cert) : null,
  );
  const client = new statuscheck.v1.StatusCheckService(demo.grpc, credentials, {
    "grpc.ssl_target_name_override": "localhost",
    "grpc.enable_http_proxy": 0,
  });
  clients.push(client);
  return client;
}

function call(client, method, request) {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + DEADLINE_MS;
    client[method](request, { deadline }, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** The error a call is refused with. */
async function refusal(client, method, request) {
  try {
    await call(client, method, request);
  } catch (error) {
    return error;
  }
  assert.fail(`${method} was not refused`);
}

/** The one google.rpc detail of this kind, e.g. "BadRequest". */
function detail(error, kind) {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  assert.ok(packed, "the error carries no google.rpc details");
  const found = Status.decode(packed).details.filter((any) => any.typeUrl.endsWith(`/google.rpc.${kind}`));
  assert.equal(found.length, 1, `${found.length} details of kind ${kind}`);
  return rpc[kind].decode(found[0].value);
}

function rightToWork() {
  return {
    request_id: randomUUID(),
    right_to_work: { share_code: person.shareCode, person: { date_of_birth: person.dateOfBirth } },
  };
}

const employer = connect("organisation/employer");

test("a share code establishes a right to work", async () => {
  const { answer } = await call(employer, "Check", rightToWork());

  assert.equal(answer.outcome, "established");
  assert.equal(answer.established.facts, "right_to_work");
  assert.ok(!answer.may_refuse);
});

test("a case is read and listed by its owner", async () => {
  const { case_id } = await call(employer, "Check", rightToWork());

  const read = (await call(employer, "GetCase", { case_id })).case;
  assert.equal(read.case_id, case_id);
  assert.equal(read.kind, "CHECK_KIND_RIGHT_TO_WORK");
  assert.equal(read.state, "CASE_STATE_ANSWERED");
  assert.equal(read.answer.outcome, "established");

  const { cases } = await call(employer, "ListCases", { page_size: 500 });
  assert.ok(cases.some((listed) => listed.case_id === case_id));
});

test("the same request_id gives the same case", async () => {
  const request = rightToWork();

  const first = await call(employer, "Check", request);
  const second = await call(employer, "Check", request);
  const other = await call(employer, "Check", rightToWork());

  assert.equal(first.case_id, second.case_id);
  assert.notEqual(first.case_id, other.case_id);
});

test("a request_id with another content is refused", async () => {
  const request = rightToWork();
  await call(employer, "Check", request);

  const error = await refusal(employer, "Check", { ...request, caller_reference: "another content" });
  assert.equal(error.code, grpc.status.ALREADY_EXISTS);
});

test("bad input names every field at fault", async () => {
  const error = await refusal(employer, "Check", {
    request_id: randomUUID(),
    right_to_work: {
      person: { given_names: "Ada", family_name: "Example", national_insurance_number: "not a number" },
    },
  });

  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  const fields = detail(error, "BadRequest").fieldViolations.map((violation) => violation.field);
  assert.ok(fields.includes("right_to_work.person.national_insurance_number"), `named: ${fields}`);
  assert.ok(fields.includes("right_to_work.person.date_of_birth"), `named: ${fields}`);
});

test("an organisation without an agreement is refused with the reason", async () => {
  const error = await refusal(connect("organisation/stranger"), "Check", rightToWork());

  assert.equal(error.code, grpc.status.PERMISSION_DENIED);
  assert.equal(detail(error, "ErrorInfo").reason, "NO_AGREEMENT");
});

test("a department may not ask as a service provider", async () => {
  const error = await refusal(connect("department/dwp"), "Check", rightToWork());

  assert.equal(error.code, grpc.status.PERMISSION_DENIED);
});

test("a caller without a certificate gets nothing", async () => {
  const request = rightToWork();

  const error = await refusal(connect(null), "Check", request);
  assert.equal(error.code, grpc.status.UNAVAILABLE);
  // The same request with a certificate: it was the certificate that was missing, not the gateway.
  assert.ok((await call(employer, "Check", request)).case_id);
});

test("another organisation's case looks like one that does not exist", async () => {
  const landlord = connect("organisation/landlord");
  const foreignId = (await call(employer, "Check", rightToWork())).case_id;
  // The real id with its last digit changed: as well formed as a real one, and nobody's.
  const nobodysId = foreignId.slice(0, -1) + (foreignId.endsWith("0") ? "1" : "0");

  const foreign = await refusal(landlord, "GetCase", { case_id: foreignId });
  const nobodys = await refusal(landlord, "GetCase", { case_id: nobodysId });

  assert.equal(foreign.code, grpc.status.NOT_FOUND);
  assert.equal(nobodys.code, grpc.status.NOT_FOUND);
  assert.equal(foreign.details.replace(foreignId, "ID"), nobodys.details.replace(nobodysId, "ID"));
});
