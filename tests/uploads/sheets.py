"""Sheets for tests, as the layout would have drafted them: a header in row 1, then a row a patient and moment."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from webapp.models import Clinic
from webapp.uploads.checking import Choices, Findings, check
from webapp.uploads.drafts import Draft, Drafted, Fault, Reading
from webapp.uploads.workbook import Cell, Sheet

ZONE = ZoneInfo("Asia/Manila")
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=ZONE)
COLUMNS = ("MRN", "Name", "Time", "respiration", "oxygen", "systolic", "diastolic", "pulse", "temperature", "glucose")
COLUMNS += ("weight", "oxygen_given", "consciousness")


def moment(text: str) -> datetime | date:
    """ "09:00" of 21 November 2026, "2026-11-20 09:00", or "2026-11-20" alone."""
    if len(text) == len("2026-11-20"):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text if len(text) > 5 else f"2026-11-21 {text}").replace(tzinfo=ZONE)


def draft(row: int, mrn: str = "", name: str = "", at: str | None = "09:00", **told: Any) -> Draft:
    """The draft of that row (from 1) of somebody "Family, Given"; `told` are readings by measure, and what else a draft
    has. A number is read as a value, (number, what the cell says) as a converted one, and a text as a word."""
    family, _, given = name.partition(", ")
    usual = {"group": "", "born": None, "born_precision": "day", "sex": "", "scale": None, "rows": (row - 1,)}
    values = {field: told.pop(field, usual[field]) for field in usual}
    return Draft(
        mrn=mrn,
        family=family,
        given=given,
        at=moment(at) if at else None,
        readings=tuple(reading(row, measure, value) for measure, value in told.items()),
        **values,
    )


def reading(row: int, measure: str, value: Any) -> Reading:
    place = row - 1, COLUMNS.index(measure)
    if isinstance(value, str):
        return Reading(measure, None, value, value, False, *place)
    if isinstance(value, tuple):
        number, given = value
        return Reading(measure, number, "", given, True, *place)
    return Reading(measure, value, "", f"{value:g}", False, *place)


def drafted(*drafts: Draft, faults: Iterable[Fault] = (), ignored: Iterable[int] = (0,)) -> Drafted:
    rows = {row for one in drafts for row in one.rows} | {fault.row for fault in faults if fault.row is not None}
    return Drafted(tuple(drafts), tuple(faults), len(rows - set(ignored)), tuple(ignored))


def sheet(told: Drafted) -> Sheet:
    """The sheet that was drafted so."""
    height = 1 + max([0, *(row for one in told.drafts for row in one.rows), *(f.row or 0 for f in told.faults)])
    cells: list[list[Cell]] = [[None] * len(COLUMNS) for _ in range(height)]
    cells[0] = list(COLUMNS)
    for one in told.drafts:
        for row in one.rows:
            cells[row][:3] = one.mrn, ", ".join(filter(None, (one.family, one.given))), f"{one.at}"
        for value in one.readings:
            cells[value.row][value.column or 0] = value.given
    return Sheet("Ward A", tuple(map(tuple, cells)))


def tried(clinic: Clinic, *drafts: Draft, choices: Choices | None = None, faults: Iterable[Fault] = ()) -> Findings:
    """The dry run of these drafts."""
    told = drafted(*drafts, faults=faults)
    return check(told, sheet(told), clinic, choices or Choices())


def kinds(findings: Findings) -> list[tuple[int | None, str, str]]:
    """Row (from 1), kind and outcome of each fault, but of those that nearly every sheet of a few values has."""
    return [
        (None if fault.row is None else fault.row + 1, fault.kind, fault.outcome) for fault in without_usual(findings)
    ]


def without_usual(findings: Findings) -> list[Fault]:
    return [fault for fault in findings.faults if fault.kind not in ("no NEWS2 score", "MRN without a name")]


def reasons(findings: Findings, kind: str) -> list[str]:
    return [fault.reason for fault in findings.faults if fault.kind == kind]


def used(findings: Findings) -> dict[int, list[str]]:
    """The measures that will be stored, by row (from 1)."""
    found: dict[int, list[str]] = {}
    for one, places in zip(findings.drafted.drafts, findings.used, strict=True):
        for place in places:
            found.setdefault(one.readings[place].row + 1, []).append(one.readings[place].measure)
    return found
