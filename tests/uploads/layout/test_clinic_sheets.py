"""Two real sheets of clinics go all the way."""

from collections import Counter
from datetime import date

import openpyxl
import pytest

from tests.sample_data import SAMPLE_DATA
from tests.uploads.layout.sheets import draft, moment, only, told, values
from webapp.uploads.layout import Answers, Ask, asked, recognise
from webapp.uploads.workbook import Sheet, Workbook

VITALS = SAMPLE_DATA / "vitals"

pytestmark = pytest.mark.skipif(
    not VITALS.is_dir(),
    reason=f"SAMPLE DATA IS NOT AT {VITALS}: set SAMPLE_DATA to its folder, or this stays untested",
)


def workbook(name: str) -> Workbook:
    sheets = []
    for sheet in openpyxl.load_workbook(VITALS / name, data_only=True):
        merged = sorted(
            (place.min_row - 1, place.min_col - 1, place.max_row - 1, place.max_col - 1)
            for place in sheet.merged_cells.ranges
        )
        sheets.append(Sheet(sheet.title, tuple(sheet.iter_rows(values_only=True)), tuple(merged)))
    return Workbook(tuple(sheets))


def questions(book: Workbook) -> dict[str, Ask]:
    return {one.key: one for one in asked(book, recognise(book), Answers(), "mdy")}


def test_blood_pressures_of_three_visits() -> None:
    book = workbook("messy_bp.xlsx")
    asks = questions(book)
    assert [key for key, one in asks.items() if not one.optional] == ["days:Visit 1", "days:Visit 2", "days:Visit 3"]
    said = {f"days:Visit {at}": f"2026-11-{at + 10}" for at in (1, 2, 3)} | {
        f"times:Visit {at}": "" for at in (1, 2, 3)
    }
    drafted = draft(book, told(said))
    assert (drafted.read, len(drafted.drafts), drafted.ignored) == (20, 60, (0, 1, 2, 3))
    assert only(drafted.faults).reason == "Not read: E, Race; G, Hispanic."
    first = drafted.drafts[0]
    assert (first.mrn, first.group, first.at, first.sex) == ("1", "Visit 1", date(2026, 11, 11), "male")
    assert (first.born, values(first)) == (date(1967, 11, 30), {"systolic": 167, "diastolic": 92, "pulse": 89})
    assert Counter(one.mrn for one in drafted.drafts)["3"] == 6
    assert {one.born for one in drafted.drafts if one.mrn == "3"} == {date(1989, 5, 4), date(1977, 3, 8)}
    assert all(len(one.readings) == 3 for one in drafted.drafts)


def test_glucose_before_and_after_with_codes_and_a_legend() -> None:
    book = workbook("messy_glucose.xlsx")
    asks = questions(book)
    assert list(asks) == ["days:PRE", "times:PRE", "days:POST", "times:POST", "units:glucose", "sex:1", "sex:2"]
    assert asks["units:glucose"].options[0][0] == "mg/dL"
    assert asks["sex:1"].examples == ("1=Male", "2=Female")
    drafted = draft(
        book,
        told(
            {
                "days:PRE": "2026-11-21", "times:PRE": "08:00", "days:POST": "2026-11-21", "times:POST": "09:00",
                "units:glucose": "mg/dL", "sex:1": "male", "sex:2": "female",
            }
        ),
    )  # fmt: skip
    assert (drafted.read, len(drafted.drafts), only(drafted.faults).reason) == (24, 48, "Not read: B, Race.")
    assert drafted.ignored == (0, 1, 2, 3, 14, 29, 30, 31, 32, 33, 34)
    before, after = drafted.drafts[:2]
    assert (before.at, after.at) == (moment("2026-11-21 08:00"), moment("2026-11-21 09:00"))
    assert (before.born, before.sex, before.readings[0].given) == (date(1971, 2, 27), "male", "74 mg/dL")
    assert after.readings[0].value == pytest.approx(125.8 / 18.0156, abs=1e-5)
