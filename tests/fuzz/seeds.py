"""Honest inputs of every kind that is taken in, small, and a few built to exhaust: what mutations begin with."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from fer_core.evidence.bundle import bundle_bytes
from fer_core.library.exchange import export_library
from fer_core.library.library import Library
from fer_core.library.values import Consent, Place
from fer_core.media.images import heic_can_be_read
from fer_core.timeline.editing.edits import Exclude, Mark, Merge, Name, Rest, Smooth, Split, edits_to_json
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from fer_core.timeline.events.formats import WRITTEN, write_events
from fer_core.timeline.notes import Marker, Span
from tests.conftest import PORTRAIT, ROOT
from tests.timelines import measured, synthetic
from tests.videos import scene, write_sound_only, write_video

EDITS = (
    Merge(2, 3),
    Split(1, 3.0, 4),
    Name(2, "Zoë Rosenkranz"),
    Mark((Marker(3.0, "the joke"),)),
    Exclude((Span(1.0, 2.0, "phone"),)),
    Rest(2, Span(0.0, 1.0)),
    Smooth("median", 0.5, 0.4),
)
EVENTS = (
    Event(0.5, None, "=SUM(A1)", "marker", "P1"),
    Event(1.25, 2.5, 'smile <b>wide</b> & "so"', "stimulus", "P1"),
    Event(3.0, 4.0, "田中さん, laughs", "stimulus", "P2"),
)
LOGS = {
    "eprime.txt": "*** Header Start ***\nSubject: 7\n*** Header End ***\n\tLevel: 2\n\t*** LogFrame Start ***\n"
    "\tProcedure: TrialProc\n\tPicture: happy.bmp\n\tFace.OnsetTime: 12500\n\tFace.OffsetTime: 13500\n"
    "\t*** LogFrame End ***\n",
    "psychopy.log": "1.0000 \tEXP \tface: autoDraw = True\n1.5000 \tDATA \tKeypress: space\n3.0000 \tEXP \tface: "
    "autoDraw = False\n4.0000 \tEXP \tNew trial (rep=0, index=1): OrderedDict(\n emotion=happy)\n",
    "psychopy.csv": "trials.thisN,image,face.started,face.stopped,participant\n0,a.png,1.5,2.5,7\n1,b.png,4.0,5.0,7\n",
    "boris.tsv": "Observation id\tSubject\tBehavior\tBehavioral category\tBehavior type\tTime\tComment\n"
    "obs1\tP1\tsmile\tmouth\tSTART\t1.000\t\nobs1\tP1\tnod\thead\tPOINT\t2.000\ttwice\nobs1\tP1\tsmile\tmouth\tSTOP\t3.5\t\n",
    "bids.tsv": "onset\tduration\ttrial_type\tvalue\n1.0\t0.5\tjoke\t3\n2.5\tn/a\tcalm\t\n",
}


@dataclass(frozen=True)
class Seed:
    """An input.

    Attributes:
        door: by which it comes in; a key of `doors.DOORS`.
        name: of the file.
        data: the file.
        honest: whether it is taken; the others are built to exhaust, and may be refused.
    """

    door: str
    name: str
    data: bytes
    honest: bool = True


def made(folder: Path, *, bombs: bool = True) -> list[Seed]:
    """All of them; `folder` is for files that can only be made as files."""
    kinds = (_pictures, _recordings, _events, _timelines, _zips, _texts, *((_bombs,) if bombs else ()))
    return [seed for make in kinds for seed in make(folder)]


def _pictures(_: Path) -> Iterator[Seed]:
    portrait = Image.open(PORTRAIT).convert("RGB").resize((64, 48))
    kinds: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("png", portrait, {}),
        ("png", portrait.convert("P"), {}),
        ("png", portrait.convert("LA"), {}),
        ("png", Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 20), {}),
        ("jpg", portrait, {"quality": 80}),
        ("jpg", portrait, {"progressive": True}),
        ("jpg", portrait.convert("CMYK"), {}),
        ("gif", portrait.convert("P"), {"save_all": True, "append_images": [portrait.convert("P")]}),
        ("bmp", portrait, {}),
        ("tif", portrait, {"compression": "tiff_lzw"}),
        ("tif", portrait.convert("L"), {"compression": "tiff_deflate"}),
        ("tif", portrait.convert("1"), {"compression": "group4"}),
        ("tif", portrait, {"compression": "jpeg"}),
        ("webp", portrait.convert("RGBA"), {}),
        ("webp", portrait, {"lossless": True}),
        ("avif", portrait, {}),
        *([("heic", portrait, {})] if heic_can_be_read() else []),
    ]
    exif = Image.Exif()
    exif[0x0112] = 6
    for ending, picture, options in kinds:
        file = io.BytesIO()
        form = {"jpg": "JPEG", "tif": "TIFF", "heic": "HEIF"}.get(ending, ending.upper())
        more = {"exif": exif} if ending in ("jpg", "webp", "png") else {}
        picture.save(file, form, **options, **more)
        yield Seed("picture", f"face.{ending}", file.getvalue())


def _recordings(folder: Path) -> Iterator[Seed]:
    frames = [scene((32 + n, 32, 40), width=96, height=64) for n in range(12)]
    kinds = {
        "face.mp4": {},
        "face.mov": {"rotation": 90},
        "face.mkv": {"codec": "mpeg4"},
        "face.webm": {"codec": "libvpx"},
        "vp9.webm": {"codec": "libvpx-vp9"},
        "face.avi": {"codec": "mjpeg"},
        "mpeg4.avi": {"codec": "mpeg4"},
        "face.mpg": {"codec": "mpeg2video"},
        "face.ts": {},
        "sound.mp4": {"sound_s": 0.5},
    }
    for name, options in kinds.items():
        yield Seed("recording", name, write_video(folder / name, frames, **options).read_bytes())
    yield Seed("recording", "only.m4a", write_sound_only(folder / "only.m4a").read_bytes(), honest=False)


def _events(_: Path) -> Iterator[Seed]:
    for form, about in WRITTEN.items():
        yield Seed("events", f"{form}.{about.extension}", write_events(EVENTS, form, "session.mp4"))
    for name, text in LOGS.items():
        yield Seed("events", name, text.encode())
    yield Seed("events", "wide.csv", write_events(EVENTS, "csv").decode().encode("utf-16"))


def _studies() -> tuple[Study, Study]:
    small = synthetic(4.0)
    return Study(measured(8.0, rate=10), EDITS), Study(
        replace(small, recording=replace(small.recording, sha256="1" * 64))
    )


def _timelines(_: Path) -> Iterator[Seed]:
    for number, study in enumerate(_studies()):
        yield Seed("timeline", f"{number}.parquet", study.to_parquet())
        yield Seed("timeline", f"{number}.json", study.to_json())


def _zips(folder: Path) -> Iterator[Seed]:
    corrected, plain = _studies()
    yield Seed("bundle", "evidence.zip", bundle_bytes(corrected, date(2026, 11, 1)))
    with Library.open(folder / "library") as library:
        library.keep(corrected)
        recording = library.entry(library.keep(plain)).recording_id
        library.set_place(recording, Place("S1", "day 1", "joke"))
        library.set_tags(recording, ["pilot"])
        library.set_events(recording, EVENTS)
        library.record_consent(recording, Consent("teaching", "signed", "2026-01-01"))
        export_library(library, folder / "library.zip")
    yield Seed("library", "library.zip", (folder / "library.zip").read_bytes())
    labelled = io.BytesIO()
    with zipfile.ZipFile(labelled, "w") as archive:
        face = cv2.imencode(".png", scene((32, 32, 48), width=64, height=64))[1].tobytes()
        for emotion in ("happy", "sad"):
            archive.writestr(f"mine/{emotion}/1.png", face)
    yield Seed("labelled", "faces.zip", labelled.getvalue())


def _texts(_: Path) -> Iterator[Seed]:
    for name in ("custom_cnn", "ensemble"):
        if (card := ROOT / "models" / name / "card.json").is_file():
            yield Seed("card", "card.json", card.read_bytes())
    preprocessing = {"channels": 3, "order": "rgb", "layout": "nchw", "range": [0, 1]}
    classes = ["neutral", "happy", None, "surprise", "sad", "angry", "disgust", "fear"]
    given = {
        "name": "theirs",
        "title": "Theirs",
        "licence": "MIT",
        "source": "https://example.org",
        "training_data": "their own",
        "parameters": 32,
        "side_px": 48,
        "input": preprocessing,
        "output": {"output": "scores", "gives": "logits", "classes": classes},
    }
    yield Seed("card", "given.json", json.dumps(given).encode())
    yield Seed("edits", "edits.json", json.dumps(edits_to_json(EDITS)).encode())
    yield Seed(
        "table", "people.csv", b"recording,subject,session,condition,age\nlive,S1,day 1,joke,31\n=Ben,S2,,calm,44\n"
    )


def _bombs(folder: Path) -> Iterator[Seed]:
    yield Seed("picture", "huge.png", png_of(60_000, 60_000, b""), honest=False)
    yield Seed("picture", "empty.png", png_of(7_000, 7_000, zlib.compress(bytes(7_000 * 21_001), 9)), honest=False)
    yield Seed("picture", "short.png", png_of(7_000, 7_000, zlib.compress(bytes(1_000), 9)), honest=False)
    yield Seed(
        "picture", "huge.gif", b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(40), honest=False
    )
    yield Seed(
        "picture",
        "huge.bmp",
        b"BM" + struct.pack("<IIIIiiHH", 60, 0, 54, 40, 2**30, 2**30, 1, 24) + bytes(24),
        honest=False,
    )
    yield Seed(
        "picture",
        "text.png",
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
        + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(200_000_000)))
        + chunk(b"IDAT", zlib.compress(bytes(200)))
        + chunk(b"IEND", b""),
        honest=False,
    )
    for name, depth in (("deep.json", 200_000), ("deep.boris", 5_000)):
        yield Seed("events", name, b"[" * depth + b"]" * depth, honest=False)
        yield Seed("edits", "edits.json", b"[" * depth + b"]" * depth, honest=False)
        yield Seed("timeline", "deep.json", b'{"rows":' * depth, honest=False)
        yield Seed("card", "card.json", b'{"a":' * depth, honest=False)
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    for what in (f'<!ENTITY a0 "ha">{laughs}', '<!ENTITY a9 SYSTEM "file:///etc/passwd">'):
        yield Seed(
            "events", "laughs.eaf", f"<?xml version='1.0'?><!DOCTYPE a [{what}]><a>&a9;</a>".encode(), honest=False
        )
    yield Seed("events", "deep.eaf", b"<a>" * 300_000, honest=False)
    yield Seed("events", "line.csv", b"start_s,end_s,text\n1,2," + b"x" * 15_000_000, honest=False)
    yield Seed("events", "commas.csv", b"start_s,end_s,text" + b"," * 4_000_000 + b"\n1,2,a\n", honest=False)
    yield Seed("events", "many.csv", b"start_s,end_s,text\n" + b"1,2,a\n" * 2_000_000, honest=False)
    yield Seed("events", "many.srt", b"1\n00:00:01,000 --> 00:00:02,000\na\n\n" * 300_000, honest=False)
    yield Seed("events", "quote.csv", b'start_s,end_s,text\n1,2,"' + b"x\n" * 4_000_000, honest=False)
    yield Seed("events", "spaces.srt", b"1\n00:00:01,000" + b" " * 3_000_000 + b"\n", honest=False)
    yield Seed("events", "digits.csv", b"start_s,text\n" + b"9" * 1_000_000 + b",a\n", honest=False)
    yield Seed("table", "people.csv", b"recording" + b",a" * 500_000 + b"\n" + b"x," * 500_000, honest=False)
    for door, name, inner in (
        ("bundle", "e.zip", "timeline.parquet"),
        ("library", "l.zip", "catalogue.json"),
        ("labelled", "f.zip", "happy/1.png"),
    ):
        yield Seed(door, name, zip_of({inner: bytes(400_000_000)}), honest=False)
        yield Seed(door, name, zip_of({f"{n}": b"" for n in range(60_000)}), honest=False)
    yield Seed("timeline", "rows.parquet", _bloated(rows=150_000_000), honest=False)
    yield Seed("timeline", "text.parquet", _bloated(text="x" * 20_000, rows=1_000_000), honest=False)
    frames = [np.zeros((16, 16, 3), np.uint8)] * 3000
    yield Seed("recording", "fast.mp4", write_video(folder / "fast.mp4", frames, rate=1000).read_bytes(), honest=False)
    large = [np.zeros((4320, 7680, 3), np.uint8)]
    yield Seed(
        "recording", "large.mp4", write_video(folder / "large.mp4", large, options={"preset": "ultrafast"}).read_bytes()
    )


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG of that size with compressed rows as they are given."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def _bloated(rows: int, text: str = "") -> bytes:
    """A timeline whose one further column unpacks to very much: the same value in every row."""
    indices = pa.array(np.zeros(min(rows, 1_000_000), np.int32))
    values = pa.array([text]) if text else pa.array([1.0])
    block = pa.table({"more": pa.DictionaryArray.from_arrays(indices, values)})
    about = pq.read_schema(io.BytesIO(_studies()[1].to_parquet())).metadata
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, block.schema.with_metadata(about), compression="zstd") as writer:
        for _ in range(max(1, rows // 1_000_000)):
            writer.write_table(block)
    return buffer.getvalue()


def parquet_with(data: bytes, about: dict[bytes, bytes] | None = None, rows: pd.DataFrame | None = None) -> bytes:
    """A Parquet file with other metadata or other rows."""
    table = pq.read_table(io.BytesIO(data))
    kept = table.schema.metadata if about is None else about
    if rows is not None:
        table = pa.Table.from_pandas(rows, preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(kept), buffer)
    return buffer.getvalue()
