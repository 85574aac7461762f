"""What a sheet says around its figures: lines in merged cells that wrap, where they come from, and the printed pages'
head and foot."""

import re
import unicodedata
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from webapp import words
from webapp.figures import Document
from webapp.files import facts
from webapp.files.excel_formats import Formats

Pairs = list[tuple[str, str | datetime]]

PAPERS = {"A4": 9, "Letter": 1}
LINE = 15.5
"""Points that a line of a wrapped cell takes."""

_MOST_CELL = 32_767
"""Characters that Excel keeps in a cell."""

_PICTURE = re.compile(r"&(?=[G\[])")

_TALLEST = 400
"""Points: Excel has no row higher than 409."""

_BAND = 84
"""Characters across that a line of text should have."""

_UNUSED = 8.43
"""Characters across of a column that nobody set."""

_CLINIC, _REPORT, _NUMBER = 48, 62, 60
"""Characters across that each may have at the head or foot of a printed page, so that left and right never meet on the
narrow side of the paper, and all stays within the 255 that Excel allows when each is an escaped &."""


def text(sheet: Any, row: int, column: int, text: str, form: Any) -> None:
    """One cell with `text`, never more of it than Excel keeps."""
    if text:
        sheet.write_string(row, column, text[:_MOST_CELL], form)
    else:
        sheet.write_blank(row, column, None, form)


def band(widths: list[float]) -> tuple[int, float]:
    """The last column of lines of text over or under columns so wide, and the characters that such a line has. They go
    on over unused columns where the table is narrow, and end in sight where it is wide."""
    at, across = 0, widths[0]
    while across < _BAND or at == 0:
        at += 1
        across += widths[at] if at < len(widths) else _UNUSED
    return at, across


def line(
    sheet: Any, row: int, last: int, across: float, said: str, form: Any, size: float = 1.0, least: float = 0
) -> None:
    """`said` in the cells from the first column to `last`, on as many lines as it takes; `size` is that of its letters,
    1 for those of a cell. The row is at least `least` points high."""
    sheet.merge_range(row, 0, row, last, "", form)
    text(sheet, row, 0, said, form)
    _make_room(sheet, row, lines(said, across / size), LINE * size, least)


def pairs(sheet: Any, row: int, heading: str, told: Pairs, widths: list[float], formats: Formats) -> int:
    """`heading` at `row`, under it a row for each pair. Gives the first row below."""
    last, across = band(widths)
    text(sheet, row, 0, heading, formats.header)
    for at in range(1, last + 1):
        sheet.write_blank(row, at, None, formats.header)
    for label, said in told:
        row += 1
        text(sheet, row, 0, label, formats.wrapped_cell)
        is_moment = isinstance(said, datetime)
        form = formats.moment if is_moment else formats.wrapped_cell
        if last > 1:
            sheet.merge_range(row, 1, row, last, "", form)
        if is_moment:
            sheet.write_datetime(row, 1, said, form)
        else:
            text(sheet, row, 1, str(said), form)
        told_lines = 1 if is_moment else lines(str(said), across - widths[0])
        _make_room(sheet, row, max(told_lines, lines(label, widths[0])), LINE)
    return row + 1


def provenance(document: Document) -> Pairs:
    """What facts.provenance says, with its moments as date-times on the clinic's clock. A cell has no zone: its label
    says which."""
    asked, zone = document.provenance, document.presentation.timezone
    moments = {"Requested at": asked.asked_at, "Data as of": asked.data_as_of}
    return [
        (f"{label} ({words.city(zone)} time)", _on_the_clock(moments[label], zone))
        if label in moments
        else (label, told)
        for label, told in facts.provenance(document)
    ]


def _on_the_clock(moment: str, zone: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _make_room(sheet: Any, row: int, number: int, each: float, least: float = 0) -> None:
    if number > 1 or each > LINE or least:
        sheet.set_row(row, min(max(each * number, least), _TALLEST))


def lines(said: str, across: float) -> int:
    """How many lines `said` takes, in cells so many characters across; rather one too many, for words are not cut."""
    return 1 + int(_across(said) // (across * 0.95))


def _across(said: str) -> int:
    """Characters across: those of Chinese, Japanese and Korean are as wide as two, marks take no room."""
    if said.isascii():
        return len(said)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in said
    )


def print_setup(sheet: Any, document: Document, wide: bool) -> None:
    """The printed page: its paper, which way up, and a head and foot in short: the cells hold the whole."""
    title = f"{document.provenance.template_title}, {facts.period(document)}"
    printed(sheet, document, wide, plain(document.presentation.clinic_name, _CLINIC), plain(title, _REPORT))


def printed(sheet: Any, document: Document, wide: bool, left: str, right: str) -> None:
    """The printed page with these two at its head, each made plain()."""
    sheet.set_paper(PAPERS[document.presentation.paper])
    if wide:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.71, right=0.71, top=0.9, bottom=0.9)
    asked, zone = document.provenance, document.presentation.timezone
    sheet.set_header(f"&L&9{left}&R&9{right}")
    told = facts.SEPARATOR.join(
        [
            f"Report {plain(asked.report_number, _NUMBER)}",
            f"data as of {facts.moment(asked.data_as_of, zone)}",
            f"template version {asked.template_version}",
            f"figures {document.short_hash}",
        ]
    )
    sheet.set_footer(f"&L&8{told}&R&8page &P of &N")


def plain(said: str, most: int) -> str:
    """`said` for the head or foot of a page, where & begins a command. A leading digit would be read as part of the
    size before it; an escaped & before G or [ would be taken for the place of a picture by the library."""
    kept = said[: 2 * most]
    while _across(kept) > most:
        kept = kept[:-1]
    if kept != said:
        kept = f"{kept[:-1].rstrip()}…"
    return (" " if kept[:1].isdigit() else "") + _PICTURE.sub("& ", kept).replace("&", "&&")
