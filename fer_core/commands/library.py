"""`library`: what is kept, found, checked, taken along, taken in and deleted."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from fer_core.commands import Commands
from fer_core.commands.output import BAD_INPUT, DONE, progress_line, say, tell, write_json
from fer_core.errors import FerError, LibraryError

if TYPE_CHECKING:
    from fer_core.library.library import Library
    from fer_core.library.values import Entry

_NAME = "title or file name of a recording, or the first letters of its id or of an analysis"
_SHORT = 12
"""Letters of an id that are shown."""


def add(commands: Commands) -> None:
    """Add the command."""
    library = commands.add_parser(
        "library",
        help="list, check, export, import or delete kept analyses",
        description="The library of kept analyses; see docs/library.md.",
    )
    library.add_argument("--folder", type=Path, metavar="DIR", help="default: FACE_VALUE_LIBRARY or the user's")
    library.add_argument(
        "--database",
        metavar="PLACE",
        help="SQLite file or URL; default: a file in --folder where that is given, else FACE_VALUE_DATABASE or a file "
        "in the user's folder",
    )
    actions = library.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="the kept analyses, the newest first")
    listing.add_argument("words", nargs="*", metavar="WORD", help="only those with every word in any of their texts")
    listing.add_argument("--json", metavar="FILE", help='write them as JSON; "-" for stdout')
    listing.set_defaults(run=_list)

    show = actions.add_parser("show", help="everything that is known of a recording")
    show.add_argument("name", metavar="NAME", help=_NAME)
    show.set_defaults(run=_show)

    export = actions.add_parser("export", help="write everything as one zip")
    export.add_argument("file", type=Path, metavar="FILE")
    export.set_defaults(run=_export)

    take = actions.add_parser("import", help="take in what `export` wrote, or a dataset of `batch`")
    take.add_argument("file", type=Path, metavar="PATH", help="zip of `export`, or folder that `batch` wrote")
    take.set_defaults(run=_import)

    delete = actions.add_parser("delete", help="delete a recording, or one analysis of it, for good")
    delete.add_argument("name", metavar="NAME", help=_NAME)
    delete.add_argument("--yes", action="store_true", help="really delete; without it nothing is deleted")
    delete.set_defaults(run=_delete)

    check = actions.add_parser("check", help="read every file, and remove leftovers of killed processes")
    check.set_defaults(run=_check)


def _opened(options: argparse.Namespace, *, make: bool = False) -> "Library":
    """The library; made where it is missing only for what adds to it."""
    from fer_core.library.library import Library

    return Library.open(options.folder, options.database, make=make)


def _list(options: argparse.Namespace) -> int:
    with _opened(options) as library:
        entries = library.search(" ".join(options.words))
    if options.json:
        from fer_core.library.exchange import flat

        write_json(json.loads(flat(entries).to_json(orient="records")), options.json)
        return DONE
    for entry in entries:
        place, model = entry.place, entry.request.model or ""
        tell("\t".join((entry.analysis[:_SHORT], entry.title, place.subject or "-", place.condition or "-", model)))
    return DONE


def _show(options: argparse.Namespace) -> int:
    with _opened(options) as library:
        entries = _found(library, options.name)
        events, consents = library.events(entries[0].recording_id), library.consents(entries[0].recording_id)
    first = entries[0]
    _facts(
        {
            "recording": first.title,
            "file": first.recording.name,
            "id": first.recording_id,
            "length": f"{first.recording.duration_s:.1f} s",
            "subject": first.place.subject,
            "session": first.place.session,
            "condition": first.place.condition,
            **{f"attribute {name}": value for name, value in first.attributes.items()},
            "tags": ", ".join(first.tags),
            "events": str(len(events)),
            "consent": "; ".join(consent.sentence() for consent in consents),
            "path": first.path or "",
        }
    )
    for entry in entries:
        figures = entry.figures
        tell(f"analysis {entry.analysis}")
        _facts(
            {
                "  kept": entry.kept_at,
                "  model": entry.request.model or "",
                "  detector": entry.request.detector.name,
                "  samples a second": f"{entry.request.fps:g}",
                "  people": str(figures.people),
                "  seconds seen": f"{figures.seen_s:.1f}",
                "  uncertain": "" if figures.share_uncertain is None else f"{figures.share_uncertain:.0%}",
                "  corrections": str(entry.edits),
            }
        )
    return DONE


def _export(options: argparse.Namespace) -> int:
    from fer_core.library.exchange import export_library

    with _opened(options) as library:
        count = export_library(library, options.file, progress_line("the library", after_s=1.0))
    tell(f"{options.file}: {_analyses(count)}")
    return DONE


def _import(options: argparse.Namespace) -> int:
    if options.file.is_dir():
        return _import_dataset(options)
    from fer_core.library.exchange import import_library
    from fer_core.library.values import stays_deleted

    if not options.file.exists():  # before a library is made for it
        raise LibraryError(f"{options.file} does not exist; check the path.")
    with _opened(options, make=True) as library:
        brought = import_library(library, options.file, progress_line("the export", after_s=1.0))
    deleted = stays_deleted(brought.deleted)
    tell(f"{options.file}: {_analyses(brought.analyses)} imported, {brought.known} here already{deleted}")
    return DONE


def _import_dataset(options: argparse.Namespace) -> int:
    from fer_core.batch.keeping import keep_dataset
    from fer_core.library.values import stays_deleted

    with _opened(options, make=True) as library:
        brought = keep_dataset(library, options.file, progress_line("the dataset", after_s=1.0))
    for words in brought.problems:
        say(f"error: {words}")
    tell(
        f"{options.file}: {_analyses(brought.analyses)} imported, {brought.known} here already, {brought.failed} were "
        f"not read by the batch{stays_deleted(brought.deleted)}"
    )
    return BAD_INPUT if brought.problems else DONE


def _delete(options: argparse.Namespace) -> int:
    from fer_core.library.queue import still_waiting

    with _opened(options) as library:
        entries = _found(library, options.name)
        recording_id = entries[0].recording_id
        whole = len(entries) == sum(entry.recording_id == recording_id for entry in library.entries())
        if not options.yes:
            raise LibraryError(
                f'This would delete {_analyses(len(entries))} of "{entries[0].title}" for good; add --yes to do it.'
            )
        if whole:
            tell(library.delete(recording_id).sentence())
            if waits := still_waiting(library, {entry.recording.name for entry in entries}):
                say(f"note: {waits}")
        else:
            for entry in entries:
                tell(library.delete_analysis(entry.analysis).sentence())
    return DONE


def _check(options: argparse.Namespace) -> int:
    broken = False
    with _opened(options) as library:
        entries = library.entries()
        for entry in entries:
            try:
                library.open_study(entry.analysis)
            except FerError as error:
                broken = True
                say(f"error: {entry.title}: {error}")
        left = library.store.names() - {entry.analysis for entry in entries}
        waiting = sum(not receipt.traces_gone for receipt in library.deletions())
        swept = len(library.swept)
    tell(f"{_analyses(len(entries))} read, {swept} leftover {'file' if swept == 1 else 'files'} removed")
    if left:
        say(
            f"note: no analysis of this catalogue names {len(left)} {'file' if len(left) == 1 else 'files'} in "
            f"{library.store.folder}; a copy of the catalogue may, so nothing was removed."
        )
    if waiting:
        say(
            "error: the catalogue is in use or its disk is full, so traces of what was deleted are still in it; "
            "close what reads it, or make room."
        )
    return BAD_INPUT if broken or waiting else DONE


def _found(library: "Library", name: str) -> "list[Entry]":
    """All analyses of one recording, or one analysis.

    Raises:
        LibraryError: nothing has this name, or several things have it.
    """
    entries = library.entries()
    found = [entry for entry in entries if name in (entry.title, entry.recording.name)]
    found = found or _begins(entries, name)
    if not found:
        raise LibraryError(f'The library holds nothing called "{name}"; `library list` shows what it holds.')
    if len({entry.recording_id for entry in found}) > 1:
        ids = ", ".join(sorted({entry.recording_id[:_SHORT] for entry in found})[:5])
        raise LibraryError(f'Several recordings are called "{name}"; name one by its id: {ids}.')
    return found


def _begins(entries: "list[Entry]", letters: str) -> "list[Entry]":
    """The analyses of the recording, or the analysis, whose id begins so.

    Raises:
        LibraryError: several ids do.
    """
    recordings = {entry.recording_id for entry in entries if letters and entry.recording_id.startswith(letters)}
    analyses = {entry.analysis for entry in entries if letters and entry.analysis.startswith(letters)}
    if len(recordings) + len(analyses) > 1:
        things = [f"recording {id_}" for id_ in sorted(recordings)] + [f"analysis {id_}" for id_ in sorted(analyses)]
        raise LibraryError(f'Several ids begin with "{letters}"; give more letters of one: {", ".join(things[:5])}.')
    return [entry for entry in entries if entry.recording_id in recordings or entry.analysis in analyses]


def _facts(facts: dict[str, str]) -> None:
    for name, value in facts.items():
        if value:
            tell(f"{name}: {value}")


def _analyses(count: int) -> str:
    return f"{count} {'analysis' if count == 1 else 'analyses'}"
