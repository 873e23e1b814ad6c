"""Writes the bill of materials, sbom.json, in CycloneDX: `make sbom`.

It lists what runs in this environment: the packages of `requirements.txt`, and those that they need; the libraries
within their wheels that decode what comes from anyone; and the networks with their SHA-256 and licence. What only tests
need is left out.
"""

import importlib.metadata as metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

from fer_core.media.libraries import look
from fer_core.networks.files import MODELS_DIR, card_files

ROOT: Final = Path(__file__).resolve().parents[1]
OUT: Final = ROOT / "sbom.json"
RUN_TIME: Final = ROOT / "requirements.txt"


def main() -> None:
    """Write it."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", sys.executable, "--output-reproducible"]
    made = subprocess.run(
        [*command, "--pyproject", str(ROOT / "pyproject.toml")], capture_output=True, text=True, check=True
    )
    document = json.loads(made.stdout)
    needed = needed_packages()
    document["components"] = [
        *(each for each in document["components"] if normal(each["name"]) in needed),
        *native_libraries(),
        *networks(),
    ]
    kept = {each["bom-ref"] for each in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    document["dependencies"] = [
        {**each, **({"dependsOn": [ref for ref in each["dependsOn"] if ref in kept]} if "dependsOn" in each else {})}
        for each in document["dependencies"]
        if each["ref"] in kept
    ]
    check(document)
    OUT.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(document['components'])} components")


def needed_packages() -> set[str]:
    """Normal names of the packages in `requirements.txt` and of everything that they need here."""
    lines = (line.split("#")[0].strip() for line in RUN_TIME.read_text(encoding="utf-8").splitlines())
    waiting = [Requirement(line) for line in lines if line and not line.startswith("-")]
    found: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        extras = {"", *wanted.extras}
        if wanted.marker is not None and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = normal(wanted.name)
        try:
            needs = metadata.requires(wanted.name) or []
        except metadata.PackageNotFoundError:
            continue
        if name not in found or wanted.extras:
            waiting += [each for each in map(Requirement, needs) if _applies(each, extras)]
        found.add(name)
    return found


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def native_libraries() -> Iterator[dict[str, Any]]:
    """The libraries in wheels that decode, as the doctor finds them."""
    for found in look(date.today())[0]:
        yield {"type": "library", "bom-ref": f"native:{found.name}", "name": found.name, "version": found.version}


def networks() -> Iterator[dict[str, Any]]:
    """Every file of a network that runs, by the cards."""
    for path in card_files(MODELS_DIR):
        card = json.loads(path.read_text(encoding="utf-8"))
        for file, record in card["files"].items():
            if not file.endswith((".tflite", ".onnx")):
                continue
            yield {
                "type": "machine-learning-model",
                "bom-ref": f"model:{path.parent.name}/{file}",
                "name": f"{path.parent.name}/{file}",
                "description": card["title"],
                "hashes": [{"alg": "SHA-256", "content": record["sha256"]}],
                "licenses": [{"license": {"name": card["licence"]}}],
            }


def check(document: dict[str, Any]) -> None:
    """Hold the document against the schema of CycloneDX.

    Raises:
        ValueError: it does not fit.
    """
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    version = SchemaVersion.from_version(document["specVersion"])
    if error := JsonStrictValidator(version).validate_str(json.dumps(document)):
        raise ValueError(f"the bill of materials does not fit the schema: {error}")


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


if __name__ == "__main__":
    main()
