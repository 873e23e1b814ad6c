"""Many pictures at a glance: counts, a grid or a table of all faces, and the one that is looked at closely."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import pandas as pd
import streamlit as st

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.imaging.crops import cut, resized
from fer_core.readings import FaceReading
from fer_core.timeline.columns import quality_of
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploads import Analysed

THUMB_PX: Final = 72
MOST_IN_GRID: Final = 60

_PICTURE: Final = "picture looked at"
_ROW: Final = "row that was chosen"
_GRID, _TABLE = ":material/grid_view: Grid", ":material/table: Table"


@dataclass(frozen=True, eq=False)
class ListedFace:
    """One face of one picture: places from 0, and its reading."""

    picture: int
    face: int
    reading: FaceReading


def counts(pictures: Sequence[Analysed]) -> str:
    """What there is, in one line."""
    faces = [reading for picture in pictures for reading in picture.readings]
    without = sum(not picture.readings for picture in pictures)
    uncertain = sum(reading.uncertain for reading in faces)
    poor = sum(bool(reading.quality.problems) for reading in faces)
    parts = [f"**{len(pictures)}** pictures", f"**{len(faces)}** {'face' if len(faces) == 1 else 'faces'}"]
    parts += [f"**{uncertain}** uncertain", f"**{poor}** with a warning about the picture"] if faces else []
    parts += [f"**{without}** without a face"] if without else []
    return " · ".join(parts)


def overview(pictures: Sequence[Analysed]) -> tuple[int, int | None]:
    """Show all faces.

    Returns:
        The picture that is to be shown closely, from 0, and the face, where its row was chosen just now.
    """
    st.markdown(counts(pictures))
    faces = [
        ListedFace(place, number, reading)
        for place, picture in enumerate(pictures)
        for number, reading in enumerate(picture.readings)
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = st.segmented_control("All faces as", [_TABLE, _GRID], default=_TABLE, required=True)
        labels = [name for name in EMOTIONS if any(face.reading.label == name for face in faces)]
        wanted = st.pills(
            "Only", labels, selection_mode="multi", format_func=lambda name: f"{STYLES[name].symbol} {name}"
        )
        doubt = st.segmented_control("Readings", ["all", "certain", "uncertain"], default="all", required=True)
    shown = [
        face
        for face in faces
        if (not wanted or face.reading.label in wanted)
        and (doubt == "all" or face.reading.uncertain == (doubt == "uncertain"))
    ]
    if not shown:
        st.caption("No face is like that." if faces else "No face is in any of them.")
    if layout == _GRID:
        _grid(pictures, shown)
        picked = None
    else:
        picked = _table(pictures, shown)
    return _looked_at(pictures, picked)


def _table(pictures: Sequence[Analysed], faces: Sequence[ListedFace]) -> ListedFace | None:
    if not faces:
        return None
    table = pd.DataFrame(
        {
            "Crop": [_thumb(pictures[face.picture], face.reading) for face in faces],
            "Picture": [pictures[face.picture].name for face in faces],
            "Face": [face.face + 1 for face in faces],
            "Read as": [face.reading.words for face in faces],
            "Confidence": [100 * face.reading.confidence for face in faces],
            "Picture quality": [quality_of(face.reading.quality.problems) for face in faces],
            "Size (px)": [face.reading.quality.size_px for face in faces],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        row_height=THUMB_PX // 2,
        height=min(36 * (len(faces) + 1) + 4, 380),
        on_select="rerun",
        selection_mode="single-row",
        # Streamlit keeps the number of the chosen row, which may be another face once other faces are listed.
        key=f"all faces {hash(tuple((face.picture, face.reading.box) for face in faces))}",
        column_config={
            "Crop": st.column_config.ImageColumn(width="small", help="The face"),
            "Confidence": st.column_config.ProgressColumn(
                "Confidence", format="%.0f%%", min_value=0, max_value=100, help="Probability of the most probable label"
            ),
            "Read as": st.column_config.TextColumn("Read as", width="medium"),
        },
    )
    st.caption("Choose a row to look at that face. A click on a column's name sorts.")
    rows = event["selection"]["rows"]
    return faces[rows[0]] if rows and rows[0] < len(faces) else None


def _grid(pictures: Sequence[Analysed], faces: Sequence[ListedFace]) -> None:
    shown = faces[:MOST_IN_GRID]
    if not shown:
        return
    thumbs = [cut(pictures[face.picture].image, face.reading.box) for face in shown]
    st.image(
        [resized(thumb, 2 * THUMB_PX) for thumb in thumbs],
        caption=[
            f"{STYLES[face.reading.label].symbol} {face.reading.words} {face.reading.confidence:.0%} · "
            f"{plain(pictures[face.picture].name)}"
            for face in shown
        ],
        width=2 * THUMB_PX,
        channels="BGR",
    )
    if len(faces) > MOST_IN_GRID:
        st.caption(f"The first {MOST_IN_GRID} of {len(faces)} faces; the table has all.")


def _looked_at(pictures: Sequence[Analysed], picked: ListedFace | None) -> tuple[int, int | None]:
    row = None if picked is None else (picked.picture, picked.face)
    new = row is not None and row != st.session_state.get(_ROW)
    st.session_state[_ROW] = row
    if picked is not None and new:
        st.session_state[_PICTURE] = picked.picture
    if st.session_state.get(_PICTURE) not in range(len(pictures)):
        st.session_state[_PICTURE] = 0
    place: int = st.selectbox(
        "Picture",
        range(len(pictures)),
        format_func=lambda number: f"{number + 1}. {pictures[number].name}",
        key=_PICTURE,
    )
    return place, picked.face if picked is not None and new else None


def _thumb(picture: Analysed, reading: FaceReading) -> str:
    _, data = cv2.imencode(".jpg", resized(cut(picture.image, reading.box), THUMB_PX), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
