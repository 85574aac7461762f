"""The sections of the report: all patients by score, then one for each."""

from collections.abc import Sequence
from datetime import date, timedelta

from webapp import words
from webapp.content.daily_patients import verdicts
from webapp.content.daily_patients.cases import Case, Rated
from webapp.content.daily_patients.charts import charts, missing
from webapp.content.daily_patients.readings import Read
from webapp.content.daily_patients.tables import EXTRAS, days, given, readings
from webapp.content.vitals.daily import CONSCIOUSNESS, DECIMALS, OXYGEN_GIVEN
from webapp.content.vitals.news2 import AGE_UNKNOWN
from webapp.figures import Cell, Change, Column, Metric, Section, Subject, Table

MOST_IN_TREND = 12
NO_MRN = "no MRN"

_COLUMNS = (
    Column("patient", "Patient"),
    Column("born", "Born"),
    Column("mrn", "MRN"),
    Column("score", "NEWS2", "number"),
    Column("advice", "Response"),
    Column("at", "Latest reading", "moment"),
    Column("why", "What scores"),
)
_METRICS = (
    ("respiration", "Respiration", "a minute"),
    ("oxygen", "Oxygen saturation", "%"),
    (OXYGEN_GIVEN, "Air or oxygen", ""),
    ("systolic", "Blood pressure", "mm Hg"),
    ("pulse", "Pulse", "a minute"),
    ("temperature", "Temperature", "°C"),
    (CONSCIOUSNESS, "Consciousness", ""),
)
"""The headline figures of a patient: name of the sign, label, unit."""


def overview(cases: Sequence[Case], last_day: date) -> Section:
    """All patients in the order of their sections."""
    rows = tuple(_overview_row(case, last_day) for case in cases)
    title = "Patients by score"
    return Section("overview", title, tables=(Table("patients", title, _COLUMNS, rows),))


def _overview_row(case: Case, last_day: date) -> tuple[Cell, ...]:
    """The score is that of the latest set, and none where it is not scored: what is known of it stands in words."""
    return (
        case.name, case.born or None, case.known.mrn or NO_MRN, case.latest.score.total,
        case.judged.score.advice or verdicts.NOT_SCORED, case.latest.at, verdicts.why(case, last_day),
    )  # fmt: skip


def patient(case: Case, place: int, read: Read) -> Section:
    """One patient, the `place`th."""
    table = readings(case, read.more_charts, read.question.timezone)
    earlier = days(case)
    return Section(
        key=f"patient-{place}",
        title=case.name,
        charts=charts(case, table, read.more_charts),
        tables=(table, earlier) if earlier else (table,),
        text=_text(case, table),
        metrics=_metrics(case, read.last_day),
        subject=_subject(case, read.last_day),
    )


def _text(case: Case, table: Table) -> str:
    sentences = []
    if case.is_child:
        sentences.append("NEWS2 is for people of 16 and over, so nothing is scored or shaded here.")
    elif AGE_UNKNOWN in case.latest.score.reasons:
        sentences.append("Points of single signs hold from 16 years on; whether they do here depends on the age.")
    unread = missing(table)
    if unread:
        sentences.append(f"There is no reading of {words.listed(unread)}.")
    return " ".join(sentences)


def _subject(case: Case, last_day: date) -> Subject:
    score = case.judged.score
    return Subject(
        name=case.name,
        born=case.born,
        mrn=case.known.mrn,
        age=case.age,
        sex=case.known.sex,
        verdict=verdicts.verdict(case),
        level=score.level,
        advice=score.advice,
        since=verdicts.since(case, last_day),
    )


def _metrics(case: Case, last_day: date) -> tuple[Metric, ...]:
    """Where no sign of NEWS2 was looked at, those others alone that were."""
    usual = [_metric(case, *one, last_day) for one in _METRICS] if case.has_signs else []
    extras = [_extra(case, one.name, one.label, one.unit, last_day) for one in EXTRAS]
    return (*usual, *filter(None, extras))


def _metric(case: Case, name: str, label: str, unit: str, last_day: date) -> Metric:
    latest = case.latest
    value = _cell(latest, name)
    note = _points(latest.score.points[name]) if value is not None else _last(case, name, last_day)
    change = None if value is None else _change(case, latest, name)
    if name == "systolic":
        if value is not None:
            diastolic = latest.readings.values.get("diastolic")
            value = f"{value}/{words.DASH if diastolic is None else diastolic}"
            note = "; ".join(filter(None, [note, "systolic compared" if change else ""]))
        return Metric(
            "pressure", label, value, "text", unit, change=change, note=note, trend=_trend(case, latest, name)
        )
    if name in (OXYGEN_GIVEN, CONSCIOUSNESS):
        return Metric(name, label, value, "text", note=note)
    return Metric(
        name, label, value, "number", unit, DECIMALS.get(name, 0), change, note, _trend(case, latest, name)
    )  # fmt: skip


def _extra(case: Case, name: str, label: str, unit: str, last_day: date) -> Metric | None:
    """One of those that are no part of NEWS2, which may have been read at another time than the signs."""
    one = next((one for one in reversed(case.own) if name in one.readings.values), None)
    if one is None:
        return None
    note = "" if one is case.latest else case.when(one, last_day)
    change, trend = _change(case, one, name), _trend(case, one, name)
    return Metric(name, label, _cell(one, name), "number", unit, DECIMALS.get(name, 0), change, note, trend)


def _cell(one: Rated, name: str) -> Cell:
    if name == OXYGEN_GIVEN:
        return given(one)
    return one.readings.consciousness if name == CONSCIOUSNESS else one.readings.values.get(name)


def _points(points: int | None) -> str:
    return "" if points is None else words.plural(points, "point")


def _last(case: Case, name: str, last_day: date) -> str:
    """When a sign that the latest set lacks was last read."""
    earlier = case.shown[: case.shown.index(case.latest)]
    one = next((one for one in reversed(earlier) if _cell(one, name) is not None), None)
    if one is None:
        return "not read"
    value = _cell(one, name)
    told = words.cell(value, "text" if isinstance(value, str) else "number", DECIMALS.get(name, 0))
    return f"last {told} {case.when(one, last_day)}"


def _trend(case: Case, upto: Rated, name: str) -> tuple[Cell, ...]:
    """The values of the sets shown up to that one, where it has one itself."""
    if name not in upto.readings.values:
        return ()
    sets = case.shown[: case.shown.index(upto) + 1]
    return tuple(one.readings.values[name] for one in sets if name in one.readings.values)[-MOST_IN_TREND:]


def _change(case: Case, now: Rated, name: str) -> Change | None:
    """Against the latest reading of the day before."""
    day = now.readings.day - timedelta(days=1)
    sets = [*case.before, *case.of_days]
    values = [one.readings.values[name] for one in sets if one.readings.day == day and name in one.readings.values]
    if not values or name not in now.readings.values:
        return None
    decimals = DECIMALS.get(name, 0)
    difference = now.readings.values[name] - values[-1]
    return Change(round(difference, decimals) or 0 if decimals else difference, None, words.day(day))
