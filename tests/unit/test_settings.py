"""Environment variables: they do what they say, and the README says it."""

import os
import re
import subprocess
import sys

from tests.conftest import ROOT

NAMED = re.compile(r'^[A-Z_0-9]+_SETTING: Final = "([A-Z0-9_]+)"', re.MULTILINE)


def test_every_environment_variable_is_in_the_readme():
    found = {
        name for path in (ROOT / "fer_core").rglob("*.py") for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert {"FER_MODELS_DIR", "FER2013_PATH"} <= found
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(found) if f"`{name}`" not in readme] == []


def test_models_are_taken_from_another_folder(tmp_path):
    code = "from fer_core.classification import list_cards; print(list_cards())"
    for folder, empty in ((str(tmp_path), True), ("", False)):
        environment = {**os.environ, "FER_MODELS_DIR": folder}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert (done.stdout.strip() == "[]") is empty, done.stderr
