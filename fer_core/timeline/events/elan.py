"""Events as tiers of an ELAN document (`.eaf`).

Wittenburg et al. (2006), ELAN: a professional framework for multimodality research, LREC. The document is XML: time
slots in milliseconds, and tiers of annotations between two slots or upon another annotation. Times have a resolution of
one millisecond, and annotations of one tier may not overlap. Where a video was cut or synchronised, the TIME_ORIGIN of
its MEDIA_DESCRIPTOR is the millisecond of the video at which the document's clock shows 0.
"""

import math
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event, decoded, quoted

SOURCE: Final = "elan"
POINT_MS: Final = 40
"""Duration of a moment in a document, which cannot hold moments: one frame at 25 frames a second."""

_POINT_TYPE: Final = "moment"
_SPAN_TYPE: Final = "stretch"
_AUTHOR: Final = "Face Value"
_OVERLAP: Final = " (overlap {})"
_DEFAULT_TIER: Final = "events"
_ORIGIN: Final = re.compile(r"-?\d{1,13}", re.ASCII)
_NO_XML: Final = "\ufffe\uffff"
_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"

_Slot = tuple[int, str]
"""Milliseconds and name of a time slot."""


class _Tier(NamedTuple):
    """A tier to be written: its name, and its events, none of which overlap; either all are moments or none is."""

    name: str
    subject: str
    moments: bool
    members: Sequence[Event]


def read_document(data: bytes) -> list[Event]:
    """Annotations of every tier: `kind` is the tier, `subject` its participant.

    An annotation on another annotation has its times. Slots without a time are spread evenly between their neighbours,
    as in ELAN. Times are those of the video that the document names, if it names one.

    Raises:
        TimelineError: it is no such document, names videos of different origins, or declares entities or a document
            type.
    """
    root, lines = _parsed(data)
    if root.tag != "ANNOTATION_DOCUMENT":
        raise TimelineError(f"Line 1: the document is {quoted(root.tag)}, not an ELAN document; save it again in ELAN.")
    origin_s = _origin_s(root, lines)
    slots = {name: origin_s + time_s for name, time_s in _slots(root, lines).items()}
    ours = root.get("AUTHOR") == _AUTHOR
    aligned, upon = _annotations(root, lines, slots)
    events = []
    for tier in root.iter("TIER"):
        subject = tier.get("PARTICIPANT", "")
        kind = tier.get("TIER_ID", "")
        if subject and kind.endswith("@" + subject):
            kind = kind.removesuffix("@" + subject)
        if ours:
            kind = kind.split(_OVERLAP.split("{")[0])[0]
        moment = ours and tier.get("LINGUISTIC_TYPE_REF") == _POINT_TYPE
        for annotation in tier.iterfind("ANNOTATION/*"):
            line = lines[annotation]
            start_s, end_s = _times(annotation, aligned, upon, line)
            words = annotation.findtext("ANNOTATION_VALUE") or ""
            events.append(Event(start_s, None if moment else end_s, words.strip(), kind, subject, SOURCE, line=line))
    return events


def document_text(events: Sequence[Event], media: str = "", mime: str = "video/mp4") -> str:
    """An ELAN document with a tier for each kind and subject; overlapping events go to a further tier.

    Args:
        events: of one recording, none before its start; a moment lasts `POINT_MS`.
        media: file name of the recording, which ELAN expects beside the document.
        mime: type of the recording.

    Raises:
        TimelineError: an event starts before 0 s.
    """
    if any(event.start_s < 0 for event in events):
        raise TimelineError("An event starts before 0 s, which ELAN cannot hold; correct the clock or leave it out.")
    document = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": _AUTHOR,
            "DATE": "2000-01-01T00:00:00+00:00",
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    _add_header(document, media, mime)
    order = ElementTree.SubElement(document, "TIME_ORDER")
    slots: list[_Slot] = []
    for tier in _tiers(events):
        _add_tier(document, tier, slots)
    for time_ms, slot in sorted(slots, key=lambda entry: entry[0]):
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(time_ms)})
    for name in (_SPAN_TYPE, _POINT_TYPE):
        kind = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": name, "TIME_ALIGNABLE": "true"}
        ElementTree.SubElement(document, "LINGUISTIC_TYPE", kind)
    ElementTree.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(document, encoding="unicode") + "\n"


def _add_header(document: ElementTree.Element, media: str, mime: str) -> None:
    header = ElementTree.SubElement(document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if media:
        address = f"./{_printable(media)}"
        descriptor = {"MEDIA_URL": address, "MIME_TYPE": mime, "RELATIVE_MEDIA_URL": address}
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", descriptor)


def _add_tier(document: ElementTree.Element, tier: _Tier, slots: list[_Slot]) -> None:
    """Add a tier with its annotations, and their time slots, two for each annotation, to `slots`."""
    attributes = {"TIER_ID": tier.name, "LINGUISTIC_TYPE_REF": _POINT_TYPE if tier.moments else _SPAN_TYPE}
    if tier.subject:
        attributes["PARTICIPANT"] = _printable(tier.subject)
    element = ElementTree.SubElement(document, "TIER", attributes)
    for event in tier.members:
        number = len(slots) // 2 + 1
        first, last = f"ts{2 * number - 1}", f"ts{2 * number}"
        slots += zip(_milliseconds(event), (first, last), strict=True)
        annotation = ElementTree.SubElement(
            ElementTree.SubElement(element, "ANNOTATION"),
            "ALIGNABLE_ANNOTATION",
            {"ANNOTATION_ID": f"a{number}", "TIME_SLOT_REF1": first, "TIME_SLOT_REF2": last},
        )
        ElementTree.SubElement(annotation, "ANNOTATION_VALUE").text = _printable(event.text)


def _parsed(data: bytes) -> tuple[ElementTree.Element, Mapping[ElementTree.Element, int]]:
    """Root and the line of every element; entities, document types and external references are refused."""
    lines: dict[ElementTree.Element, int] = {}

    class _Builder(ElementTree.TreeBuilder):
        def start(self, tag: Any, attrs: Any, /) -> Any:
            element = super().start(tag, attrs)
            lines[element] = parser.parser.CurrentLineNumber
            return element

    parser = XMLParser(target=_Builder(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    text = decoded(data)
    try:
        parser.feed(text.encode() if not text.startswith("<?xml") else _without_declaration(text).encode())
        return parser.close(), lines
    except DefusedXmlException as error:
        raise TimelineError("The document declares a document type or entities, which are refused.") from error
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise TimelineError(f"Line {line} of the ELAN document is not XML; save it again in ELAN.") from error


def _without_declaration(text: str) -> str:
    """The decoded text without its XML declaration; lines keep their numbers."""
    end = text.find("?>")
    return "\n" * text[: end + 2].count("\n") + text[end + 2 :] if end >= 0 else text


def _origin_s(root: ElementTree.Element, lines: Mapping[ElementTree.Element, int]) -> float:
    """Seconds of the document's videos at which its clock shows 0; 0 where nothing is said.

    Sound and pictures are passed over: what is read here is a video.
    """
    origins = set()
    for media in root.iterfind("HEADER/MEDIA_DESCRIPTOR"):
        if media.get("MIME_TYPE", "").startswith(("audio", "image")):
            continue
        said = media.get("TIME_ORIGIN", "0")
        if not _ORIGIN.fullmatch(said):
            raise TimelineError(f"Line {lines[media]} of the ELAN document has no time origin ({quoted(said)}).")
        origins.add(int(said))
    if len(origins) > 1:
        raise TimelineError(
            "The ELAN document has several videos with different time origins; keep the analysed one alone in ELAN "
            "(Edit, Linked Files) and save it again."
        )
    return origins.pop() / 1000 if origins else 0.0


def _slots(root: ElementTree.Element, lines: Mapping[ElementTree.Element, int]) -> Mapping[str, float]:
    """Seconds by slot; slots without a time are spread evenly between their neighbours."""
    names, times = [], []
    for slot in root.iterfind("TIME_ORDER/TIME_SLOT"):
        said = slot.get("TIME_VALUE")
        if said is not None and not (said.isascii() and said.isdigit() and len(said) < 14):
            raise TimelineError(
                f"Line {lines[slot]} of the ELAN document has no time in milliseconds ({quoted(said)})."
            )
        names.append(slot.get("TIME_SLOT_ID", ""))
        times.append(math.nan if said is None else int(said) / 1000)
    place = 0
    while place < len(times):
        if not math.isnan(times[place]):
            place += 1
            continue
        after = place
        while after < len(times) and math.isnan(times[after]):
            after += 1
        if place == 0 or after == len(times):
            raise TimelineError("The ELAN document has time slots without a time at its edge; save it again in ELAN.")
        step = (times[after] - times[place - 1]) / (after - place + 1)
        for each in range(place, after):
            times[each] = times[place - 1] + step * (each - place + 1)
        place = after
    return dict(zip(names, times, strict=True))


def _annotations(
    root: ElementTree.Element, lines: Mapping[ElementTree.Element, int], slots: Mapping[str, float]
) -> tuple[Mapping[str, tuple[float, float]], Mapping[str, str]]:
    """Start and end of annotations with times, and the parent of the other annotations."""
    aligned: dict[str, tuple[float, float]] = {}
    upon: dict[str, str] = {}
    for annotation in root.iterfind("TIER/ANNOTATION/*"):
        name = annotation.get("ANNOTATION_ID", "")
        if annotation.tag == "REF_ANNOTATION":
            upon[name] = annotation.get("ANNOTATION_REF", "")
            continue
        ends = [slots.get(annotation.get(f"TIME_SLOT_REF{place}", "")) for place in (1, 2)]
        start_s, end_s = ends
        if start_s is None or end_s is None:
            raise TimelineError(
                f"Line {lines[annotation]} of the ELAN document names a time slot that is not there; save it again."
            )
        aligned[name] = (min(start_s, end_s), max(start_s, end_s))
    return aligned, upon


def _times(
    annotation: ElementTree.Element, aligned: Mapping[str, tuple[float, float]], upon: Mapping[str, str], line: int
) -> tuple[float, float]:
    name, seen = annotation.get("ANNOTATION_ID", ""), set()
    while name not in aligned:
        if name in seen or name not in upon:
            raise TimelineError(
                f"Line {line} of the ELAN document stands upon an annotation that is not there; save it again."
            )
        seen.add(name)
        name = upon[name]
    return aligned[name]


def _tiers(events: Sequence[Event]) -> list[_Tier]:
    """The events by kind, subject and whether they are moments; those that overlap in tiers of their own."""
    groups: dict[tuple[str, str, bool], list[list[Event]]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.start_s):
        lanes = groups[(event.kind or _DEFAULT_TIER, event.subject, event.end_s is None)]
        start_ms, _ = _milliseconds(event)
        free = next((lane for lane in lanes if _milliseconds(lane[-1])[1] <= start_ms), None)
        if free is None:
            lanes.append([event])
        else:
            free.append(event)
    result, used = [], set()
    for (kind, subject, moments), lanes in groups.items():
        for lane in lanes:
            number = 1
            while (name := _tier_name(kind, subject, number)) in used:
                number += 1
            used.add(name)
            result.append(_Tier(name, subject, moments, lane))
    return result


def _tier_name(kind: str, subject: str, number: int) -> str:
    return (
        _printable(kind)
        + (_OVERLAP.format(number) if number > 1 else "")
        + (f"@{_printable(subject)}" if subject else "")
    )


def _milliseconds(event: Event) -> tuple[int, int]:
    start_ms = round(1000 * event.start_s)
    if event.end_s is None:
        return start_ms, start_ms + POINT_MS
    return start_ms, max(round(1000 * event.end_s), start_ms + 1)


def _printable(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter in "\n\t" or (ord(letter) >= 32 and letter not in _NO_XML))
