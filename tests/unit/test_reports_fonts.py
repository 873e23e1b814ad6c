import pytest

from fer_core.reports import fonts
from fer_core.reports.fonts import fonts_for, needs_shaping, printable, readable


@pytest.fixture
def bare(monkeypatch):
    """A machine with no fonts of its own."""
    monkeypatch.setattr(fonts, "machine_fonts", lambda: ())


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Müller",
        "Łukasz",
        "Эмилия",
        "Ωμέγα",
        "Nguyễn Thị",
        "محمد عبد الله",
        "דוד",
        "田中さん",
        "李雷",
        "김민수",
        "😄 ok",
        "½ × 3 – “x”",
    ],
)
def test_what_our_fonts_hold_is_printed_as_it_is(bare, name):
    assert printable(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("🦊 Fox", "[fox face] Fox"),
        ("👍🏽", "[thumbs up sign]"),  # the skin colour has no name of its own
        ("สมชาย", "□□□□□"),
        ("e\u0301", "é"),
        ("line\nbreak\ttab", "line break tab"),
        ("a\x00b\x1bc", "abc"),
        ("\u202egnp.exe", "gnp.exe"),  # turns the direction of what follows
        ("\ud800x", "x"),  # half a character
        ("", ""),
    ],
)
def test_the_rest_stays_readable(bare, text, shown):
    assert printable(text) == shown


def test_only_the_fonts_that_are_needed_are_loaded(bare):
    assert fonts_for("Zoë Эмилия محمد") == []
    assert [path.name for path in fonts_for("田中さん 김민수")] == ["NotoSansCJKjp-Regular.otf"]


def test_without_the_cjk_font_letters_become_boxes(bare, monkeypatch):
    monkeypatch.setattr(fonts, "CJK_PACKAGE", "no_such_package")
    assert printable("田中 Zoë") == "□□ Zoë"


def test_a_file_that_is_no_font_is_passed_over(monkeypatch, tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "machine_fonts", lambda: (broken,))
    assert printable("สม") == "□□" and not fonts.has_outlines(broken)


@pytest.mark.parametrize(
    ("text", "needed"),
    [("Zoë", False), ("田中", False), ("e\u0301", False), ("محمد", True), ("דוד", True), ("अमित", True)],
)
def test_letters_that_join_need_shaping(text, needed):
    assert needs_shaping(text) is needed


def test_a_persian_word_keeps_the_sign_that_parts_its_letters():
    assert "\u200c" in readable("می\u200cخواهم")
