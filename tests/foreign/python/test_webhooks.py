"""How receivers check a webhook, as docs/webhooks.md tells them to: the snippet itself is run, on vectors that the gateway signs too."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
VECTORS = json.loads((DOCS / "webhook-vectors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def is_genuine():
    (snippet,) = re.findall(r"```python\n(.*?)```", (DOCS / "webhooks.md").read_text(encoding="utf-8"), re.DOTALL)
    told = {}
    exec(compile(snippet, "docs/webhooks.md", "exec"), told)
    return told["is_genuine"]


def headers(vector, **changed):
    names = {"id": "webhook-id", "timestamp": "webhook-timestamp", "signature": "webhook-signature"}
    return {header: str((vector | changed)[key]) for key, header in names.items()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_notice_is_believed_with_any_of_its_secrets(is_genuine, vector):
    body, now = vector["body"].encode(), vector["timestamp"]
    for secret in vector["secrets"]:
        assert is_genuine(headers(vector), body, [secret], now)
        assert is_genuine(headers(vector), body, ["whsec_c3RyYW5nZXI=", secret], now + 299)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_what_was_changed_or_is_old_or_comes_from_others_is_not_believed(is_genuine, vector):
    body, now, secrets = vector["body"].encode(), vector["timestamp"], vector["secrets"]
    for wrong in [
        is_genuine(headers(vector), body + b" ", secrets, now),
        is_genuine(headers(vector, id="another"), body, secrets, now),
        is_genuine(headers(vector, timestamp=now + 1), body, secrets, now),
        is_genuine(headers(vector, signature="v1,"), body, secrets, now),
        is_genuine(headers(vector), body, ["whsec_c3RyYW5nZXI="], now),
        is_genuine(headers(vector), body, [], now),
        is_genuine(headers(vector), body, secrets, now + 301),
        is_genuine(headers(vector), body, secrets, now - 301),
    ]:
        assert wrong is False


def test_the_example_in_the_docs_is_the_notice_of_the_vectors():
    (example,) = re.findall(r"```json\n(.*?)```", (DOCS / "webhooks.md").read_text(encoding="utf-8"), re.DOTALL)
    assert json.loads(example) == json.loads(VECTORS[1]["body"])
