"""Clinics: to add one, to find one, and to move one to another time zone."""

import difflib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, Table, bindparam, func, select, update

from webapp import audit, clock
from webapp.clinic_data.fhir.elements import start_of
from webapp.clinic_data.local_times import register_by_first_visit, visit_columns
from webapp.extensions import Model, db
from webapp.models import Campaign, CampaignContact, Clinic, Feedback, Measurement, Visit
from webapp.models.clinic import PAPERS, DateOrder, Paper
from webapp.words import listed, printable

LONGEST_NAME = 200
BATCH = 1000
CLOSE = 0.75
"""How alike a mistyped city and a real one are (difflib's ratio, 0 to 1) before we suggest it: a letter or two."""


_DAYS_OF: dict[type[Model], str] = {
    Measurement: "measured_at", Feedback: "submitted_at", CampaignContact: "contacted_at",
}  # fmt: skip
"""Rows with a local day, and the moment it is the day of; visits have more than a day."""


class ClinicRefused(ValueError):
    """What is wrong, in a sentence for the person who asked."""


def add_clinic(name: str, timezone: str, paper: str = "A4", *, person_id: int | None = None) -> Clinic:
    """A new clinic, not yet committed. Raises ClinicRefused."""
    name = printable(name).strip()
    if not name:
        raise ClinicRefused("A clinic needs a name.")
    if len(name) > LONGEST_NAME:
        raise ClinicRefused(f"A clinic's name may have {LONGEST_NAME} characters; this one has {len(name)}.")
    if paper not in PAPERS:
        raise ClinicRefused(f"Paper is {' or '.join(PAPERS)}, not {paper}.")
    _check_zone(timezone)
    if db.session.scalar(select(func.count()).where(Clinic.name == name)):
        raise ClinicRefused(f"There is a clinic called {name} already.")
    clinic = Clinic(name=name, timezone=timezone, paper=paper)
    db.session.add(clinic)
    db.session.flush()
    audit.record("clinic.added", f"clinic:{clinic.id}", person_id=person_id, timezone=timezone, paper=paper)
    return clinic


def clinic_called(name: str) -> Clinic:
    """The clinic of that name. Raises ClinicRefused, with the names there are."""
    found = db.session.scalar(select(Clinic).where(Clinic.name == name))
    if found is None:
        known = db.session.scalars(select(Clinic.name).order_by(Clinic.name)).all()
        there_is = f"There is: {', '.join(known)}." if known else "Add one with: flask clinics add NAME --timezone ZONE"
        raise ClinicRefused(f"There is no clinic called {name}. {there_is}")
    return found


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a clinic wants its reports: columns of models.clinic.Clinic."""

    paper: Paper
    suppress_below: int
    logo: bytes | None
    date_order: DateOrder
    more_charts: str


def change_reports(clinic: Clinic, wishes: Wishes, *, person_id: int | None = None) -> None:
    """How a clinic's reports are from now on. What changes is audited. Not committed."""
    wanted = asdict(wishes)
    before = {name: getattr(clinic, name) for name in wanted}
    changed = sorted(name for name in wanted if wanted[name] != before[name])
    for name in changed:
        setattr(clinic, name, wanted[name])
    told = {name: [before[name], wanted[name]] for name in changed if name != "logo"}
    if changed:
        audit.record("clinic.reports-changed", f"clinic:{clinic.id}", person_id=person_id, changed=changed, **told)


def set_timezone(clinic: Clinic, timezone: str, *, person_id: int | None = None) -> int:
    """Move a clinic to another zone, with all stored local days and hours; how many rows were looked at. Not committed.

    Days that came without a moment (of diagnoses and treatments, or a visit's day alone) stay as they are. Raises
    ClinicRefused.
    """
    _check_zone(timezone)
    before, clinic.timezone = clinic.timezone, timezone
    count = 0
    for rows in _batches(cast(Table, Visit.__table__), clinic.id, "started_at", "local_day", "local_hour"):
        _change(cast(Table, Visit.__table__), [_visit_there(row, timezone) for row in rows])
        count += len(rows)
    for model, moment in _DAYS_OF.items():
        table = cast(Table, model.__table__)
        for rows in _batches(table, clinic.id, moment):
            _change(table, [_day_there(row["id"], row[moment], timezone) for row in rows if row[moment]])
            count += len(rows)
    register_by_first_visit(clinic.id)
    Clinic.records_changed(clinic.id)
    subject = f"clinic:{clinic.id}"
    audit.record("clinic.timezone-changed", subject, person_id=person_id, before=before, after=timezone, rows=count)
    return count


def _visit_there(row: dict[str, Any], zone: str) -> dict[str, Any]:
    if row["local_hour"] is None:
        return {"row_id": row["id"], "started_at": start_of(row["local_day"], zone), **_same_day(row)}
    there = clock.local(row["started_at"], zone)
    return {"row_id": row["id"], "started_at": row["started_at"], **visit_columns(there, there.hour)}


def _same_day(row: dict[str, Any]) -> dict[str, Any]:
    day = row["local_day"]
    return visit_columns(clock.LocalTime(day, day.replace(day=1), day.isoweekday(), 0), None)


def _day_there(row_id: int, at: datetime, zone: str) -> dict[str, Any]:
    return {"row_id": row_id, "local_day": clock.local(at, zone).day}


def _batches(table: Table, clinic_id: int, *columns: str) -> Iterator[list[dict[str, Any]]]:
    """The clinic's rows by id, so many at a time, with these columns."""
    last = 0
    asked = select(table.c.id, *(table.c[name] for name in columns)).where(_of_clinic(table, clinic_id))
    while rows := db.session.execute(asked.where(table.c.id > last).order_by(table.c.id).limit(BATCH)).mappings().all():
        yield [dict(row) for row in rows]
        last = rows[-1]["id"]


def _of_clinic(table: Table, clinic_id: int) -> ColumnElement[bool]:
    if "clinic_id" in table.c:
        return table.c.clinic_id == clinic_id
    return table.c.campaign_id.in_(select(Campaign.id).where(Campaign.clinic_id == clinic_id))


def _change(table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "row_id"}
        db.session.execute(update(table).where(table.c.id == bindparam("row_id")).values(values), rows)


def _check_zone(timezone: str) -> None:
    zones = available_timezones()
    if timezone not in zones:
        cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(zones)}
        near = difflib.get_close_matches(timezone.rpartition("/")[2].lower(), cities, n=3, cutoff=CLOSE)
        hint = f" Did you mean {listed([cities[name] for name in near])}?" if near else ""
        raise ClinicRefused(
            f"{printable(timezone)} is not a time zone. Give an IANA name such as Europe/Berlin or Asia/Manila.{hint}"
        )
