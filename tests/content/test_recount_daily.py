"""Random sheets and records, told of by the template and worked out a second time."""

import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from tests.content.raw_rows import rows_of
from tests.content.reading import table
from tests.content.recount_daily import LEVELS, SCORED, Daily
from tests.content.sheets import add_sheet, cells, report
from tests.factories import add_clinic, add_patient
from webapp.extensions import db
from webapp.figures import Section
from webapp.models import Clinic, Measurement, Patient

ZONE = ZoneInfo("America/New_York")
FIRST = datetime(2026, 10, 23, 22, tzinfo=UTC)
"""Some days before the clocks there go back."""

LOW_AND_HIGH: dict[str, tuple[str, str, float, float]] = {
    "9279-1": ("/min", "breaths/min", 5, 30), "2708-6": ("%", "%", 80, 101), "59408-5": ("%", "%", 88, 100),
    "8480-6": ("mm[Hg]", "mmHg", 80, 230), "8462-4": ("mm[Hg]", "mmHg", 40, 120), "8867-4": ("/min", "/min", 35, 140),
    "8310-5": ("Cel", "[degF]", 34.5, 39.5), "15074-8": ("mmol/L", "mg/dL", 3, 12), "29463-7": ("kg", "lb", 30, 120),
}  # fmt: skip


def fill(clinic: Clinic, patients: list[Patient], uploads: list[Any], dice: random.Random) -> None:
    rows = []
    for patient in patients:
        for _ in range(dice.choice([2, 8, 20])):
            moment = FIRST + timedelta(minutes=15 * dice.randrange(4 * 24 * 8))
            day = moment.astimezone(ZONE).date()
            where = {
                "clinic_id": clinic.id, "patient_id": patient.id, "component": 0, "name": "A reading",
                "measured_at": moment if dice.random() < 0.85 else None, "local_day": day,
                "upload_id": dice.choice([None, uploads[0].id, uploads[1].id]),
            }  # fmt: skip
            whole = dice.random() < 0.6
            rows += [{**where, **one} for one in every(dice) if whole or dice.random() < 0.5]
    dice.shuffle(rows)
    db.session.execute(insert(Measurement), rows)
    db.session.commit()


def every(dice: random.Random) -> list[dict[str, Any]]:
    """A reading of each code, most of them as they should be."""
    found: list[dict[str, Any]] = []
    for loinc, (unit, other, low, high) in LOW_AND_HIGH.items():
        value: float | None = round(dice.uniform(low, high), dice.choice([0, 0, 1, 2]))
        if dice.random() < 0.2:
            unit = other
            value = {"[degF]": 95.0, "mg/dL": 100.0, "lb": 150.0}.get(other, value) if value else value
        if dice.random() < 0.03:
            value, unit = dice.choice([(None, unit), (value, "furlong"), (5000.0, unit)])
        found.append({"loinc": loinc, "value": value, "unit": unit, "text": None})
    given = dice.choice([("air", None, None), ("Oxygen ", 2.0, "L/min"), (None, 3.5, "L/min"), (None, 0.0, "L/min"),
                         ("oxygen", None, None), ("helium", None, None)])  # fmt: skip
    found.append({"loinc": "3151-8", "text": given[0], "value": given[1], "unit": given[2]})
    level = dice.choice([*LEVELS, "alert", "alert", "Alert", "asleep"])
    found.append({"loinc": "67775-7", "text": level, "value": None, "unit": None})
    for one in found:
        one["spo2_scale"] = dice.choice([None, None, 1, 2]) if one["loinc"] in ("2708-6", "59408-5") else None
    return found


def add_people(clinic: Clinic, dice: random.Random) -> list[Patient]:
    births = [
        (date(1950, 2, 28), "day"), (date(2010, 10, 25), "day"), (date(2010, 10, 1), "month"), (None, "day"),
        (date(2010, 1, 1), "year"), (date(2020, 1, 1), "year"), (date(1980, 1, 1), "year"), (date(2012, 6, 1), "month"),
    ]  # fmt: skip
    return [
        add_patient(
            clinic, family_name=dice.choice(["Cruz", "cruz", "Reyes", ""]), given_name=dice.choice(["Ana", " Bo", ""]),
            mrn=dice.choice([None, f"M{number}"]), birth_date=born, birth_precision=precision,
            spo2_scale=dice.choice([1, 1, 2]),
        )
        for number, (born, precision) in enumerate(births * 3)
    ]  # fmt: skip


def told(section: Section) -> list[list[Any]]:
    keys = ["at", *SCORED, "diastolic", "glucose", "weight", *(f"{name}_points" for name in SCORED), "score"]
    return [[*(row.get(key) for key in keys), (row["remark"] or "").startswith("on record")] for row in cells(section)]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_patient_is_told_of_as_by_a_plain_count(database: str, seed: int) -> None:
    dice = random.Random(seed)
    clinic, other = add_clinic(timezone=ZONE.key), add_clinic(timezone=ZONE.key)
    sheets = [add_sheet(clinic), add_sheet(clinic)]
    fill(clinic, add_people(clinic, dice), sheets, dice)
    fill(other, add_people(other, dice), [add_sheet(other), add_sheet(other)], dice)
    rows, kinds, verdicts = rows_of(clinic), set(), set()
    for sheet in sheets:
        count = Daily(rows, sheet.id, ZONE.key)
        figures = report(sheet, "2026-10-23", "2026-10-31")
        order = count.order()
        assert len(figures.sections) == 1 + len(order) > 10
        for who, section, row in zip(order, figures.sections[1:], table(figures, "patients").rows, strict=True):
            assert told(section) == count.readings(who)
            days = [list(one) for one in section.table("days").rows] if len(section.tables) > 1 else []
            assert days == count.days(who)
            score = count.scored(who, count.latest(who))[-1]
            assert row[3] == score
            assert section.subject is not None
            verdict, level, _ = count.standing(who)
            assert (section.subject.verdict, section.subject.level) == (verdict, level)
            told_highest = re.search(r"highest (?:at least )?(\d+) ", section.subject.since)
            assert (int(told_highest[1]) if told_highest else None) == count.highest(who)
            verdicts |= {re.sub(r"\d+$", "", verdict), "highest" if told_highest else ""}
            changes = {one.key: one.change.difference if one.change else None for one in section.metrics}
            found = {name: changes["pressure" if name == "systolic" else name] for name in count.changes(who)}
            assert found == count.changes(who)
            kinds |= {
                score is None,
                bool(days),
                any(one is not None for one in found.values()),
                count.before[who] != [],
            }
        levels = [count.standing(who)[1] for who in order]
        assert [one.value for one in figures.metrics] == [len(order), *map(levels.count, ("high", "medium", ""))]
    assert kinds == {True, False}
    assert verdicts == {"not scored", "NEWS2 ", "NEWS2 at least ", "NEWS2 was ", "NEWS2 was at least ", "highest", ""}
