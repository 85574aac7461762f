"""A clinic whose figures can be counted by hand, and what each format and the page say of them.

The same figures, wherever they are read: (table, row, column) to figure.
"""

import csv
import io
import json
import re
from collections import Counter
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page
from pypdf import PdfReader

from tests import factories
from tests.stack import Stack

EMAIL = "ada@example.org"
START, END = date(2025, 10, 1), date(2025, 10, 31)
# A patient whose name and number occur nowhere else in the world.
FAMILY_NAME, GIVEN_NAME, MRN = "Quillfeatherstone", "Zephyrine", "MRN-7319-QX"

Visits = list[tuple[date, int, str]]
Figures = dict[tuple[str, str, str], int | float | str | None]


# -- The clinic --------------------------------------------------------------------------------------------------------


def planted_visits() -> Visits:
    """About 200 visits from August 2025 on: day, hour and kind, the same each time."""
    found = []
    for number in range(200):
        day = date(2025, 8, 1) + timedelta(days=(number * 37) % 92)
        if day.isoweekday() != 7:
            found.append((day, 8 + (number * 7) % 9, "dental" if number % 3 == 0 else "medical"))
    return found


def fill(stack: Stack) -> None:
    """A clinic of 40 patients with the planted visits, and somebody who works there."""
    with stack.app.app_context():
        clinic = factories.add_clinic("Riverside Clinic")
        factories.add_person("clinician", clinic, email=EMAIL, name="Ada Osei")
        patients = [factories.add_patient(clinic) for _ in range(39)]
        patients.append(
            factories.add_patient(clinic, family_name=FAMILY_NAME, given_name=GIVEN_NAME, mrn=MRN, source_id=MRN)
        )
        for number, (day, hour, kind) in enumerate(planted_visits()):
            factories.add_visit(patients[number % 40], f"{day} {hour:02}:15", kind=kind)


def recounted() -> Figures:
    """The figures of October 2025, counted from the planted rows in plain Python: (table, row, column) to figure."""
    visits = planted_visits()
    found: Figures = {}
    kinds = {"Medical": ("medical",), "Dental": ("dental",), "All visits": ("medical", "dental")}
    for column, wanted in kinds.items():
        of_kind = [day for day, _, kind in visits if kind in wanted]
        months = Counter(f"{day:%Y-%m}" for day in of_kind)
        found |= {("Visits by month", month, column): months[month] for month in ("2025-08", "2025-09", "2025-10")}
        weekdays = Counter(f"{day:%A}" for day in of_kind if START <= day <= END)
        found |= {("Visits by weekday", weekday, column): count for weekday, count in weekdays.items()}
        found["Visits by weekday", "All days", column] = weekdays.total()
    return found


# -- What each format and the page say ---------------------------------------------------------------------------------


def figures_of_json(body: bytes) -> Figures:
    sections = json.loads(body)["content"]["sections"]
    found: Figures = {}
    for table in (table for section in sections for table in section["tables"]):
        for row in [*table["rows"], *([table["total"]] if table["total"] else [])]:
            for column, cell in list(zip(table["columns"], row, strict=True))[1:]:
                found[table["title"], row[0], column["label"]] = cell
    return found


def figures_of_csv(body: bytes) -> Figures:
    lines = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    found: Figures = {}
    for line in lines:
        # A section of one table goes by the section's name, which no test here depends on.
        table = line["section"].partition(": ")[2] or line["section"]
        found[table, line["row"], line["measure"]] = line["value"]
    return found


def figures_of_excel(body: bytes) -> Figures:
    found: Figures = {}
    for sheet in load_workbook(io.BytesIO(body)).worksheets[1:]:
        rows = list(sheet.iter_rows(min_row=4, values_only=True))
        for row in rows[1:]:
            for label, cell in list(zip(rows[0], row, strict=True))[1:]:
                if label is not None:
                    first = f"{row[0]:%Y-%m}" if isinstance(row[0], date) else row[0]
                    found[str(sheet["A1"].value), str(first), str(label)] = cell
    return found


def figures_of_page(page: Page) -> Figures:
    found: Figures = {}
    for table in page.locator("table.data").all():
        title = table.locator("xpath=..").get_attribute("aria-label")
        head, *rows = [
            row.locator("th, td").evaluate_all("cells => cells.map(cell => cell.textContent)")
            for row in table.locator("tr").all()
        ]
        for row in rows:
            for label, text in list(zip(head, row, strict=True))[1:]:
                found[str(title), row[0], label] = text
    return found


def as_page_says(figures: Figures) -> Figures:
    """Counts with separators, months in short words: "2025-10" is "Oct 2025"."""

    def words_of(row: str) -> str:
        return f"{date.fromisoformat(row + '-01'):%b %Y}" if re.fullmatch(r"\d{4}-\d\d", row) else row

    return {(title, words_of(row), column): f"{value:,}" for (title, row, column), value in figures.items()}


def assert_all_agree(files: dict[str, bytes], page: Page) -> None:
    """Every format and the page give the figures that a count of the planted rows gives, and the same as each other."""
    counted, told = recounted(), figures_of_json(files["json"])
    assert counted.items() <= told.items()
    assert as_page_says(counted).items() <= figures_of_page(page).items()
    excel, comma = figures_of_excel(files["excel"]), figures_of_csv(files["csv"])
    numbers = {key: value for key, value in told.items() if isinstance(value, int | float)}
    assert len(numbers) > 100
    for (title, row, column), value in numbers.items():
        in_csv = next(comma[name, row, column] for name in (title, *_SECTIONS) if (name, row, column) in comma)
        assert float(str(in_csv)) == value, (title, row, column)
        label = column if (title, row, column) in excel else f"{column} (%)"
        in_excel = excel[title, row, label]
        assert in_excel in (pytest.approx(value), pytest.approx(value / 100)), (title, row, column)
    pdf = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"])).pages)
    for (title, row, column), value in as_page_says(counted).items():
        assert re.search(rf"{row}\b.*?\b{value}\b", pdf, re.DOTALL), (title, row, column)


_SECTIONS = ("By month", "By weekday and hour", "What changed")
