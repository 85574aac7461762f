"""Sheets made by hand, and what becomes of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from webapp.uploads.drafts import Draft, Drafted, Fault
from webapp.uploads.layout import Answers, Ask, Layout, asked, drafts, recognise
from webapp.uploads.workbook import Cell, Place, Sheet, Workbook

ZONE = "Asia/Manila"
TODAY = date(2026, 11, 28)

Merged = tuple[int, int, int, int]


def sheet(
    *rows: Sequence[Cell], merged: tuple[Merged, ...] = (), uncounted: frozenset[Place] = frozenset(), name: str = ""
) -> Sheet:
    """Rows made equally long."""
    width = max(map(len, rows), default=0)
    return Sheet(name, tuple((*row, *[None] * (width - len(row))) for row in rows), merged, uncounted)


def book(*rows: Sequence[Cell], **more: object) -> Workbook:
    return Workbook((sheet(*rows, **more),))  # type: ignore[arg-type]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


def told(said: Mapping[str, str]) -> Answers:
    answers = Answers()
    for key, value in said.items():
        answers = answers.told(key, value)
    return answers


def ask(workbook: Workbook, order: str = "dmy", **said: str) -> dict[str, Ask]:
    """What is asked, by key. Keys of `said` have two underscores for the colon."""
    answers = told({key.replace("__", ":"): value for key, value in said.items()})
    return {one.key: one for one in asked(workbook, recognise(workbook), answers, order)}


def draft(workbook: Workbook, answers: Answers | None = None, order: str = "dmy", zone: str = ZONE) -> Drafted:
    """Its drafts. Nothing may be left to ask."""
    layout, answers = recognise(workbook), answers or Answers()
    left = asked(workbook, layout, answers, order)
    assert not left, [one.key for one in left]
    return drafts(workbook, layout, answers, zone=zone, today=TODAY, date_order=order)


def fields(layout: Layout) -> dict[str, str | None]:
    return {column.header: column.field for column in layout.columns}


def values(one: Draft) -> dict[str, float | str | None]:
    """Each measure with its word, or its number rounded as reports show it."""
    return {
        reading.measure: reading.word or (None if reading.value is None else round(reading.value, 2))
        for reading in one.readings
    }


def told_faults(drafted: Drafted) -> list[tuple[int | None, int | None, str, str]]:
    return [(fault.row, fault.column, fault.given, fault.outcome) for fault in drafted.faults]


def only(faults: Sequence[Fault]) -> Fault:
    (one,) = faults
    return one
