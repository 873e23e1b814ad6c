"""Evaluation on a visitor's own labelled faces. Nothing is written; the result is forgotten with the page."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

import streamlit as st

from fer_core.classification import ModelCard
from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError
from fer_core.evaluation.archives import ArchiveLimits
from fer_core.evaluation.attributes import attributes_of
from fer_core.evaluation.labelled import read_labelled
from fer_core.evaluation.own_faces import OwnEvaluation, evaluate_own
from fer_core.jobs import Monitor, Work
from fer_core.media.images import PICTURE_TYPES
from fer_core.request import DEFAULT_DETECTOR
from fer_core.ui.models import own_results, records
from fer_core.ui.models.parts import PAGE
from fer_core.ui.shared import loaders, page_memory
from fer_core.ui.shared.given import staying
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held

LIMITS: Final = ArchiveLimits(
    max_files=20_000, max_total_bytes=500_000_000, max_file_bytes=50_000_000, max_kept_bytes=500_000_000
)
"""Limits of one upload, unpacked; the command line takes more. The last one is met only by faces for a network
that takes colour or looks at more than 128 pixels."""

MOST_BYTES: Final = 200_000_000
"""Limit of one upload in bytes, packed."""

MOST_TABLE_BYTES: Final = 10_000_000
"""Limit of the table of groups in bytes."""

READING_SHARE: Final = 0.2
"""Share of the bar for reading the pictures; the rest is for measuring."""

PATIENCE_S: Final = 1.5
"""Seconds that the page waits for what is quick, before it shows the progress."""

_WORK: Final = "own evaluation"
_ARCHIVE, _FILES, _TABLE = _GIVEN = ("own zip", "own folder", "own table")
_ZIP, _FOLDER = ":material/folder_zip: Zip", ":material/folder: Folder"
_SMALLER_PICTURES: Final = "scale the pictures down, take fewer, or use the command below, which takes more"


def own_data(cards: Sequence[ModelCard]) -> None:
    """Ask for the faces, measure, show; a result stays until the visitor leaves the page."""
    work: Work[OwnEvaluation] | None = page_memory.kept(PAGE, _WORK)
    running = work is not None and work.running  # before the result is looked at, which may come at any moment
    if work is not None and work.result is not None:
        for name in _GIVEN:  # they were measured
            page_memory.forget(PAGE, name)
        st.button("Forget it and measure something else", icon=":material/delete:", on_click=_forget)
        own_results.show(work.result, {card.name: card for card in cards})
        return
    st.markdown(
        "How good is each model on *your* faces? Give labelled pictures and get everything that stands on this page "
        "for FER2013, as charts, JSON, CSV and PDF. Nothing of it is kept: it is read in memory and forgotten when you "
        "leave this page."
    )
    with st.expander("What the pictures have to look like", icon=":material/help:"):
        st.markdown(
            f"Each picture lies in a folder named after its emotion: {', '.join(f'`{name}`' for name in EMOTIONS)}, at "
            "any depth. Case, numbers and common synonyms do not matter: `3_Happiness` and `joy` are *happy*. A bad "
            "file is named and left out. Whole photographs are fine: let the face be found first."
        )
        st.code("my_faces.zip\n├── happy/anna_01.png\n├── happy/ben_02.jpg\n└── sad/anna_07.png", language=None)
    upload = _ask_faces()
    options = _ask_options(cards)
    ready = upload is not None and options is not None
    wanted = st.button("Measure", type="primary", icon=":material/play_arrow:", disabled=running or not ready)
    if wanted and upload and options:
        _begin(upload(), options)
    elif work is not None and running:
        show_progress(work, "Measuring", "stop measuring")
    elif work is not None and work.problem:
        if not work.stopping:
            st.error(plain(work.problem), icon=":material/error:")
        _forget()
    st.caption(
        "Larger data, or data that are on the machine already: "
        "`python -m fer_core evaluate --data PATH --model all --split all --json result.json`"
    )


def _ask_faces() -> Callable[[], BinaryIO] | None:
    """A function that returns the faces as a zip; a folder is packed only when it is called."""
    most = f"Up to {_mb(MOST_BYTES)} MB and {LIMITS.max_files:,} files"
    kind = st.segmented_control(
        "Faces from", [_ZIP, _FOLDER], required=True, default=_ZIP, key="faces from", persist_state="page"
    )
    if kind == _ZIP:
        archive = held(
            st.file_uploader(
                "Zip of labelled pictures",
                type="zip",
                key="labelled zip",
                max_upload_size=_mb(MOST_BYTES),
                help=f"{most}, {_mb(LIMITS.max_total_bytes)} MB once unpacked.",
                on_change=page_memory.forget,
                args=(PAGE, _ARCHIVE),
            )
        )
        archive = staying(PAGE, _ARCHIVE, archive)
        return partial(_own, archive) if archive and _fits([archive]) else None
    files = held(
        st.file_uploader(
            "Folder of labelled pictures",
            type=PICTURE_TYPES,
            accept_multiple_files="directory",
            key="labelled folder",
            max_upload_size=_mb(LIMITS.max_file_bytes),
            help=f"{most}, {_mb(LIMITS.max_file_bytes)} MB each. Files with other endings than "
            f"{', '.join(PICTURE_TYPES)} are not sent.",
            on_change=page_memory.forget,
            args=(PAGE, _FILES),
        )
    )
    files = staying(PAGE, _FILES, files)
    return (lambda: as_zip(files)) if files and _fits(files) else None


def _fits(files: Sequence[Any], most: int | None = None, instead: str = _SMALLER_PICTURES) -> bool:
    """Whether uploads together are within the limit; shows an error where not, as browsers alone cannot be trusted."""
    most, total = MOST_BYTES if most is None else most, sum(file.size for file in files)
    if total > most:
        st.error(
            f"These are {total / 1e6:,.0f} MB, more than the {_mb(most)} MB that a browser may send: {instead}.",
            icon=":material/error:",
        )
    return bool(total <= most)


def _own(file: Any) -> BinaryIO:
    """An upload for a thread of its own: whatever the page does with the one that it holds does not move this one."""
    own = io.BytesIO(file.getvalue())
    own.name = file.name
    return own


def _mb(count: int) -> int:
    return count // 1_000_000


def as_zip(files: Sequence[Any]) -> BinaryIO:
    """Uploaded files as one zip in memory, so that there is one way to read them."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        for file in files:
            out.writestr(file.name, file.getvalue())
    archive.seek(0)
    archive.name = PurePosixPath(files[0].name).parts[0]
    return archive


def _ask_options(cards: Sequence[ModelCard]) -> dict[str, Any] | None:
    """The chosen options; None while no evaluation is possible."""
    titles, _ = records.titles_and_looks()
    by_title = {titles[card.name]: card.name for card in cards}
    picked = st.pills(
        "Models", list(by_title), selection_mode="multi", default=list(by_title), key="own models", persist_state="page"
    )
    with st.expander("Options", icon=":material/tune:"):
        detect = st.toggle(
            "Find the face in each picture first",
            key="own detect",
            persist_state="page",
            help="For whole photographs instead of cut-out faces.",
        )
        by_folder = st.toggle(
            "Figures by folder",
            key="own by folder",
            persist_state="page",
            help="By the folders above the emotion folders, such as one folder a person or camera.",
        )
        robust = st.toggle(
            "Robustness curves too",
            key="own robust",
            persist_state="page",
            help="Forty more passes over up to 1,000 faces: minutes rather than seconds.",
        )
        table = held(
            st.file_uploader(
                "Figures by group (CSV)",
                type="csv",
                key="attributes",
                max_upload_size=_mb(MOST_TABLE_BYTES),
                help=f"Up to {_mb(MOST_TABLE_BYTES)} MB. "
                'A column "file" with the path of each picture in the zip, and any others, such as age or light.',
                on_change=page_memory.forget,
                args=(PAGE, _TABLE),
            )
        )
        table = staying(PAGE, _TABLE, table)
    if not picked or (table and not _fits([table], MOST_TABLE_BYTES, "leave out columns, or rows of other files")):
        return None
    return {
        "models": [by_title[title] for title in by_title if title in picked],
        "detect": detect,
        "by_folder": by_folder,
        "robust": robust,
        "table": table,
    }


def _begin(upload: BinaryIO, options: Mapping[str, Any]) -> None:
    """Measure in a thread of its own, so that no click on the page ends it but *Stop*."""
    try:
        detector = loaders.detector(DEFAULT_DETECTOR) if options["detect"] else None
        classifiers = {name: loaders.classifier(name) for name in options["models"]}
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return

    table = _own(options["table"]) if options["table"] else None

    def job(monitor: Monitor) -> OwnEvaluation:
        reading = monitor.part(0, READING_SHARE, "Reading the pictures")
        faces = read_labelled(upload, detector, LIMITS, reading, classifiers.values())
        return evaluate_own(
            getattr(upload, "name", "upload"),
            faces,
            classifiers,
            attributes_of(faces.files, faces.folders, table, options["by_folder"]),
            options["robust"],
            monitor.part(READING_SHARE, 1),
            records.MODELS_DIR,
        )

    work = Work(job, name="own evaluation")
    page_memory.keep(PAGE, _WORK, work)
    work.wait(PATIENCE_S)
    st.rerun()


def _forget() -> None:
    page_memory.forget(PAGE, _WORK)
