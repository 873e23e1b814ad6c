"""What the player shows of a recording: its file, a copy, single frames, or the numbers alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import streamlit as st

from fer_core import charts
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.errors import FerError
from fer_core.readings import named
from fer_core.timeline.notes import Notes
from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.statistics.summaries import problems_of
from fer_core.timeline.table import Timeline
from fer_core.ui.shared.text import plain
from fer_core.ui.video.player.component import Addresses, PlayerData, show_player
from fer_core.ui.video.player.copies import about_copy, copy_of, offer_copy
from fer_core.ui.video.player.messages import hear
from fer_core.ui.video.player.outlines import has_outlines, outlines_json
from fer_core.ui.video.player.stimulus import stimulus_of
from fer_core.ui.video.player.track import Track, blind_track_of, track_of
from fer_core.ui.video.recording import OpenRecording

LARGE_MB: Final = 300
"""Beyond, the player is loaded only when asked for: the server hands the whole file to the browser from memory."""


@dataclass(frozen=True)
class Picture:
    """Addresses of the recording that plays and of a single frame, at most one of them, and what is seen, in words.

    `until_s` is the second at which what plays ends, where that is before the recording does.
    """

    video: str | None
    still: str | None
    words: str
    until_s: float | None = None


def moment(recording: OpenRecording, addresses: Addresses) -> None:
    """The player at the chosen moment.

    Args:
        recording: that is played; beside it its stimulus, where there is one.
        addresses: of this run of the page.
    """
    _play(recording, addresses, "readings", track_of, _overview(recording, addresses))


def moment_to_label(recording: OpenRecording, addresses: Addresses) -> None:
    """The player, in which keys label the range; readings are hidden where the rater is blind."""
    if not recording.blind:
        _play(recording, addresses, "readings", track_of, _overview(recording, addresses), labelling=True)
        return
    rater = recording.rater
    _play(
        recording,
        addresses,
        f"labels of {rater}",
        lambda timeline, notes: blind_track_of(timeline, notes, rater),
        "The readings are hidden.",
        labelling=True,
    )


def _overview(recording: OpenRecording, addresses: Addresses) -> str:
    timeline, notes = recording.timeline, recording.notes
    return addresses.once(
        f"overview {recording.number}", (timeline, notes), lambda: charts.describe_ribbon(timeline, notes)
    )


def _play(
    recording: OpenRecording,
    addresses: Addresses,
    what: str,
    make: Callable[[Timeline, Notes], Track],
    overview: str,
    *,
    labelling: bool = False,
) -> None:
    beside = stimulus_of(recording, addresses)
    picture = _picture(recording, addresses, hidden=labelling and recording.blind)
    timeline, notes = recording.timeline, recording.notes
    track = addresses.of_made(
        f"{what} {recording.number}",
        (timeline, notes),
        lambda: make(timeline, notes).to_json(),
        "application/json",
    )
    outlines = None
    if has_outlines(timeline):
        name = f"outlines {recording.number}"
        outlines = addresses.of_made(name, (timeline,), lambda: outlines_json(timeline), "application/json")
    data = PlayerData(
        video=picture.video,
        still=picture.still,
        track=track,
        outlines=outlines,
        words=picture.words,
        overview=overview,
        moment=recording.moment_s,
        seeks=recording.seeks,
        range=recording.range_s,
        person=recording.person,
        sound=timeline.recording.has_audio,
        until=picture.until_s,
        stimulus=beside,
        labels=EMOTIONS if labelling else (),
    )
    show_player(data, f"player {recording.number}", partial(hear, recording, labelling=labelling))


def words_at(recording: OpenRecording, time_s: float) -> str:
    """What was read in the sampled frame of a moment, in words."""
    frame = recording.timeline.frame
    rows = frame[(frame["time_s"] - time_s).abs().lt(SAME_TIME_S) & frame["person"].notna()].sort_values("person")
    parts = []
    for _, row in rows.iterrows():
        shown = named(row[list(EMOTIONS)].to_numpy(float), bool(row["uncertain"]))
        symbol = "❔" if row["uncertain"] else STYLES[row["label"]].symbol
        problems = ", ".join(problems_of(rows.loc[[row.name]]))
        parts.append(
            f"{recording.notes.name(int(row['person']))}: {symbol} {shown} "
            f"{row['confidence']:.0%}{f' ({problems})' if problems else ''}"
        )
    return " · ".join(parts) or "nobody in the readings"


def _picture(recording: OpenRecording, addresses: Addresses, *, hidden: bool) -> Picture:
    path = recording.path
    if path is None:
        st.info(
            "Only the numbers of this session were kept, no pictures. The player shows where faces were, and their "
            "outlines where these were kept.",
            icon=":material/videocam_off:",
        )
        return Picture(None, None, "")
    if recording.plays and _may_load(recording, path):
        return Picture(addresses.of_file(path), None, f"The recording {recording.name}")
    copy = None if recording.plays else copy_of(path)
    if copy is not None:
        about_copy(copy)
        words = f"A small copy of the recording {recording.name}"
        return Picture(addresses.of_file(copy.path), None, words, copy.until_s)
    if not recording.plays:
        offer_copy(path, "recording")
    return _still(recording, path, addresses, hidden=hidden)


def _may_load(recording: OpenRecording, path: Path) -> bool:
    """Whether the file may be handed to the browser; a large one only when asked for."""
    size_mb = path.stat().st_size / 1e6
    if size_mb <= LARGE_MB or recording.player_wanted:
        return True
    st.button(
        f"Load the recording into the player ({size_mb:.0f} MB)",
        icon=":material/play_circle:",
        key=f"load {recording.number}",
        on_click=lambda: setattr(recording, "player_wanted", True),
    )
    return False


def _still(recording: OpenRecording, path: Path, addresses: Addresses, *, hidden: bool) -> Picture:
    """The frame of the chosen moment."""
    read = "" if hidden else words_at(recording, recording.moment_s)
    words = f"Frame at {recording.moment_s:.2f} s. {read}"
    try:
        image = recording.picture(recording.moment_s)
    except FerError as error:
        st.warning(plain(str(error).replace(f"{path.parent}/", "")), icon=":material/broken_image:")
        return Picture(None, None, "")
    still = addresses.of_made(
        f"still {recording.number}", (image,), lambda: cv2.imencode(".jpg", image)[1].tobytes(), "image/jpeg"
    )
    return Picture(None, still, words)
