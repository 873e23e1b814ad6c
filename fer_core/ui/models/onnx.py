"""ONNX on demand: `export` in a process of its own, because TensorFlow stays out of the dashboard's."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import streamlit as st

from fer_core.errors import ExportError
from fer_core.resources import PACKAGE
from fer_core.settings import MODELS, environment_with
from fer_core.temporary import temporary_folder

_ROOT: Final = PACKAGE.parent
_NEEDS: Final = ("tensorflow", "tf2onnx", "onnxruntime")
_MOST_S: Final = 600


def can_be_made() -> bool:
    """Whether the converter is installed."""
    return all(find_spec(package) for package in _NEEDS)


@st.cache_data(max_entries=2, show_spinner=False)
def onnx_file(model: str, identity: str, models_dir: Path) -> bytes:
    """An installed single model as ONNX, compared with Keras on views of the bundled portrait.

    Args:
        model: its name.
        identity: of its card, so that another model under the name is converted anew.
        models_dir: where it is.

    Raises:
        ExportError: it cannot be converted, or says something else than Keras.
    """
    with temporary_folder() as folder:
        out = folder / "model.onnx"
        command = [sys.executable, "-m", "fer_core", "export", "--model", model, "--format", "onnx", "--out", str(out)]
        environment = environment_with(**{MODELS: str(models_dir), "KERAS_BACKEND": "tensorflow"})
        try:
            done = subprocess.run(
                command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=_MOST_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ExportError("The conversion takes too long here; use the command.") from error
        if done.returncode or not out.exists():
            said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
            raise ExportError(said[-1].removeprefix("error: ") if said else "The conversion failed; use the command.")
        return out.read_bytes()
