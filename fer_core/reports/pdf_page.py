"""The look of the PDF report: A4 pages with their fonts, headings, tables, panels and charts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from io import BytesIO
from typing import Final, cast

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout, TextEmphasis, VAlign, XPos, YPos

from fer_core import palette
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.reports.fonts import BOLD, FAMILY, MONOSPACE, REGULAR, fonts_for, needs_shaping, printable, readable
from fer_core.reports.svg import Chart
from fer_core.version import __version__

PRODUCT: Final = "Face Value"
MARGIN_MM: Final = 18.0
WIDTH_MM: Final = 210 - 2 * MARGIN_MM

Colour = tuple[int, int, int]
INK: Final[Colour] = palette.rgb_of(palette.INK)
QUIET: Final[Colour] = palette.rgb_of(palette.QUIET_INK)
RULE: Final[Colour] = palette.rgb_of(palette.RULE)
PANEL: Final[Colour] = (244, 246, 251)
ACCENT: Final[Colour] = palette.rgb_of(palette.ACCENT)
WHITE: Final[Colour] = (255, 255, 255)

_BODY_PT, _LINE_MM = 8.5, 4.6
_ABOVE_HEADING_MM = 2.5
HEADING_MM: Final = 8.5
"""Height of a heading within a page, with the room above it."""

NOTE_LINE_MM: Final = 5.5
"""Room for a line of small print."""

_LONGEST_CELL: Final = 500
"""Characters of a cell of a table: a row cannot be higher than a page."""


class Document(FPDF):
    """A report in the making.

    Args:
        title: of the document, in its metadata.
        running: what stands at the top of every page but the first.
        made_on: date that it bears.
        texts: everything in it that people wrote, so that the fonts for it are at hand.
    """

    def __init__(self, title: str, running: str, made_on: date, texts: Sequence[str]) -> None:
        super().__init__("P", "mm", "A4")
        self._running = running
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=20)
        self.set_title(readable(title))
        self.set_subject("Facial expressions over time")
        self.set_keywords("facial expression recognition, timeline, probabilities")
        self.set_creator(f"{PRODUCT} {__version__}")
        self.set_producer(f"{PRODUCT} {__version__}")
        self.set_lang("en")
        self.set_creation_date(datetime.combine(made_on, time(), UTC))
        self._load_fonts(" ".join(texts))
        self.ink(INK)

    def header(self) -> None:
        """What the report is about, small, with a rule under it."""
        if self.page_no() == 1:
            return
        self.set_y(10)
        self.style(7, QUIET)
        self.cell(WIDTH_MM / 2, 4, PRODUCT)
        self.cell(WIDTH_MM / 2, 4, self.shortened(self._running, WIDTH_MM / 2), align="R")
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(MARGIN_MM, 15.5, 210 - MARGIN_MM, 15.5)
        self.set_y(21)
        self.style(_BODY_PT, INK)

    def footer(self) -> None:
        """The page's number, and the notice in a sentence."""
        self.set_y(-13)
        self.style(7, QUIET)
        self.cell(WIDTH_MM * 0.8, 4, "Expressions as a model reads them, not what people feel.")
        self.cell(WIDTH_MM * 0.2, 4, f"{self.page_no()} / {{nb}}", align="R")

    def style(self, size_pt: float, colour: Colour = INK, emphasis: str = "") -> None:
        """Set the font's size, colour and emphasis ("" or "B")."""
        self.set_font(FAMILY, emphasis, size_pt)
        self.ink(colour)

    def ink(self, colour: Colour) -> None:
        """Set the colour of text."""
        self.set_text_color(*colour)

    def masthead(self, title: str, name: str, made_on: date) -> None:
        """The dark band at the top of the first page, with the title and what the report is about."""
        band_mm = 62.0
        self.set_fill_color(*INK)
        self.rect(0, 0, 210, band_mm, style="F")
        for place, emotion in enumerate(EMOTIONS):
            blue, green, red = STYLES[emotion].bgr
            self.set_fill_color(red, green, blue)
            self.rect(210 / len(EMOTIONS) * place, band_mm, 210 / len(EMOTIONS) + 0.1, 1.8, style="F")
        self.set_xy(MARGIN_MM, 14)
        self.style(8.5, (173, 186, 214))
        self.cell(WIDTH_MM, 5, f"Face Value · {made_on:%d %B %Y}".replace("· 0", "· "))
        self.set_xy(MARGIN_MM, 22)
        self.style(24, WHITE, "B")
        self.cell(WIDTH_MM, 12, title)
        self.set_xy(MARGIN_MM, 38)
        self.style(12, WHITE)
        lines = self.wrapped(self.shortened(name, 2.6 * WIDTH_MM), WIDTH_MM)
        self.multi_cell(WIDTH_MM, 6.5, "\n".join(lines[:3]), align="L")
        self.set_xy(MARGIN_MM, band_mm + 9)
        self.style(8.5)

    def chapter(self, title: str, needs_mm: float = 297) -> None:
        """A heading that is also a bookmark; on a new page where less than `needs_mm` is left of this one."""
        if self.will_page_break(needs_mm):
            self.add_page()
        else:
            self.ln(8)
        self.start_section(readable(title))
        self.style(16, INK, "B")
        self.cell(WIDTH_MM, 8, self.shortened(title, WIDTH_MM - 2), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        self.style(_BODY_PT)

    def heading(self, title: str, needs_mm: float = 25) -> None:
        """A heading within a page; on the next one where less than `needs_mm` is left."""
        if self.will_page_break(needs_mm):
            self.add_page()
        self.ln(_ABOVE_HEADING_MM)
        self.style(10, INK, "B")
        self.cell(
            WIDTH_MM,
            HEADING_MM - _ABOVE_HEADING_MM,
            self.shortened(title, WIDTH_MM),
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.style(_BODY_PT)

    def paragraph(self, text: str, colour: Colour = INK, size_pt: float = _BODY_PT, width_mm: float = WIDTH_MM) -> None:
        """Running text."""
        self.style(size_pt, colour)
        line_mm = _LINE_MM * size_pt / _BODY_PT
        self.multi_cell(width_mm, line_mm, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.2)
        self.style(_BODY_PT)

    def bullets(self, texts: Sequence[str], size_pt: float = _BODY_PT) -> None:
        """A list."""
        line_mm = _LINE_MM * size_pt / _BODY_PT
        for text in texts:
            self.style(size_pt)
            if self.will_page_break(2 * line_mm):
                self.add_page()
            self.cell(4, line_mm, "•")
            self.multi_cell(WIDTH_MM - 4, line_mm, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(0.8)
        self.style(_BODY_PT)

    def panel(self, title: str, text: str, bar: Colour = ACCENT) -> None:
        """A box with a coloured edge."""
        self.style(_BODY_PT)
        inner_mm = WIDTH_MM - 12
        height_mm = _LINE_MM * len(self.wrapped(text, inner_mm)) + 13
        if self.will_page_break(height_mm):
            self.add_page()
        x, y = self.get_x(), self.get_y()
        self.set_fill_color(*PANEL)
        self.rect(x, y, WIDTH_MM, height_mm, style="F")
        self.set_fill_color(*bar)
        self.rect(x, y, 1.4, height_mm, style="F")
        self.set_xy(x + 6, y + 3.5)
        self.style(9, INK, "B")
        self.cell(inner_mm, 5, self.shortened(title, inner_mm))
        self.set_xy(x + 6, y + 9)
        self.style(_BODY_PT)
        self.multi_cell(inner_mm, _LINE_MM, printable(text), align="L")
        self.set_xy(x, y + height_mm + 4)

    def tiles(self, facts: Sequence[tuple[str, str]]) -> None:
        """Figures side by side, each with a word under it."""
        gap_mm, height_mm = 4.0, 20.0
        width_mm = (WIDTH_MM - gap_mm * (len(facts) - 1)) / len(facts)
        y = self.get_y()
        for place, (figure, words) in enumerate(facts):
            x = MARGIN_MM + place * (width_mm + gap_mm)
            self.set_fill_color(*PANEL)
            self.rect(x, y, width_mm, height_mm, style="F", round_corners=True, corner_radius=1.5)
            self.set_xy(x, y + 3)
            self.style(15, INK, "B")
            self.cell(width_mm, 8, figure, align="C")
            self.set_xy(x, y + 11.5)
            self.style(7, QUIET)
            self.cell(width_mm, 4, words, align="C")
        self.set_xy(MARGIN_MM, y + height_mm + 6)

    def facts(self, rows: Sequence[tuple[str, str]], x: float, width_mm: float, label_mm: float = 27) -> None:
        """Names and values, one a line, from the current height down."""
        for name, value in rows:
            self.set_x(x)
            self.style(8, QUIET)
            y = self.get_y()
            self.cell(label_mm, 4.7, name)
            self.style(8)
            self.multi_cell(width_mm - label_mm, 4.7, printable(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.set_y(max(self.get_y(), y + 4.7))

    def codes(self, rows: Sequence[tuple[str, str]], label_mm: float = 52) -> None:
        """Names and long numbers such as hashes, in letters of one width."""
        for name, value in rows:
            self.style(7, QUIET)
            self.cell(label_mm, 4.2, self.shortened(name, label_mm))
            self.set_font("mono", "", 6.8)
            self.ink(INK)
            self.cell(WIDTH_MM - label_mm, 4.2, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.style(_BODY_PT)

    def rows(
        self,
        head: Sequence[str],
        body: Sequence[Sequence[str]],
        widths: Sequence[float],
        width_mm: float = WIDTH_MM,
        numbers_from: int = 1,
    ) -> None:
        """A table; columns from `numbers_from` on are set to the right. Its head is repeated on every page."""
        aligned = tuple("LEFT" if place < numbers_from else "RIGHT" for place in range(len(head)))
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.set_fill_color(*WHITE)  # cells are filled with the current colour
        self.style(7.8)
        with self.table(
            col_widths=tuple(widths),
            width=width_mm,
            align="LEFT",
            text_align=aligned,
            v_align=VAlign.M,
            line_height=4.2,
            padding=(0.9, 1.2),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis=TextEmphasis.B, color=QUIET, size_pt=7.2),
        ) as table:
            for cells in [head, *body]:
                row = table.row()
                for cell in cells:
                    text = printable(cell)
                    row.cell(text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…")
        self.style(_BODY_PT)

    def chart(self, chart: Chart, words: str, y: float | None = None) -> None:
        """A chart as vectors with its description for those who do not see it; at `y`, or below what is written."""
        if y is None and self.will_page_break(chart.height_mm):
            self.add_page()
        place = self.get_y() + 1 if y is None else y
        self.set_fill_color(*INK)  # what has no colour in the chart takes the current one
        self.image(BytesIO(chart.svg), x=MARGIN_MM, y=place, w=chart.width_mm, alt_text=readable(words))
        self.set_xy(MARGIN_MM, place + chart.height_mm + 1.5)

    def wrapped(self, text: str, width_mm: float) -> list[str]:
        """The lines of a text in the current font."""
        lines = self.multi_cell(width_mm, _LINE_MM, printable(text), align="L", dry_run=True, output="LINES")
        return cast(list[str], lines)

    def shortened(self, text: str, width_mm: float) -> str:
        """The text in the current font with an ellipsis where it is too long."""
        text = printable(text)
        if self.get_string_width(text) <= width_mm:
            return text
        while text and self.get_string_width(f"{text}…") > width_mm:
            text = text[:-1]
        return f"{text}…"

    def contents(self, y: float) -> None:
        """Write what is where into the free space of the first page from `y` down, where there is enough of it."""
        entries = [(section.name, section.page_number) for section in self._outline if section.page_number > 1]
        last, line_mm = self.page, 5.2
        if y + 10 + line_mm * len(entries) > self.h - 22:
            return
        self.page = 1
        self.set_draw_color(*INK)  # so that the next one is written into this page, too
        self.set_xy(MARGIN_MM, y)
        self.style(10, INK, "B")
        self.cell(WIDTH_MM, 8, "Contents", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        for name, number in entries:
            link = self.add_link(page=number)
            self.style(8.5)
            self.cell(WIDTH_MM - 15, line_mm, self.shortened(name, WIDTH_MM - 20), link=link)
            self.cell(15, line_mm, str(number), align="R", link=link, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.line(MARGIN_MM, self.get_y(), MARGIN_MM + WIDTH_MM, self.get_y())
        self.page = last

    @contextmanager
    def beside(self) -> Iterator[Callable[[], float]]:
        """Columns side by side: what is written within starts at the same height when the given function is called.

        Afterwards writing goes on below the longest of them.
        """
        top, lowest = self.get_y(), self.get_y()

        def start() -> float:
            nonlocal lowest
            lowest = max(lowest, self.get_y())
            self.set_y(top)
            return top

        yield start
        self.set_xy(MARGIN_MM, max(lowest, self.get_y()))

    def _load_fonts(self, text: str) -> None:
        self.add_font(FAMILY, "", REGULAR)
        self.add_font(FAMILY, "B", BOLD)
        self.add_font("mono", "", MONOSPACE)
        more = [f"more{number}" for number, _ in enumerate(fonts_for(text))]
        for name, path in zip(more, fonts_for(text), strict=True):
            self.add_font(name, "", path)
        self.set_fallback_fonts([*more, FAMILY], exact_match=False)
        if needs_shaping(text):
            self.set_text_shaping(True, direction="ltr")  # of the sentences around such words
