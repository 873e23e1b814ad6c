"""The bill of materials names what runs, and fits the schema of CycloneDX."""

import json

import pytest

from docs import make_sbom
from fer_core.networks.files import sha256
from tests.conftest import ROOT


def test_what_is_needed_is_found_with_what_it_needs():
    needed = make_sbom.needed_packages()
    assert {"streamlit", "pyarrow", "av", "ai-edge-litert", "pillow"} <= needed
    assert not {"pytest", "ruff", "mypy"} & needed


def test_every_network_is_there_with_its_hash():
    listed = {each["name"]: each["hashes"][0]["content"] for each in make_sbom.networks()}
    assert listed["custom_cnn/model.tflite"] == sha256(ROOT / "models" / "custom_cnn" / "model.tflite")
    assert len(listed) >= 6


@pytest.mark.slow
def test_the_document_fits_the_schema(tmp_path, monkeypatch):
    pytest.importorskip("cyclonedx_py", reason="cyclonedx-bom is not installed; see requirements-dev.txt")
    monkeypatch.setattr(make_sbom, "OUT", tmp_path / "sbom.json")
    make_sbom.main()
    document = json.loads((tmp_path / "sbom.json").read_text())
    names = {each["name"] for each in document["components"]}
    assert {"streamlit", "custom_cnn/model.tflite"} <= names and any("FFmpeg" in name for name in names)
