"""What stands beside the checkpoint of a recording: which recording it is, so that others leave it alone."""

import contextlib
import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from fer_core.batch.remote import Address, Source
from fer_core.whole_file import write_whole

_SUFFIX: Final = ".source.json"


def note_source(checkpoint: Path, source: Source) -> None:
    """Write down what a checkpoint is of, before it is begun; nothing of a file that cannot be reached.

    Raises:
        OSError: it cannot be written.
    """
    try:
        facts = _facts(source)
    except OSError:  # it was moved away, or its share fails; the reading says so
        return
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    write_whole(_note(checkpoint), json.dumps(facts))


def forget(checkpoint: Path) -> None:
    """Remove a checkpoint and what is noted of it; it only takes up room where that cannot be done."""
    for path in (checkpoint, _note(checkpoint)):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def forget_abandoned(folder: Path, waiting: Collection[Path], named: Collection[str]) -> None:
    """Remove checkpoints that nothing goes on from any more, with the portraits in them.

    Args:
        folder: of the checkpoints.
        waiting: those that stay.
        named: addresses that the call has read or tried to.
    """
    with contextlib.suppress(OSError):
        for checkpoint in set(folder.glob("*.jsonl")) - set(waiting):
            if not _may_go_on(checkpoint, named):
                forget(checkpoint)
        for note in folder.glob(f"*{_SUFFIX}"):
            if not note.with_name(f"{note.name.removesuffix(_SUFFIX)}.jsonl").exists():
                note.unlink(missing_ok=True)
        for end in ("part", "lock"):  # of a worker that was killed while it wrote a note
            for left in folder.glob(f"*{_SUFFIX}.{end}"):
                left.unlink(missing_ok=True)


def _may_go_on(checkpoint: Path, named: Collection[str]) -> bool:
    """Whether another call can go on from here: the recording was not part of this one, and is as it was."""
    try:
        facts = json.loads(_note(checkpoint).read_text(encoding="utf-8"))
        if "url" in facts:
            return facts["url"] not in named
        path, state = Path(facts["path"]), facts["state"]
    except FileNotFoundError:
        return False
    except OSError:
        return True
    except (ValueError, KeyError, TypeError):
        return False
    try:
        return bool(_state(path) == state)
    except FileNotFoundError:
        return not _holds_files(path.parent)
    except OSError:  # such as a share that is away for a while
        return True


def _holds_files(folder: Path) -> bool:
    """Whether there is something in a folder; that of a disk or share that is not mounted is gone, or empty."""
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _facts(source: Source) -> dict[str, object]:
    if isinstance(source, Address):
        return {"url": source.url}
    return {"path": os.fspath(source), "state": _state(source)}


def _state(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]


def _note(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(_SUFFIX)
