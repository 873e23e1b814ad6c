"""Events as subtitles: SubRip (`.srt`) and WebVTT (`.vtt`, https://www.w3.org/TR/webvtt1/). Markup stays plain text."""

import html
import re
from collections.abc import Sequence
from typing import Final

from fer_core.errors import TimelineError
from fer_core.timeline.events.event import MAX_EVENTS, Event, seconds_of

SOURCE: Final = "subtitles"
POINT_S: Final = 0.04
"""Duration of a moment in seconds: subtitles cannot hold moments."""

_ARROW: Final = "-->"
_TIMES: Final = re.compile(r"\s*([\d:.,]+)\s+-->\s+([\d:.,]+)(?:\s.*)?")
_SPOKEN: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]{1,200})>(.*)", re.DOTALL)
_SKIPPED: Final = ("NOTE", "STYLE", "REGION", "WEBVTT")


def read_subtitles(text: str) -> list[Event]:
    """An event for each cue; its number or name is kept as `cue`, the voice of a WebVTT cue as `subject`.

    Raises:
        TimelineError: a block has no times, or ends before it starts.
    """
    web = text.startswith("WEBVTT")
    events = []
    for line, block in _blocks(text):
        first = next((place for place, words in enumerate(block[:2]) if _ARROW in words), None)
        if first is None:
            if web and block[0].split(" ")[0].split("\t")[0] in _SKIPPED:
                continue
            raise TimelineError(f"Line {line} of the subtitles begins a block without times; give it start --> end.")
        start_s, end_s = _times(block[first], line + first)
        words, subject = "\n".join(block[first + 1 :]), ""
        if web:
            if spoken := _SPOKEN.fullmatch(words):
                subject, words = html.unescape(spoken[1].strip()), spoken[2].removesuffix("</v>")
            words = html.unescape(words)
        kept = {"cue": block[0].strip()} if first else {}
        events.append(Event(start_s, end_s, words, "", subject, SOURCE, kept, line + first))
    return events


def srt_text(events: Sequence[Event]) -> str:
    """SubRip subtitles of the events; a moment lasts `POINT_S`, and an event without text shows its kind.

    Raises:
        TimelineError: an event starts before 0 s.
    """
    blocks = [
        f"{number}\n{start.replace('.', ',')} {_ARROW} {end.replace('.', ',')}\n{_words(event)}\n"
        for number, (start, end, event) in enumerate(_cues(events), start=1)
    ]
    return "\n".join(blocks)


def vtt_text(events: Sequence[Event]) -> str:
    """WebVTT subtitles of the events as in `srt_text`, with the subject as the voice of the cue.

    Raises:
        TimelineError: an event starts before 0 s.
    """
    blocks = []
    for start, end, event in _cues(events):
        voice = f"<v {html.escape(event.subject, quote=False)}>" if event.subject else ""
        blocks.append(f"{start} {_ARROW} {end}\n{voice}{html.escape(_words(event), quote=False)}\n")
    return "WEBVTT\n\n" + "\n".join(blocks)


def _blocks(text: str) -> list[tuple[int, list[str]]]:
    """Blocks of lines between empty lines, each with the number of its first line."""
    blocks: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            inside = False
        elif inside:
            blocks[-1][1].append(line)
        else:
            if len(blocks) > 2 * MAX_EVENTS:
                raise TimelineError(f"The file has more than {MAX_EVENTS} subtitles, the most that are read; split it.")
            blocks.append((number, [line]))
            inside = True
    return blocks


def _times(words: str, line: int) -> tuple[float, float]:
    match = _TIMES.fullmatch(words)
    start_s, end_s = (seconds_of(match[1]), seconds_of(match[2])) if match else (None, None)
    if start_s is None or end_s is None:
        raise TimelineError(f"Line {line} of the subtitles has no times as in 00:00:01,500 --> 00:00:02,000.")
    if end_s < start_s:
        raise TimelineError(f"Line {line} of the subtitles ends before it starts; swap the times.")
    return start_s, end_s


def _cues(events: Sequence[Event]) -> list[tuple[str, str, Event]]:
    if any(event.start_s < 0 for event in events):
        raise TimelineError("An event starts before 0 s, which subtitles cannot hold; correct the clock first.")
    cues = []
    for event in sorted(events, key=lambda event: event.start_s):
        end_s = event.start_s + POINT_S if event.end_s is None else event.end_s
        cues.append((_clock(event.start_s), _clock(end_s), event))
    return cues


def _words(event: Event) -> str:
    lines = [line.strip().replace(_ARROW, "→") for line in event.text.split("\n") if line.strip()]
    return "\n".join(lines) or event.kind or "event"


def _clock(time_s: float) -> str:
    whole = round(1000 * time_s)
    return f"{whole // 3600000:02d}:{whole // 60000 % 60:02d}:{whole // 1000 % 60:02d}.{whole % 1000:03d}"
