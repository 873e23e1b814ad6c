"""The wheel, built and installed into an empty environment."""

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

LIMIT_S = 900


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel and what the wheel requires.

    Attributes:
        folder: of the environment.
        wheel: the file.
    """

    folder: Path
    wheel: Path

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> str:
        return str(self.scripts / "python")

    @property
    def face_value(self) -> str:
        return str(self.scripts / "face-value")

    @property
    def data(self) -> Path:
        """Where the installed package holds its data files."""
        [data] = self.folder.rglob("fer_core/_data")
        return data

    def install(self, *requirements: str) -> None:
        pip = [self.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", "-q"]
        subprocess.run([*pip, *requirements], check=True, timeout=LIMIT_S)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """`pip wheel .`, then `pip install` of the wheel without any extra."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "-q", "--no-deps", "-w", str(place)]
    subprocess.run([*build, str(ROOT)], check=True, timeout=LIMIT_S)
    [wheel] = place.glob("*.whl")
    venv.create(place / "venv", with_pip=True)
    environment = Installed(place / "venv", wheel)
    environment.install(str(wheel))
    return environment


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in an empty folder, in an environment that names no checkout and no settings."""
    hidden = ("PYTHON", "FER", "FACE_VALUE", "COV", "XDG")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment |= {"PYTHONIOENCODING": "utf-8"}
    folder = tmp_path / "empty"
    folder.mkdir()

    def one(*command: object) -> subprocess.CompletedProcess[str]:
        words = [str(word) for word in command]
        return subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=LIMIT_S
        )

    return one
