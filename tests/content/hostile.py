"""Clinics as other systems hand them over at their worst, for hypothesis: every kind of row, with whatever its columns
may hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import insert, select

from tests.factories import add_clinic
from webapp import clock
from webapp.content import periods
from webapp.content.periods import Period
from webapp.extensions import db
from webapp.models import (
    Campaign,
    CampaignContact,
    Clinic,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Provider,
    Treatment,
    Visit,
)
from webapp.models.diagnosis import CLINICAL_STATUSES, VERIFICATION_STATUSES
from webapp.models.patient import PRECISIONS, SEXES
from webapp.models.treatment import OUTCOMES
from webapp.models.visit import KINDS, STATUSES

Row = dict[str, Any]
some = st.sampled_from

SECRET = "Zephyrine-7319"
"""Stands in all that a report may never show: names and numbers of patients, and comments to those who may not read
them."""

CHANGES = {
    "Europe/Berlin": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/New_York": ("2024-03-10T07:00", "2024-11-03T06:00"),
    "Asia/Manila": ("2024-02-28T16:00", "2024-12-31T16:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2011-09-24T14:00"),
    "Australia/Lord_Howe": ("2024-04-06T15:00", "2024-10-05T15:30"),
}
"""Moments in UTC at which clocks were changed, two for each zone; Apia left out a day, Lord Howe changes by half an
hour, and Manila, which has no changes, its midnights."""

NAMES = (
    "Fever", "fever", "FEVER", " Fever ", "", " ", "None", "nan", "[c]", "All", "Total", "All others", "Unknown", "0",
    "x" * 400, "Wide word " * 40, "ก" * 200, "漢字" * 100, "עברית מימין לשמאל " * 10, "ضغط الدم المرتفع " * 11,
    "a" + "\u0301" * 150, "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "👩\u200d👩\u200d👧🏥" * 20, "नमस्ते", "\u202eright to left", "\u200b", "\ufeff",
    "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK('http://e.example')", "<script>alert(1)</script>", "&amp;<b>&#0;</b>",
    "]]>", "{{ 7*7 }}", "%s%n{0}", "bell\x07", "tab\tline\nbreak\r\n", "\x1b[31m", "\x85", "\ufffe", "\U0001ffff",
    "straße", "STRASSE", "İstanbul", "ﬁne", "e\u0301", "é", "'; DROP TABLE visits; --", "a,b;c\"d'e", "\\N", "1e309",
)  # fmt: skip

NUMBERS = (0.0, -0.0, 1.0, -1.0, 120.0, 80.0, 37.0, 98.6, 0.1 + 0.2, 5e-324, 1e-9, 99999.5, 1e15, -1e300, 1.7e308)
RATINGS = (None, 1, 2, 3, 4, 5, 5, 0, 6, -1, -(2**31), 2**31 - 1)
LOINC = (
    "8480-6", "8462-4", "85354-9", "8867-4", "8310-5", "9279-1", "2708-6", "59408-5", "29463-7", "8302-2", "39156-5",
    "2339-0", "4548-4", None, "", "not a code",
)  # fmt: skip
UNITS = (
    "mm[Hg]",
    "mmHg",
    "/min",
    "Cel",
    "[degF]",
    "%",
    "kg",
    "[lb_av]",
    "g",
    "cm",
    "m",
    "[in_i]",
    "kg/m2",
    None,
    "",
    "=kg",
)
SYSTEMS = (
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    None,
    "",
    "x",
)
CODES = ("I10", "J06.9", "K02.1", "38341003", "Z34", "", None, "i10", "I1 0", "ก", "0" * 64)
AGES = (0, 1, 5, 15, 25, 44, 45, 65, 119, 120, 129, 130)
LENGTHS = (1, 2, 6, 7, 13, 14, 28, 29, 31, 92, 365, 366, 1000, 3652)


@dataclass(frozen=True)
class Rows:
    """The rows of one clinic, without ids: `patient`, `visit`, `provider`, `diagnosis` and `campaign` are places in the
    lists, counted round. Where there is no patient, there is nothing but providers and campaigns."""

    zone: str = "Asia/Manila"
    providers: tuple[Row, ...] = ()
    patients: tuple[Row, ...] = ()
    visits: tuple[Row, ...] = ()
    diagnoses: tuple[Row, ...] = ()
    treatments: tuple[Row, ...] = ()
    measurements: tuple[Row, ...] = ()
    feedback: tuple[Row, ...] = ()
    campaigns: tuple[Row, ...] = ()
    contacts: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Asked:
    """`picks` chooses filters: 0 leaves the one at that place alone, any other number takes one of its choices."""

    period: Period
    compare: Any = "before"
    suppress_below: int = 0
    reads_comments: bool = False
    picks: tuple[int, ...] = field(default=(0,))


# -- Strategies --------------------------------------------------------------------------------------------------------


@st.composite
def stretches(draw: st.DrawFn) -> Period:
    """One day to ten years, whole months or not, around the days that are odd."""
    start = draw(some([date(2024, 2, 29), date(2024, 2, 1), date(2024, 1, 1), date(2011, 12, 30), date(2024, 10, 27)]))
    start += timedelta(days=draw(st.integers(-40, 40)))
    if draw(st.booleans()):
        first = start.replace(day=1)
        return first, periods.month_of(periods.shifted(first, draw(some([0, 0, 2, 11, 35, 119]))))[1]
    return start, start + timedelta(days=draw(some(LENGTHS)) - 1)


def questions() -> st.SearchStrategy[Asked]:
    picks = st.lists(st.integers(0, 5), min_size=1, max_size=5).map(tuple)
    return st.builds(Asked, stretches(), some(["before", "year"]), some([0, 0, 5, 10]), st.booleans(), picks)


FAR = (date(1904, 2, 29), date(1970, 1, 1), date(2199, 12, 31), date(9999, 12, 31))


def days(period: Period) -> st.SearchStrategy[date]:
    """Around the ends of the period and of those it is compared with, or far off."""
    ends = [*period, *periods.before(*period), *periods.year_before(*period)]
    near = [end + timedelta(days=off) for end in ends for off in (-30, -1, 0, 0, 1, 7, 60)]
    return some([*near, *FAR, date(1, 1, 1)])


def births(period: Period) -> st.SearchStrategy[date]:
    """Today, tomorrow, 120 years ago and any time between, to the day."""
    ends = [end + timedelta(days=off) for end in period for off in (-1, 0, 1)]
    return some([date(1, 1, 1), *FAR, *(periods.shifted(end, -12 * years) for end in ends for years in AGES)])


@st.composite
def moments(draw: st.DrawFn, zone: str, period: Period) -> datetime:
    """At a change of clocks, at midnight on the clinic's clock, or at any hour; to the second."""
    if draw(st.integers(0, 3)) == 0:
        at = datetime.fromisoformat(draw(some(CHANGES[zone]))).replace(tzinfo=UTC)
        return at + timedelta(seconds=draw(some([-1, 0, 1, 1799, 1800, 3599, 3600, -3600])))
    day = draw(some(period)) + timedelta(days=draw(some([0, 0, -1, 1, -7, -31, -365])))
    hour = draw(some([0, 0, 2, 9, 9, 14, 23]))
    return datetime(day.year, day.month, day.day, hour, draw(some([0, 30, 59])), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def text(most: int) -> st.SearchStrategy[str]:
    """What both databases store: all but NUL and lone surrogates."""
    free = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
    return (some(NAMES) | some(NAMES) | free).map(lambda found: found[:most])


place = st.integers(0, 7)
maybe_place = st.none() | place


def _rows(most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Row, ...]]:
    return st.lists(st.fixed_dictionaries(columns), max_size=most).map(tuple)


@st.composite
def clinics(draw: st.DrawFn, period: Period) -> Rows:
    zone = draw(some(list(CHANGES)))
    day, moment = days(period), moments(zone, period)
    maybe_day, maybe_moment = st.none() | day, st.none() | moment
    patients = _rows(
        6, sex=some(SEXES), birth_date=st.none() | births(period), birth_precision=some(PRECISIONS),
        registered_on=maybe_day, deceased_on=maybe_day, family_name=text(150).map(lambda name: name + SECRET),
    )  # fmt: skip
    visits = _rows(
        10, patient=place, provider=maybe_place, kind=some(KINDS), status=some(("finished", "finished", *STATUSES)),
        started_at=moment, has_hour=st.booleans(), minutes=st.none() | some([0, 20, 100_000]), times=some([1, 1, 1, 7]),
    )  # fmt: skip
    coded = {"code_system": some(SYSTEMS), "code": some(CODES), "name": text(400)}
    diagnoses = _rows(
        6, patient=place, visit=maybe_place, **coded, recorded_on=maybe_day,
        clinical_status=some((None, *CLINICAL_STATUSES)), verification_status=some((None, *VERIFICATION_STATUSES)),
    )  # fmt: skip
    treatments = _rows(
        6, patient=place, visit=maybe_place, diagnosis=maybe_place, kind=some(KINDS), **coded, performed_on=maybe_day,
        outcome=some(OUTCOMES), follow_up_due_on=maybe_day, follow_up_done_on=maybe_day,
    )  # fmt: skip
    measurements = _rows(
        8, patient=place, visit=maybe_place, loinc=some(LOINC), name=text(400), value=st.none() | some(NUMBERS),
        unit=some(UNITS), text=st.none() | text(400), measured_at=maybe_moment,
    )  # fmt: skip
    feedback = _rows(
        6, patient=maybe_place, visit=maybe_place, category=text(60), rating=some(RATINGS), submitted_at=moment,
        comment=st.just("") | st.builds(lambda word, times: f"{word} {SECRET} " * times, text(80), some([1, 1, 400])),
        responded_at=maybe_moment,
    )  # fmt: skip
    campaigns = _rows(3, name=text(200), topic=text(100), started_on=day, ended_on=maybe_day)
    contacts = _rows(
        8, campaign=place, patient=place, contacted_at=moment, opened_at=maybe_moment, responded_at=maybe_moment,
        attended_at=maybe_moment,
    )  # fmt: skip
    providers = _rows(3, name=text(200))
    kinds = (providers, patients, visits, diagnoses, treatments, measurements, feedback, campaigns, contacts)
    return Rows(zone, *map(draw, kinds))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rows, Asked]:
    asked = draw(questions())
    return draw(clinics(asked.period)), asked


# -- By name -----------------------------------------------------------------------------------------------------------

OCTOBER = Asked((date(2026, 10, 1), date(2026, 10, 31)))
_AT = datetime(2026, 10, 5, 2, tzinfo=UTC)
_PATIENT = {"sex": "unknown"}
_VISIT = {"patient": 0, "kind": "medical", "status": "finished", "started_at": _AT}
_BLANK = {
    "diagnoses": ({"patient": 0, "name": ""},),
    "treatments": ({"patient": 0, "name": "", "kind": "medical"},),
    "measurements": ({"patient": 0, "name": ""},),
    "feedback": ({"submitted_at": _AT},),
    "campaigns": ({"name": "", "topic": "", "started_on": date(2026, 10, 1)},),
    "contacts": ({"campaign": 0, "patient": 0, "contacted_at": _AT},),
}
NAMED = {
    "empty": Rows(),
    "one patient": Rows(patients=(_PATIENT,)),
    "one visit": Rows(patients=(_PATIENT,), visits=(_VISIT,)),
    "nothing known": Rows(patients=(_PATIENT,), visits=({**_VISIT, "has_hour": False},), **_BLANK),
    "nobody came": Rows(patients=(_PATIENT,), visits=({**_VISIT, "status": "cancelled"},), **_BLANK),
}


# -- Into the database -------------------------------------------------------------------------------------------------


def add(rows: Rows) -> Clinic:
    """A new clinic that has these rows."""
    clinic = add_clinic(timezone=rows.zone)
    providers = _kept(Provider, clinic, rows.providers)
    patients = _kept(Patient, clinic, rows.patients)
    if patients:
        ids = {"patient": patients, "provider": providers}
        visits = _kept(Visit, clinic, _linked(ids, map(partial(_visit, rows.zone), _repeated(rows.visits))))
        ids["visit"] = visits
        ids["diagnosis"] = _kept(Diagnosis, clinic, _linked(ids, rows.diagnoses))
        _kept(Treatment, clinic, _linked(ids, map(_treatment, rows.treatments)))
        _kept(Measurement, clinic, _linked(ids, map(partial(_measurement, rows.zone), rows.measurements)))
        _kept(Feedback, clinic, _linked(ids, map(partial(_feedback, rows.zone), rows.feedback)))
        ids["campaign"] = _kept(Campaign, clinic, _campaigns(rows.campaigns))
        contacts = {(row["campaign_id"], row["patient_id"]): row for row in _linked(ids, rows.contacts)}
        known = [row for row in contacts.values() if row["campaign_id"]]
        _kept(CampaignContact, None, map(partial(_contact, rows.zone), known))
    db.session.commit()
    return clinic


def _kept(model: Any, clinic: Clinic | None, rows: Iterable[Row]) -> list[int]:
    """The ids of the rows."""
    of_clinic = {"clinic_id": clinic.id} if clinic else {}
    found = [{**of_clinic, **row} for row in rows]
    if not found:
        return []
    db.session.execute(insert(model), found)
    if clinic is None:
        return []
    query = select(model.id).order_by(model.id)
    return list(db.session.scalars(query.where(model.clinic_id == clinic.id)))


def _linked(ids: dict[str, list[int]], rows: Iterable[Row]) -> Iterable[Row]:
    """Places as ids; that of a list without rows is nobody."""
    for row in rows:
        kept = {name: value for name, value in row.items() if name not in _PLACES}
        for name in _PLACES & row.keys():
            those, at = ids.get(name, []), row[name]
            kept[f"{name}_id"] = None if at is None or not those else those[at % len(those)]
        yield kept


_PLACES = {"patient", "provider", "visit", "diagnosis", "campaign"}


def _repeated(rows: Iterable[Row]) -> Iterable[Row]:
    for row in rows:
        for _ in range(row.get("times", 1)):
            yield {name: value for name, value in row.items() if name != "times"}


def _visit(zone: str, row: Row) -> Row:
    wall, at = clock.local(row["started_at"], zone), row["started_at"]
    minutes = row.get("minutes")
    kept = {name: value for name, value in row.items() if name not in ("has_hour", "minutes")}
    return kept | {
        "ended_at": None if minutes is None else at + timedelta(minutes=minutes),
        "local_day": wall.day,
        "local_month": wall.month,
        "local_weekday": wall.weekday,
        "local_hour": wall.hour if row.get("has_hour", True) else None,
    }


def _treatment(row: Row) -> Row:
    """A follow-up is done only where one is due."""
    return row if row.get("follow_up_due_on") else {**row, "follow_up_done_on": None}


def _measurement(zone: str, row: Row) -> Row:
    at = row.get("measured_at")
    return {**row, "local_day": clock.local(at, zone).day if at else None, "component": 0}


def _feedback(zone: str, row: Row) -> Row:
    return {"comment": "", "category": "", **row, "local_day": clock.local(row["submitted_at"], zone).day}


def _campaigns(rows: Iterable[Row]) -> Iterable[Row]:
    """Their names differ, and none ends before it begins."""
    for row in {row["name"]: row for row in rows}.values():
        ended = row.get("ended_on")
        yield {**row, "ended_on": max(ended, row["started_on"]) if ended else None}


def _contact(zone: str, row: Row) -> Row:
    return {**row, "local_day": clock.local(row["contacted_at"], zone).day}
