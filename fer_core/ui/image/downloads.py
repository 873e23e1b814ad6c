"""What the Image page gives to take away: all readings as CSV and JSON, all pictures as a zip."""

import io
import json
import zipfile
from collections.abc import Sequence

import streamlit as st

from fer_core.cells import for_spreadsheets
from fer_core.imaging.drawing import annotate
from fer_core.media.images import encode_png
from fer_core.reports.picture_records import as_record
from fer_core.reports.pictures import as_csv
from fer_core.ui.shared.uploads import Analysed

_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
"""Not allowed in names of files on Windows."""


def downloads(pictures: Sequence[Analysed]) -> None:
    """All readings as CSV and JSON, all pictures as a zip."""
    records = [as_record(picture.record) for picture in pictures]
    with st.container(horizontal=True):
        for label, name, mime, data in (
            ("CSV", "expressions.csv", "text/csv", lambda: _csv(pictures)),
            ("JSON", "expressions.json", "application/json", lambda: json.dumps(records, indent=2, ensure_ascii=False)),
            *(
                (("All PNG", "expressions.zip", "application/zip", lambda: _zip(pictures)),)
                if len(pictures) > 1
                else ()
            ),
        ):
            st.download_button(
                label, data=data, file_name=name, mime=mime, icon=":material/download:", on_click="ignore"
            )


def _csv(pictures: Sequence[Analysed]) -> bytes:
    return for_spreadsheets(as_csv(picture.record for picture in pictures))


def _zip(pictures: Sequence[Analysed]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, picture in enumerate(pictures, start=1):
            png = encode_png(annotate(picture.image, picture.readings))
            archive.writestr(f"{number:03d}_{picture.stem.translate(_NOT_IN_NAMES)}_annotated.png", png)
    return buffer.getvalue()
