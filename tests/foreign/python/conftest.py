"""What the tests share: the running demo, its sample person, and a client generated from the contract.

STATUSCHECK_DEMO names the demo's demo.json; STATUSCHECK_SAMPLES names a file with the output of
`statuscheck-mocks --dump-samples`. `tests/run python` sets both.
"""

import importlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import grpc
import grpc_tools
import pytest
from grpc_tools import protoc

CONTRACT = Path(__file__).resolve().parents[3] / "proto"
# The files that a service provider's client needs, and no others.
FILES = [
    "statuscheck/v1/answer.proto",
    "statuscheck/v1/case.proto",
    "statuscheck/v1/check.proto",
    "statuscheck/v1/status_check_service.proto",
]


@dataclass(frozen=True)
class SamplePerson:
    share_code: str
    date_of_birth: str


def from_environment(name):
    path = os.environ.get(name)
    if not path:
        pytest.exit(f"{name} is not set; start these tests with: tests/run python", returncode=2)
    return Path(path).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def contract(tmp_path_factory):
    """The generated modules, as a service provider would make them from the .proto files."""
    out = tmp_path_factory.mktemp("generated")
    well_known_types = Path(grpc_tools.__file__).parent / "_proto"
    arguments = [f"-I{CONTRACT}", f"-I{well_known_types}", f"--python_out={out}", f"--grpc_python_out={out}"]
    assert protoc.main(["protoc", *arguments, *FILES]) == 0
    sys.path.insert(0, str(out))
    names = ["answer_pb2", "case_pb2", "check_pb2", "status_check_service_pb2", "status_check_service_pb2_grpc"]
    return SimpleNamespace(**{name: importlib.import_module(f"statuscheck.v1.{name}") for name in names})


@pytest.fixture(scope="session")
def demo():
    return json.loads(from_environment("STATUSCHECK_DEMO"))


@pytest.fixture(scope="session")
def person():
    """Settled in the United Kingdom, with a share code for work."""
    samples = [json.loads(line) for line in from_environment("STATUSCHECK_SAMPLES").splitlines() if line.strip()]
    settled = next(sample for sample in samples if sample["id"] == "work-settled")
    codes = [share["code"] for share in settled["share_codes"]]
    return SamplePerson(next(code for code in codes if code.startswith("W")), settled["date_of_birth"])


@pytest.fixture
def connect(demo, contract):
    """Opens a client as one of the demo's identities, or without a client certificate."""
    channels = []

    def open_client(identity):
        pair = demo["identities"][identity] if identity else None
        credentials = grpc.ssl_channel_credentials(
            Path(demo["ca"]).read_bytes(),
            Path(pair["key"]).read_bytes() if pair else None,
            Path(pair["cert"]).read_bytes() if pair else None,
        )
        options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.enable_http_proxy", 0)]
        channel = grpc.secure_channel(demo["grpc"], credentials, options)
        channels.append(channel)
        return contract.status_check_service_pb2_grpc.StatusCheckServiceStub(channel)

    yield open_client
    for channel in channels:
        channel.close()
