"""`video`, which reads a recording over time, and `smoothing-study`, which measures what smoothing does."""

import argparse
import contextlib
import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_core.commands import Commands
from fer_core.commands.folders import SUMMARY, TIMELINE, held_folder, refuse_dataset
from fer_core.commands.output import DONE, check_target, checked_folder, progress_line, say, write_json
from fer_core.commands.shared_options import add_purpose_option, add_request_options, declaration_of, request_of
from fer_core.commands.values import at_least, positive
from fer_core.errors import FerError, MediaError, RequestError, TimelineError
from fer_core.media.files import harmless, is_there, sha256_of

if TYPE_CHECKING:
    from fer_core.declaration import Declaration
    from fer_core.pipeline import EmotionPipeline
    from fer_core.request import AnalysisRequest
    from fer_core.timeline.editing.edits import Edit
    from fer_core.timeline.table import Timeline

CHECKPOINT: Final = "unfinished.jsonl"


@dataclass(frozen=True)
class _Given:
    """What the options say, once it was found to make sense."""

    edits: "tuple[Edit, ...]"
    request: "AnalysisRequest"
    declaration: "Declaration | None"


def add(commands: Commands) -> None:
    """Add the commands."""
    video = commands.add_parser(
        "video",
        help="read a recording over time",
        description="Read a recording over time. DIR gets timeline.csv with its data dictionary, timeline.parquet, "
        "summary.json and report.pdf. What a damaged recording lacks is said in the last two and on stderr. Results of "
        "the same recording are replaced; a folder with those of another, finished or not, or a session of `live`, "
        "is refused.",
    )
    video.add_argument("path", type=Path, metavar="PATH", help="MP4, MOV, MKV, WebM, AVI or the like")
    video.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    video.add_argument("--annotate", action="store_true", help="also write annotated.mp4")
    video.add_argument("--bundle", action="store_true", help="also write evidence.zip, for `verify`")
    video.add_argument("--edits", type=Path, metavar="FILE", help="corrections as JSON, as the Video page exports them")
    add_purpose_option(video)
    video.add_argument(
        "--resume",
        action="store_true",
        help="go on where a run with the same options was ended; --edits and what is written may be others",
    )
    add_request_options(video)
    video.set_defaults(run=_video)

    study = commands.add_parser(
        "smoothing-study",
        help="measure what each smoothing does",
        description="Measure accuracy, delay at a change and flicker of each smoothing on sequences spliced of "
        "labelled stills. Such sequences flatter any smoother: labels hold for seconds and change at once.",
    )
    study.add_argument("--data", type=Path, required=True, metavar="PATH", help="FER2013: a folder, zip or fer2013.csv")
    study.add_argument("--model", metavar="NAME", help="default: the model that is used where none is named")
    study.add_argument("--fps", type=positive(float), default=4.0, help="samples a second; default: 4")
    study.add_argument("--time-constants", type=positive(float), nargs="+", default=[0.2, 0.4, 0.8], metavar="S")
    study.add_argument(
        "--sequences", type=at_least(1), default=100, help="of half a minute, of each kind; default: 100"
    )
    study.add_argument("--json", required=True, metavar="FILE", help='where the figures go; "-" for stdout')
    study.set_defaults(run=_study)


def _video(options: argparse.Namespace) -> int:
    from fer_core.media.video import checked_file

    is_new = not is_there(checked_folder(options.out, "--out"))
    given = _Given(_edits(options), request_of(options), declaration_of(options))
    checked_file(options.path)
    try:
        with held_folder(options.out):
            refuse_dataset(options.out)
            _refuse_results_of_others(options.out, options.path)
            return _read(options, given)
    except (KeyboardInterrupt, FerError):
        if is_new:
            with contextlib.suppress(OSError):  # there is something in it
                options.out.rmdir()
        raise


def _refuse_results_of_others(folder: Path, recording: Path) -> None:
    """Make sure that the results of a recording, and what was read of it, replace none but its own.

    Raises:
        MediaError: the folder holds those of another, or the recording cannot be read.
    """
    from fer_core.analysis.checkpoint import Checkpoint

    found = _recording_of_results(folder)
    begun = Checkpoint.recording_of(folder / CHECKPOINT)
    if found is None and not begun:
        return
    mine = sha256_of(recording)
    if found is not None and found[1] != mine:  # which a live session has none of
        raise MediaError(
            f"{folder} holds the results of another recording ({harmless(found[0])}); choose another folder with --out."
        )
    if begun and begun != mine:
        raise MediaError(
            f"{folder / CHECKPOINT} holds what was read of another recording; choose another folder with --out, or "
            "remove that file."
        )


def _recording_of_results(folder: Path) -> tuple[str, str] | None:
    """Name and SHA-256 of the recording whose results a folder holds, which is empty of a live session; None without.

    Raises:
        MediaError: it holds a timeline of which nothing says what was read.
    """
    try:
        about = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["recording"]
        return str(about["name"]), str(about["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return _recording_of_timeline(folder / TIMELINE) if is_there(folder / TIMELINE) else None


def _recording_of_timeline(path: Path) -> tuple[str, str]:
    from fer_core.timeline.table import Timeline

    try:
        recording = Timeline.read(path).recording
    except FerError as error:
        raise MediaError(
            f"{path} cannot be read, so nobody knows which recording it is of; choose another folder with --out."
        ) from error
    return recording.name, recording.sha256


def _refuse_other_choices(checkpoint: Path, request: "AnalysisRequest") -> None:
    """Make sure that what was read can be gone on with by the same choices: it would be read anew, after hours.

    Raises:
        RequestError: it was read by others.
    """
    from fer_core.analysis.checkpoint import Checkpoint

    if others := Checkpoint.asked_otherwise(checkpoint, request):
        raise RequestError(
            f"{checkpoint} was read with another {' and '.join(others)}; give the options of then, or leave out "
            "--resume to read all of it anew."
        )


def _read(options: argparse.Namespace, given: _Given) -> int:
    from fer_core.analysis.run import completed
    from fer_core.pipeline import EmotionPipeline

    checkpoint = options.out / CHECKPOINT
    pipeline = EmotionPipeline.load_for(given.request)
    if options.resume:
        _refuse_other_choices(checkpoint, completed(pipeline, given.request))
    else:  # only now: what was read in hours outlives a slip of the pen
        with contextlib.suppress(OSError):  # what is wrong with the folder is said when it is written to
            checkpoint.unlink()
    try:
        timeline = pipeline.analyse(options.path, given.request, progress_line("the recording"), checkpoint=checkpoint)
    except (KeyboardInterrupt, FerError) as end:
        _leave_nothing(checkpoint)
        if isinstance(end, KeyboardInterrupt):
            _say_where(checkpoint)
        raise
    timeline = replace(timeline, declaration=given.declaration)
    for problem in timeline.problems:
        say(f"note: {problem}")
    try:
        return _results(options, pipeline, timeline, given.edits)
    except (KeyboardInterrupt, FerError) as end:
        _say_where(checkpoint, "correct the edits, then " if isinstance(end, TimelineError) else "")
        raise


def _say_where(checkpoint: Path, first: str = "") -> None:
    if is_there(checkpoint):
        say(f"what was read is kept in {checkpoint}; {first}go on with the same command and --resume")


def _results(
    options: argparse.Namespace, pipeline: "EmotionPipeline", timeline: "Timeline", edits: tuple["Edit", ...]
) -> int:
    from fer_core.evidence.bundle import write_bundle
    from fer_core.reports.annotated import write_annotated
    from fer_core.reports.pdf import write_pdf
    from fer_core.reports.summary import summary_of
    from fer_core.reports.tables import write_csv
    from fer_core.timeline.editing.study import Study

    study = Study(timeline, edits)
    timeline, notes = study.timeline, study.notes_of_people
    write_csv(timeline, options.out)
    write_json(summary_of(timeline, notes).to_json(), str(options.out / SUMMARY))
    Study(replace(study.read, portraits={}), edits).write(options.out / TIMELINE)
    card, today = pipeline.classifier.card, date.today()
    report = write_pdf(timeline, options.out / "report.pdf", today, notes, card)
    if options.annotate:
        line = progress_line("annotated.mp4")
        for missing in write_annotated(timeline, options.path, options.out / "annotated.mp4", line):
            say(f"note: {missing}")
    if options.bundle:
        fingerprint = write_bundle(study, options.out / "evidence.zip", today, card, report)
        say(f"evidence.zip has the fingerprint {fingerprint}")
    for name, is_wanted in {"annotated.mp4": options.annotate, "evidence.zip": options.bundle}.items():
        if not is_wanted and is_there(options.out / name):
            say(f"note: {options.out / name} is of an earlier run")
    with contextlib.suppress(OSError):
        (options.out / CHECKPOINT).unlink()
    say(f"{options.out} is ready")
    return DONE


def _leave_nothing(checkpoint: Path) -> None:
    """Remove a checkpoint in which nothing was saved."""
    with contextlib.suppress(OSError):
        if checkpoint.read_bytes().count(b"\n") > 1:
            return
        checkpoint.unlink()


def _edits(options: argparse.Namespace) -> tuple["Edit", ...]:
    """The corrections of `--edits`, read before anything else, so that a mistake in them costs no time.

    Raises:
        TimelineError: they are not understood, or forbid the bundle that is wanted too.
        MediaError: the file cannot be read.
    """
    from fer_core.timeline.editing.edits import Remove, edits_from_json

    if options.edits is None:
        return ()
    try:
        plain = json.loads(options.edits.read_text(encoding="utf-8"))
    except OSError as error:
        raise MediaError(f"{options.edits} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise TimelineError(f"{options.edits} is not JSON; it holds a list of edits.") from error
    edits = edits_from_json(plain["edits"] if isinstance(plain, dict) and "edits" in plain else plain)
    if options.bundle and any(isinstance(edit, Remove) for edit in edits):
        raise TimelineError("A bundle from which somebody was removed cannot be checked; leave out --bundle.")
    return edits


def _study(options: argparse.Namespace) -> int:
    from fer_core.classification import EmotionClassifier, default_model
    from fer_core.evaluation.datasets import load_faces
    from fer_core.evaluation.predictions import predict
    from fer_core.evaluation.smoothing_study import study

    check_target(options.json)
    faces = load_faces(options.data).split("PublicTest")
    classifier = EmotionClassifier.load(options.model or default_model())
    line = progress_line(f"{len(faces)} faces of PublicTest read by {classifier.card.name}")
    probabilities = predict(classifier, faces.images, faces.labels, monitor=line).probabilities
    figures = study(probabilities, faces.labels, options.fps, options.time_constants, options.sequences)
    write_json({"model": classifier.card.name, **figures}, options.json)
    return DONE
