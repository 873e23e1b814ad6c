"""The player's script in the page: what it is given, and under which addresses it fetches the rest."""

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.runtime import get_instance

from fer_core.plain import as_plain

Value = TypeVar("Value")

SCRIPTS: Final = (
    "readings.js", "outlines.js", "overlay.js", "lanes.js", "faces.js", "drawing.js", "stimulus.js", "hands.js",
    "clock.js", "steps.js", "player.js",
)  # fmt: skip
"""The parts of the script, in the order in which they make one module."""


@dataclass(frozen=True)
class StimulusData:
    """The recording that plays beside the one of the player, which reads this as JSON under these names.

    Attributes:
        video: its address.
        name: of its file.
        offset: moment of the recording at which it begins, in seconds.
        sound: whether there is any.
    """

    video: str
    name: str
    offset: float
    sound: bool


@dataclass(frozen=True)
class PlayerData:
    """The data of the player's script, which reads it as JSON under these names.

    Attributes:
        video: address of what is played; None where browsers cannot play the recording, or there is none.
        still: address of the frame of the moment, where there is no video; None where there are only numbers, which
            play on a plain ground.
        track: address of the readings, see `fer_core.ui.video.player.track.Track`.
        outlines: address of the outlines of all faces, see `outlines_json`; None where there are none.
        words: what the picture shows, for those who do not see it.
        overview: what the lanes show, likewise.
        moment: chosen by the page, in seconds.
        seeks: changes when the player has to go to `moment`.
        range: start and end of the chosen range, in seconds.
        person: number of the chosen person; None where there is none.
        sound: whether there is any.
        until: second at which a copy ends that is played and ends before the recording does; else None.
        stimulus: plays beside the recording; None where there is none.
        labels: expressions that the keys 1 to 7 label the range with; empty where nothing is labelled.
    """

    video: str | None
    still: str | None
    track: str
    outlines: str | None
    words: str
    overview: str
    moment: float
    seeks: int
    range: tuple[float, float]
    person: int | None
    sound: bool
    until: float | None = None
    stimulus: StimulusData | None = None
    labels: tuple[str, ...] = ()


class Addresses:
    """Addresses under which the browser fetches what one run of the page hands out.

    The server forgets at the beginning of each whole run what earlier ones handed out, so each has its own `Addresses`;
    runs of a part of the page share those of the whole run, and a large file is read once a whole run.
    """

    def __init__(self) -> None:
        self._files: dict[Path, str] = {}
        self._made: dict[str, tuple[tuple[Any, ...], Any]] = {}

    def of_file(self, path: Path) -> str:
        """Of a recording or a copy of it, which the server holds in memory while the page shows it."""
        if path not in self._files:
            kind = mimetypes.guess_type(path.name)[0] or "video/mp4"
            self._files[path] = _handed_out(str(path), kind, f"face-value player {path}")
        return self._files[path]

    def of_made(self, name: str, of: tuple[Any, ...], make: Callable[[], bytes], kind: str) -> str:
        """Of a document that is made anew when it depends on something else than before.

        Args:
            name: of the document, unlike those of others.
            of: all that it depends on; compared by identity.
            make: gives the document.
            kind: its MIME type.
        """
        return self.once(name, of, lambda: _handed_out(make(), kind, f"face-value player {name}"))

    def once(self, name: str, of: tuple[Any, ...], make: Callable[[], Value]) -> Value:
        """A value that takes long to work out, made anew when it depends on something else than before.

        Args:
            name: of the value, unlike those of others.
            of: all that it depends on; compared by identity.
            make: gives the value.
        """
        known = self._made.get(name)
        if known is None or any(one is not other for one, other in zip(known[0], of, strict=True)):
            known = self._made[name] = of, make()
        value: Value = known[1]
        return value


def show_player(data: PlayerData, key: str, told: Callable[[Mapping[str, Any]], None]) -> None:
    """Show the player.

    Args:
        data: for its script.
        key: of the widget.
        told: called with what the script says, see `fer_core.ui.video.player.messages.hear`. The number of its last
            message goes back to it, so that it knows which of its choices the page has heard of.
    """
    heard = f"{key} heard"

    def hear() -> None:
        message = st.session_state[key].get("told")
        if isinstance(message, Mapping):
            st.session_state[heard] = message.get("number")
            told(message)

    plain = {**as_plain(data), "heard": st.session_state.get(heard)}
    _component()(data=plain, key=key, on_told_change=hear)


def _handed_out(what: bytes | str, kind: str, place: str) -> str:
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{'/' if base else ''}{base}{get_instance().media_file_mgr.add(what, kind, place)}"


@lru_cache(maxsize=1)
def _component() -> Any:
    folder = files(__package__)
    html, css = ((folder / f"player.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    js = "\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return st.components.v2.component("face_value.player", html=html, css=css, js=js)
