"""The command line: `python -m fer_core COMMAND`, and `face-value COMMAND` where the package is installed.

Exit status: 0 done, 2 wrong usage, 3 bad input (one clear line on stderr) or a check that failed; of `batch` also 1,
some recordings failed. 128 and the number of the signal that ended it (130 for Ctrl-C), but 0 of `live` and
`dashboard`, and of `serve` by SIGTERM. 141 where the reader of a pipe has gone.
Results go to stdout or into files, progress and messages to stderr. What a command needs is imported when it runs, so
that quick commands start quickly.
"""

import argparse
import atexit
import gc
import os
import sys
import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from fer_core.commands import (
    batch,
    bench,
    checking,
    crop_study,
    dashboard,
    evaluate,
    library,
    live,
    models,
    null_study,
    serve,
    training,
    verify,
    video,
)
from fer_core.commands.endings import ended_in_order, status_of, unhurried
from fer_core.commands.output import (
    BAD_INPUT,
    DONE,
    accept_any_letter,
    check_target,
    checked_folder,
    end_of_pipe,
    printable,
    say,
    tell,
    write_file,
    write_json,
)
from fer_core.commands.shared_options import add_pipeline_options, add_purpose_option, declaration_of
from fer_core.commands.values import filled, filled_path
from fer_core.errors import FerError, MediaError
from fer_core.media.files import is_there
from fer_core.settings import tell_libraries
from fer_core.version import __version__

if TYPE_CHECKING:
    from fer_core.reports.picture_records import PictureRecord

ENTRY_POINT: Final = "face-value"
"""Name of the command that an installed package adds."""

STARTED_AFTER_S: Final = 2.0
"""By then a command has loaded what it needs."""

_LONGEST_STEM_BYTES: Final = 200  # file systems take 255, and a suffix comes after it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    _search_no_garbage()
    tell_libraries(PYDANTIC_DISABLE_PLUGINS="__all__")  # to look for them takes a while, and no one has any
    accept_any_letter()
    options = parser().parse_args(arguments)
    try:
        with ended_in_order():
            status: int = options.run(options)
            return status
    except BrokenPipeError:
        return end_of_pipe()
    except FerError as error:
        say(f"error: {error}")
        return BAD_INPUT
    except OSError as error:  # a place that may not be looked into, or a share or disk that fails meanwhile
        say(f"error: {_place(error)} cannot be read or written ({error.strerror or error}); check it and try again.")
        return BAD_INPUT
    except KeyboardInterrupt as end:
        say("stopped.")
        return status_of(end)


def _place(error: OSError) -> str:
    return "A file" if error.filename is None else os.fsdecode(error.filename)


def _search_no_garbage() -> None:
    """Not at the start, when what is imported stays, nor at the end, with which all goes."""
    gc.disable()
    later = threading.Timer(STARTED_AFTER_S, gc.enable)
    later.daemon = True
    later.start()
    atexit.register(gc.freeze)


class _Parser(argparse.ArgumentParser):
    """Refuses empty values, which a script gives whose variable is not set, and which would be "." or the default."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.register("type", None, filled)
        self.register("type", Path, filled_path)

    def add_subparsers(self, **options: Any) -> Any:
        action = super().add_subparsers(**options)
        action.type = str  # else it, not the command's own parser, would refuse the empty values of the command
        return action

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top: argparse.ArgumentParser = _Parser(prog=_program(), description="Facial expression recognition, locally.")
    top.add_argument("--version", action="version", version=f"{ENTRY_POINT} {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    image = commands.add_parser("image", help="read the faces of pictures", description="Read the faces of pictures.")
    image.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a picture")
    image.add_argument("--json", metavar="FILE", help='write readings as JSON; "-" for stdout')
    image.add_argument(
        "--annotate",
        type=Path,
        metavar="DIR",
        help="write pictures with boxes and labels into DIR, in the place of none",
    )
    add_purpose_option(image)
    add_pipeline_options(image)
    image.set_defaults(run=_image, error=image.error)

    video.add(commands)
    batch.add(commands)
    live.add(commands)
    verify.add(commands)

    library.add(commands)
    models.add(commands)
    evaluate.add(commands)

    duplicates = commands.add_parser("duplicates", help="count pictures that are in more than one split")
    training.add_data_option(duplicates)
    duplicates.set_defaults(run=_duplicates)

    checking.add(commands)
    dashboard.add(commands)
    serve.add(commands)
    null_study.add(commands)
    crop_study.add(commands)
    bench.add(commands)
    training.add(commands)
    return top


def _program() -> str:
    """How the command line was called, for its help texts."""
    return ENTRY_POINT if Path(sys.argv[0]).stem == ENTRY_POINT else "python -m fer_core"


def _image(options: argparse.Namespace) -> int:
    if options.purpose is not None and not options.json:
        options.error("--purpose stands in what --json writes; add that, or leave it out")
    check_target(options.json)
    if options.annotate:
        checked_folder(options.annotate, "--annotate")
    records: list[PictureRecord] = []
    try:
        failed = _read_pictures(options, records)
    except KeyboardInterrupt:
        if options.json and records:
            with unhurried():
                write_json(records, options.json)
            say(f"note: {_plural(len(records), 'picture')} of {len(options.paths)} can be found in the JSON")
        raise
    if options.json:
        write_json(records, options.json)
    return BAD_INPUT if failed else DONE


def _read_pictures(options: argparse.Namespace, records: "list[PictureRecord]") -> bool:
    """Read pictures into `records`, one after the other, and return whether one of them could not be read or drawn."""
    from fer_core.media.images import encode_png, read_and_identify
    from fer_core.pipeline import EmotionPipeline
    from fer_core.reports.picture_records import PictureSettings, ReadPicture, as_record

    declaration = declaration_of(options)
    pipeline = EmotionPipeline.load(options.model, options.detector, options.engine)
    settings = PictureSettings.of(pipeline)
    failed = False
    used: set[str] = set()
    for path in options.paths:
        try:
            picture, sha256 = read_and_identify(path)
        except MediaError as error:
            say(f"error: {error}")
            failed = True
            continue
        found = pipeline.read_picture(picture)
        readings = found.faces
        if found.turn:
            say(f"note: {path} seems to be turned; turn it {found.turn} degrees clockwise to read it upright")
        height, width = picture.shape[:2]
        name = os.fsencode(path).decode(errors="replace")  # JSON holds no bytes that are no letters
        read = ReadPicture(name, width, height, readings, settings, sha256=sha256, declaration=declaration)
        records.append(as_record(read))
        if options.annotate:
            from fer_core.imaging.drawing import annotate

            try:
                place = _free_name(options.annotate, path.stem, used)
                write_file(place, encode_png(annotate(picture, readings)))
                if place.name != f"{path.stem}_annotated.png":
                    say(f"note: {path} is drawn in {place}")
            except MediaError as error:  # what was read is told all the same
                say(f"error: {error}")
                failed = True
        if not options.json:
            _print_record(records[-1])
    return failed


def _print_record(record: "PictureRecord") -> None:
    tell(f"{record['path']}: {_plural(len(record['faces']), 'face')}")
    for number, face in enumerate(record["faces"], start=1):
        doubt = ", uncertain" if face["uncertain"] else ""
        tell(f"  {number}. {face['label']} {face['confidence']:.0%}{doubt}, box {face['box']}")


def _duplicates(options: argparse.Namespace) -> int:
    from fer_core.evaluation.datasets import duplicates_report, load_faces

    for what, number in duplicates_report(load_faces(options.data)).items():
        tell(f"{what}: {number}")
    return DONE


def _free_name(folder: Path, stem: str, used: set[str]) -> Path:
    """A name that is not in `used` yet, and then is: pictures of different folders can share theirs.

    Nor is there a file of it, such as of an earlier call. Some systems take capitals for the same letters.
    """
    stem = os.fsencode(stem)[:_LONGEST_STEM_BYTES].decode(errors="ignore") or "picture"
    suffixes = ("" if n == 1 else f"_{n}" for n in count(1))
    names = (f"{stem}{suffix}_annotated.png" for suffix in suffixes)
    name = next(name for name in names if name.casefold() not in used and not is_there(folder / name))
    used.add(name.casefold())
    return folder / name


def _plural(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
