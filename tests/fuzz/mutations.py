"""Changes that make hostile input of honest input: of bytes, text, JSON, zips, Parquet files and pictures' headers."""

import hashlib
import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.seeds import Seed, parquet_with

MOST_BYTES = 40_000_000
SIZES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TEXTS = (
    "",
    "\0",
    "=1+1",
    "\u202egnp.exe",
    "a\nb",
    "<b>x</b>",
    "../../x",
    "x" * 70_000,
    "\ud800",
    "NaN",
    "１",
    "-",
    "%s%n",
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, -1e308, 1e-320, 10**30, -(10**30), 2**63, 1.5, float("nan"), float("inf")),
    *TEXTS,
    *([], {}, [[]], [None], {"a": 1}, [1] * 1000, [[[[[[]]]]]]),
)


def mutated(seeds: list[Seed], number: int, seed: int) -> Seed:
    """Input `number` of a campaign: always the same for the same seeds and seed."""
    rng = random.Random(f"{seed}:{number}")
    if number < len(seeds):
        return seeds[number]
    honest = [each for each in seeds if each.honest]
    doors = {each.door for each in honest}
    door = rng.choices(*zip(*((name, often) for name, often in _WEIGHTS.items() if name in doors), strict=True))[0]
    chosen = rng.choice([each for each in honest if each.door == door])
    ways = [_bytes, *_ways_of(chosen)]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        chosen = rng.choice(ways)(rng, chosen, honest)
    return chosen


_WEIGHTS = {
    "picture": 24, "recording": 16, "events": 16, "timeline": 16, "bundle": 8, "library": 8, "labelled": 3, "card": 4,
    "edits": 3, "table": 2,
}  # fmt: skip

Way = Callable[[random.Random, Seed, list[Seed]], Seed]


def _ways_of(seed: Seed) -> tuple[Way, ...]:
    data = seed.data
    if data.startswith(b"PK"):
        return (_zip, _zip, _zip)
    if data.startswith(b"PAR1"):
        return (_parquet, _parquet, _parquet)
    if data.startswith(b"\x89PNG"):
        return (_png,)
    if seed.name.endswith((".json", ".boris")):
        return (_json, _json, _text)
    return (_text,) if seed.door in ("events", "table") else ()


def _bytes(rng: random.Random, seed: Seed, others: list[Seed]) -> Seed:
    data = bytearray(seed.data)
    size = max(1, len(data))
    at = rng.randrange(size)
    way = rng.randrange(12)
    if way == 0:
        data = data[:at]
    elif way == 1:
        for _ in range(rng.choice((1, 4, 32))):
            data[rng.randrange(size) : 0] = b""
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way == 2:  # where headers are
        for _ in range(rng.choice((1, 3, 8))):
            if data:
                data[rng.randrange(min(len(data), 200))] = rng.randrange(256)
    elif way == 3:
        form = rng.choice(("<I", ">I", "<H", ">H"))
        value = rng.choice(SIZES) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
        data[at : at + struct.calcsize(form)] = struct.pack(form, value)
    elif way == 4:
        data[at : at + rng.randrange(1, size + 1)] = b""
    elif way == 5:
        data[at:at] = rng.randbytes(rng.choice((1, 10, 1000)))
    elif way == 6:
        data[at:at] = data[: rng.randrange(size)] * rng.choice((1, 2, 50))
    elif way == 7:  # a polyglot
        other = rng.choice(others)
        data = bytearray(
            rng.choice((other.data + bytes(data), bytes(data) + other.data, bytes(data[:at]) + other.data))
        )
    elif way == 8:  # a wrong ending
        return replace(seed, name=rng.choice([each.name for each in others]))
    elif way == 9:  # another file under this door
        data = bytearray(rng.choice(others).data)
    elif way == 10:
        data = bytearray(
            rng.choice((b"", b"\0" * 4096, rng.randbytes(4096), b"\xff" * 4096, bytes(data[:at]) + bytes(65_536)))
        )
    else:
        data = data * rng.choice((2, 20))
    return replace(seed, data=bytes(data[:MOST_BYTES]))


def _text(rng: random.Random, seed: Seed, others: list[Seed]) -> Seed:
    text = seed.data.decode("utf-8", "replace")
    way = rng.randrange(5)
    cells = list(re.finditer(r"[^\s,\t;\"<>]+", text))
    if way == 0 and cells:
        cell = rng.choice(cells)
        value = rng.choice((*TEXTS, "1e400", "-0", "99999999999", "1:2:3:4", "00:00:-1", "1e9", "inf", '"', "'"))
        text = text[: cell.start()] + value + text[cell.end() :]
    elif way == 1:
        lines = text.split("\n")
        rng.shuffle(lines)
        text = "\n".join(lines)
    elif way == 2:
        text = text.replace(
            *rng.choice((("\n", "\r"), (",", ";"), ("\t", " "), ("\n", "\n\n"), ('"', ""), (":", "::"), (">", "")))
        )
    elif way == 3:
        lines = text.split("\n")
        line, times = rng.choice(lines), rng.choice((1, 100, 30_000))
        text = "\n".join([*lines, *[line] * min(times, MOST_BYTES // (len(line) + 1))])
    else:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(TEXTS) + text[at:]
    return replace(seed, data=text.encode("utf-8", "surrogatepass"))


def _json(rng: random.Random, seed: Seed, others: list[Seed]) -> Seed:
    try:
        value = json.loads(seed.data)
    except (ValueError, RecursionError):
        return _bytes(rng, seed, others)
    for _ in range(rng.choice((1, 1, 3))):
        value = _other_value(rng, value)
    return replace(seed, data=json.dumps(value).encode())


def _other_value(rng: random.Random, value: Any) -> Any:
    """The same tree with one change somewhere, as deep as chance leads."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        way = rng.random()
        if way < 0.05:
            return {each: value[each] for each in value if each != name}
        if way < 0.1:
            return {**value, rng.choice(TEXTS): value[name]}
        return {**value, name: _other_value(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        way = rng.random()
        if way < 0.1:
            return value[:at]
        if way < 0.2:
            return [*value, value[at]]
        return [*value[:at], _other_value(rng, value[at]), *value[at + 1 :]]
    return rng.choice(VALUES)


def _zip(rng: random.Random, seed: Seed, others: list[Seed]) -> Seed:
    """A member changed, with a manifest that covers the change up in half of the cases; or the zip itself is odd."""
    try:
        with zipfile.ZipFile(io.BytesIO(seed.data)) as archive:
            files = {info.filename: archive.read(info) for info in archive.infolist()}
    except Exception:
        return _bytes(rng, seed, others)
    if not files:
        return _bytes(rng, seed, others)
    name = rng.choice(list(files))
    names = list(files)
    way = rng.randrange(10)
    if way < 6:
        inner = Seed(seed.door, name, files[name])
        files[name] = rng.choice([_bytes, *_ways_of(inner), *_ways_of(inner)])(rng, inner, others).data
        if seed.door == "library" and name.startswith("readings/"):
            files = _renamed(files, name)
        if "manifest.json" in files and name != "manifest.json" and rng.random() < 0.6:
            files["manifest.json"] = _manifest(files)
    elif way == 6:
        files[rng.choice(("../x", "/etc/passwd", "C:\\x", "a\0b", "x" * 60_000, name.upper(), "\u202e"))] = files.pop(
            name
        )
    elif way == 7:
        names.append(name)
    data = io.BytesIO()
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(data, "w", method) as archive:
        for each in [*files, *names[len(files) :]]:
            archive.writestr(zipfile.ZipInfo(each), files[each], method)
    packed = bytearray(data.getvalue())
    if way in (8, 9):  # a field of a local or central header
        heads = [match.start() for match in re.finditer(rb"PK\x03\x04|PK\x01\x02|PK\x05\x06", bytes(packed))]
        at = rng.choice(heads) + rng.randrange(4, 40)
        packed[at : at + 4] = struct.pack("<I", rng.choice(SIZES))
    return replace(seed, data=bytes(packed))


def _manifest(files: dict[str, bytes]) -> bytes:
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}
    return json.dumps({"format": 2, "sha256": hashes}).encode()


def _renamed(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """Readings under the name that their bytes have now, in the catalogue, too."""
    old, new = name.removeprefix("readings/").removesuffix(".parquet"), hashlib.sha256(files[name]).hexdigest()
    return {
        each.replace(old, new): data.replace(old.encode(), new.encode()) if each == "catalogue.json" else data
        for each, data in files.items()
    }


def _parquet(rng: random.Random, seed: Seed, others: list[Seed]) -> Seed:
    try:
        table = pq.read_table(io.BytesIO(seed.data))
        about = {key: json.loads(value) for key, value in (table.schema.metadata or {}).items()}
    except Exception:
        return _bytes(rng, seed, others)
    way = rng.randrange(3)
    if way == 0 and about:
        key = rng.choice(list(about))
        changed = {**about, key: _other_value(rng, about[key])}
        return replace(
            seed, data=parquet_with(seed.data, {name: json.dumps(value).encode() for name, value in changed.items()})
        )
    rows = table.to_pandas(ignore_metadata=True)
    if not len(rows.columns):
        return _bytes(rng, seed, others)
    name = rng.choice(list(rows.columns))
    if way == 1:
        values = rows[name].astype(object)
        for _ in range(rng.choice((1, 5))):
            if len(values):
                values.iloc[rng.randrange(len(values))] = rng.choice(
                    (None, float("nan"), float("inf"), -1, 0, 10**12, 1e308, -5.5)
                )
    else:
        values = rng.choice(
            (
                ["x"] * len(rows),
                [True] * len(rows),
                [None] * len(rows),
                [[1]] * len(rows),
                [b"a"] * len(rows),
                [-7] * len(rows),
                [2**62] * len(rows),
            )
        )
    rows[name] = values
    kept = {key: json.dumps(value).encode() for key, value in about.items()}
    try:
        return replace(seed, data=parquet_with(seed.data, kept, rows))
    except (pa.ArrowException, ValueError, OverflowError):
        return _bytes(rng, seed, others)


def _png(rng: random.Random, seed: Seed, others: list[Seed]) -> Seed:
    """A field of a header changed, with a checksum that fits."""
    data = bytearray(seed.data)
    starts = [match.start() for match in re.finditer(rb"IHDR|IDAT|PLTE|tRNS|eXIf|iCCP|gAMA", bytes(data))]
    if not starts:
        return _bytes(rng, seed, others)
    at = rng.choice(starts)
    length = int.from_bytes(data[at - 4 : at], "big")
    if not 0 < length <= len(data):
        return _bytes(rng, seed, others)
    field = at + 4 + rng.randrange(length)
    data[field : field + 1] = bytes((rng.choice((0, 1, 2, 3, 16, 127, 128, 255)),))
    data[at + 4 + length : at + 8 + length] = struct.pack(">I", zlib.crc32(bytes(data[at : at + 4 + length])))
    return replace(seed, data=bytes(data))
