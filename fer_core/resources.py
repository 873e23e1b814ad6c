"""Where the data files lie that belong to the package: networks, cascades, sample media, pages of the dashboard."""

from importlib.resources import files
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(str(files("fer_core")))
"""Folder of the package itself."""

_PACKAGED: Final = PACKAGE / "_data"

INSTALLED: Final = _PACKAGED.is_dir()
"""Whether the package was installed from a wheel, which brings the data files; False in a checkout."""

LEFT_OUT: Final = ".keras"
"""Suffix of the data files that a wheel leaves out: networks as they were trained, which only training needs."""


def resource(name: str) -> Path:
    """Path of a file or folder that comes with the package, such as "models" or "assets/sample.mp4".

    An installed package holds these files in `fer_core/_data`; in a checkout they lie beside the package.
    """
    return (_PACKAGED if INSTALLED else PACKAGE.parent) / name


def is_left_out(path: Path) -> bool:
    """Whether this data file is missing because the wheel left it out, not because it was lost."""
    return INSTALLED and path.suffix == LEFT_OUT and path.is_relative_to(_PACKAGED) and not path.exists()
