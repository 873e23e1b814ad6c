"""`image`, which reads the faces of pictures."""

import argparse
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_core.commands import Commands
from fer_core.commands.endings import unhurried
from fer_core.commands.output import BAD_INPUT, DONE, check_target, checked_folder, say, tell, write_file, write_json
from fer_core.commands.shared_options import add_pipeline_options, add_purpose_option, declaration_of
from fer_core.errors import MediaError
from fer_core.media.files import is_there
from fer_core.number_text import quantity

if TYPE_CHECKING:
    from fer_core.reports.picture_records import PictureRecord

_LONGEST_STEM_BYTES: Final = 200  # file systems take 255, and a suffix comes after it


def add(commands: Commands) -> None:
    """Add the command."""
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
            say(f"note: {quantity(len(records), 'picture', form='d')} of {len(options.paths)} can be found in the JSON")
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
    tell(f"{record['path']}: {quantity(len(record['faces']), 'face', form='d')}")
    for number, face in enumerate(record["faces"], start=1):
        doubt = ", uncertain" if face["uncertain"] else ""
        tell(f"  {number}. {face['label']} {face['confidence']:.0%}{doubt}, box {face['box']}")


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
