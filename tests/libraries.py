"""Libraries that many tests begin with: made once, and laid out as files for each."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from fer_core.library.library import Library


def files_of(fill: Callable[[Library], None]) -> dict[Path, bytes]:
    """The files of a library that holds what `fill` keeps in it, by their place in its folder."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "library"
        with Library.open(place) as library:
            fill(library)
        return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def laid_out(files: Mapping[Path, bytes], place: Path) -> None:
    """Have these files in a folder."""
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
