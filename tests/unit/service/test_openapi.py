"""The description of the service, and whether its answers are those that it describes."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
pytest.importorskip("schemathesis", reason="schemathesis is not installed")

import requests

from fer_core.media.images import encode_png
from fer_core.settings import LIBRARY
from tests.videos import scene, write_video

KEY = "k" * 16

# What is well-formed can still be of no use: a name of no model, bytes of no picture, a tag of no log.
CONFIG = """
hooks = "hooks.py"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "404", "412", "422"]
"""

HOOKS = """
from pathlib import Path
import schemathesis
from hypothesis import strategies as st

given = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("given.*"))]
schemathesis.openapi.media_type("application/octet-stream", st.sampled_from([*given, b"neither"]))
"""


@pytest.fixture(autouse=True)
def library(monkeypatch, tmp_path):
    """An empty one."""
    pytest.importorskip("sqlalchemy", reason="the extra `library` is not installed")
    monkeypatch.setenv(LIBRARY, str(tmp_path / "library"))


def test_answers_are_those_that_are_described(served, tmp_path, decoded_here):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    (tmp_path / "hooks.py").write_text(HOOKS)
    small = scene((90, 80, 140), width=160, height=160)
    (tmp_path / "given.png").write_bytes(encode_png(small))
    write_video(tmp_path / "given.mp4", [small])
    options = ["--header", f"Authorization: Bearer {KEY}", "--max-examples", "3", "--seed", "1", "--no-color"]
    phases = ["--phases", "examples,coverage,stateful"]
    with served(api_keys=(KEY,), queue=1000, library=True) as address:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", *options, *phases]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_everything_is_described(served):
    with served(api_keys=(KEY,), library=True) as address:
        told = requests.get(f"{address}/openapi.json", timeout=60).json()
    for path, operations in told["paths"].items():
        for operation in operations.values():
            assert operation["operationId"] and operation["summary"] and operation["description"]
            assert ("security" in operation) is path.startswith("/v1/"), path
    assert "#/components/schemas/HTTPValidationError" not in json.dumps(told)


def test_the_page_describes_everything_and_loads_nothing(served):
    with served(api_keys=(KEY,), library=True) as address:
        api = requests.get(f"{address}/openapi.json", timeout=20).json()
        page = requests.get(f"{address}/docs", timeout=20)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'") and "<script" not in page.text
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in page.text and operation["summary"] in page.text
    assert "-X PUT -H &#x27;Content-Type: application/json&#x27; --data @FILE" in page.text
    assert f"-F file=@FILE &#x27;{address}/v1/image&#x27;" in page.text and "Samples a second" in page.text
