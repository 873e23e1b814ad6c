"""Fonts for text that people choose, in any script.

DejaVu Sans comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and more. Noto Sans CJK comes in a package of
its own: Chinese, Japanese, Korean. What neither has is looked for among the fonts of the machine; what is found nowhere
is written so that one can still tell what stood there. Both fonts are free (Bitstream Vera licence, SIL OFL).
"""

import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

_TTF: Final = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
REGULAR: Final = _TTF / "DejaVuSans.ttf"
BOLD: Final = _TTF / "DejaVuSans-Bold.ttf"
FAMILY: Final = "DejaVu Sans"
"""What matplotlib calls both; texts of charts ask for it by this name."""
MONOSPACE: Final = _TTF / "DejaVuSansMono.ttf"

CJK_PACKAGE: Final = "noto_cjk_sans_jp_regular"
_MOST_FONTS: Final = 500
_MISSING: Final = "□"
_NON_JOINER: Final = "\u200c"  # keeps letters of a Persian word apart
_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}
_RIGHT_TO_LEFT: Final = {"R", "AL"}
_COMBINING: Final = {"Mn", "Mc"}


def fonts_for(text: str) -> list[Path]:
    """Fonts beyond DejaVu Sans that the text needs, as few as the machine allows."""
    wanted = {ord(letter) for letter in readable(text)} - _characters(REGULAR)
    found = []
    for path in _further_fonts() if wanted else ():
        if covered := wanted & _characters(path):
            found.append(path)
            wanted -= covered
        if not wanted:
            break
    return found


def printable(text: str) -> str:
    """The text with every character that no font has replaced: a symbol by its name, a letter by an empty box."""
    text = readable(text)
    known = _characters(REGULAR).union(*(_characters(path) for path in fonts_for(text)))
    return "".join(letter if ord(letter) in known else _stand_in(letter) for letter in text)


def can_print(text: str) -> bool:
    """Whether any of it is more than an empty box."""
    return bool(set(printable(text)) - {_MISSING, " "})


def readable(text: str) -> str:
    """The text composed (NFC), on one line, and without control characters, such as those that turn its direction."""
    composed = unicodedata.normalize("NFC", text)
    visible = (" " if letter.isspace() else letter for letter in composed if letter.isspace() or _is_visible(letter))
    return " ".join("".join(visible).split())


def needs_shaping(text: str) -> bool:
    """Whether letters join, combine or run from right to left, so that they cannot be set one after another."""
    return any(
        unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT or unicodedata.category(letter) in _COMBINING
        for letter in readable(text)
    )


def _is_visible(letter: str) -> bool:
    if letter == _NON_JOINER:
        return True
    return unicodedata.category(letter) not in _INVISIBLE and not unicodedata.name(letter, "").startswith("VARIATION")


def _stand_in(letter: str) -> str:
    if unicodedata.category(letter) == "Sk":  # the skin colour of an emoji
        return ""
    if unicodedata.category(letter).startswith("S"):
        return f"[{unicodedata.name(letter, 'symbol').lower()}]"
    return _MISSING


def _further_fonts() -> list[Path]:
    """Noto Sans CJK where it is installed, then the machine's own fonts in the order of their names."""
    spec = find_spec(CJK_PACKAGE)
    bundled = sorted(Path(spec.origin).parent.glob("*.otf")) if spec and spec.origin else []
    return [*bundled, *machine_fonts()]


@lru_cache(maxsize=1)
def machine_fonts() -> tuple[Path, ...]:
    """Font files installed on this machine, regular ones first."""
    paths = (Path(name) for name in font_manager.findSystemFonts())
    plain = (path for path in paths if path.suffix.lower() in {".ttf", ".otf", ".ttc"} and has_outlines(path))
    return tuple(sorted(plain, key=lambda path: ("regular" not in path.stem.lower(), path.name))[:_MOST_FONTS])


@lru_cache(maxsize=_MOST_FONTS + 8)
def _characters(path: Path) -> frozenset[int]:
    try:
        return frozenset(FT2Font(str(path)).get_charmap())
    except (RuntimeError, OSError, ValueError):
        return frozenset()


def has_outlines(path: Path) -> bool:
    """Whether the letters of a font file are drawn by curves; fonts of coloured pictures have none."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return bool({"glyf", "CFF ", "CFF2"} & set(font.keys())) and not {"COLR", "SVG "} & set(font.keys())
    except (TTLibError, OSError, ValueError):
        return False
