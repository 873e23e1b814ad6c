"""Where the data files lie that belong to the package: networks, cascades, sample media."""

from importlib.resources import files
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(str(files("fer_core")))
"""Folder of the package itself."""

_PACKAGED: Final = PACKAGE / "_data"


def resource(name: str) -> Path:
    """Path of a file or folder that comes with the package, such as "models" or "assets/sample.mp4".

    An installed package holds these files in `fer_core/_data`; in a checkout they lie beside the package.
    """
    return (_PACKAGED if _PACKAGED.is_dir() else PACKAGE.parent) / name
