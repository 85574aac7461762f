"""Drafts into tables: new rows added, changed ones updated, known ones left alone. A batch is one transaction.

All is plain SQL that SQLite and PostgreSQL share.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Date, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from webapp import clock
from webapp.clinic_data import local_times
from webapp.clinic_data.fhir.drafts import READERS
from webapp.clinic_data.fhir.links import COLUMNS, ROLE, Links, Wanted
from webapp.clinic_data.fhir.spool import Spool, Spooled
from webapp.clinic_data.fhir.tally import Tally
from webapp.extensions import db
from webapp.models import Clinic, Diagnosis, Measurement, Patient, Provider, Treatment, Visit
from webapp.models.types import Moment

BATCH = 500

TABLES: dict[str, Table] = {
    "Practitioner": cast(Table, Provider.__table__),
    "Patient": cast(Table, Patient.__table__),
    "Encounter": cast(Table, Visit.__table__),
    "Condition": cast(Table, Diagnosis.__table__),
    "Procedure": cast(Table, Treatment.__table__),
    "Observation": cast(Table, Measurement.__table__),
}

NO_PATIENT = "its patient is not here: neither in this import nor in an earlier one"


@dataclass(slots=True)
class Changes:
    """What a batch does: rows to add, rows to change by their id, records to remove by their key."""

    added: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    fates: list[tuple[Spooled, str]] = field(default_factory=list)
    left_out: int = 0
    patients_before: set[int] = field(default_factory=set)


class Writer:
    def __init__(self, clinic: Clinic, spool: Spool, tally: Tally) -> None:
        self._clinic_id, self._zone = clinic.id, clinic.timezone
        self._spool, self._tally = spool, tally
        self._links = Links(spool, clinic.id)

    def write_all(self, progress: Callable[[str, int, int], None]) -> None:
        """Everything in the spool, in an order in which each row finds those it refers to."""
        total, done = sum(self._spool.count(kind) for kind in READERS), 0
        for kind in READERS:
            for batch in self._spool.batches(kind, BATCH):
                self._write(kind, batch)
                done += len(batch)
                progress("storing", done, total)
            if kind == "Condition":
                self._write_links()

    def _write(self, kind: str, batch: Sequence[Spooled]) -> None:
        """One batch, or if the database refuses it, its halves: one bad row must not stop the rest."""
        if kind == ROLE:
            self._tally.count(kind, "skipped", len(batch))
            return
        try:
            changes = self._changes(kind, batch)
            self._execute(kind, changes)
            db.session.commit()
        except (IntegrityError, DataError):
            db.session.rollback()
            if len(batch) == 1:
                self._refuse(kind, batch[0], "the database does not take it")
                return
            self._write(kind, batch[: len(batch) // 2])
            self._write(kind, batch[len(batch) // 2 :])
            return
        self._tally.summary.left_out += changes.left_out
        for item, fate in changes.fates:
            if fate == "refused":
                self._refuse(kind, item, NO_PATIENT)
            else:
                self._tally.count(kind, fate)

    def _refuse(self, kind: str, item: Spooled, reason: str) -> None:
        self._tally.refuse(kind, item.file, item.place, item.id, reason)

    def _changes(self, kind: str, batch: Sequence[Spooled]) -> Changes:
        known = self._known(TABLES[kind], [item.key for item in batch])
        links = self._links.of(batch)
        changes = Changes()
        for item in batch:
            changes.fates.append((item, self._decide(kind, item, known.get(item.key), links, changes)))
        return changes

    def _decide(
        self, kind: str, item: Spooled, known: dict[str, Any] | None, links: dict[Wanted, int], changes: Changes
    ) -> str:
        """What becomes of one draft, noted in `changes`.

        A reference that leads nowhere leaves what an earlier import found; one that leads somewhere now counts as a
        change where the row had nothing.
        """
        if item.draft.removed:
            if known:
                changes.removed.append(item.key)
            return "removed" if known else "skipped"
        refers = {column: self._first(item, column, links) for column in item.draft.references}
        if "patient_id" in refers and refers["patient_id"] is None:
            return "refused"
        missed = [name for name, row_id in refers.items() if row_id is None]
        changes.left_out += sum(bool(item.draft.references[name]) for name in missed)
        if known is None:
            changes.added += self._rows(kind, item, refers)
            return "added"
        found_now = any(row_id is not None and known[name] is None for name, row_id in refers.items())
        if known["source_digest"] == item.digest and not found_now:
            return "skipped"
        changes.patients_before.add(known.get("patient_id") or 0)
        rows = self._rows(kind, item, refers | {name: known[name] for name in missed})
        if kind == "Observation":
            changes.removed.append(item.key)
            changes.added += rows
        else:
            changes.updated += [row | {"row_id": known["id"]} for row in rows]
        return "updated"

    def _first(self, item: Spooled, column: str, links: dict[Wanted, int]) -> int | None:
        wanted = (Wanted(item.scope, reference, column) for reference in item.draft.references[column])
        return next((links[one] for one in wanted if one in links), None)

    def _known(self, table: Table, keys: list[str]) -> dict[str, dict[str, Any]]:
        """The rows that are there already, by key. An observation has several rows that share all that is asked."""
        columns = [table.c.id, table.c.source_id, table.c.source_digest]
        columns += [table.c[name] for name in COLUMNS if name in table.c]
        asked = select(*columns).where(table.c.clinic_id == self._clinic_id, table.c.source_id.in_(keys))
        return {row["source_id"]: dict(row) for row in db.session.execute(asked).mappings()}

    def _rows(self, kind: str, item: Spooled, refers: dict[str, int | None]) -> list[dict[str, Any]]:
        shared = {"clinic_id": self._clinic_id, "source_id": item.key, "source_digest": item.digest, **refers}
        values = _typed(TABLES[kind], item.draft.values)
        if kind == "Encounter":
            values |= self._on_the_wall(values["started_at"], values.pop("day_alone"))
        if kind == "Observation":
            return [shared | values | part for part in item.draft.parts]
        return [shared | values]

    def _on_the_wall(self, started: datetime, day_alone: str | None) -> dict[str, Any]:
        """The local_ columns of a visit; without an hour where only the day is known."""
        there = clock.local(started, self._zone)
        if day_alone:
            day = date.fromisoformat(day_alone)
            return local_times.visit_columns(clock.LocalTime(day, day.replace(day=1), day.isoweekday(), 0), None)
        return local_times.visit_columns(there, there.hour)

    def _execute(self, kind: str, changes: Changes) -> None:
        table = TABLES[kind]
        if changes.removed:
            here = (table.c.clinic_id == self._clinic_id) & table.c.source_id.in_(changes.removed)
            db.session.execute(delete(table).where(here))
        if changes.added:
            db.session.execute(insert(table), changes.added)
        if changes.updated:
            names = [name for name in changes.updated[0] if name != "row_id"]
            change = update(table).where(table.c.id == bindparam("row_id"))
            db.session.execute(change.values({name: bindparam(name) for name in names}), changes.updated)
        written = changes.added + changes.updated
        if written or changes.removed:
            Clinic.records_changed(self._clinic_id)
        if kind == "Encounter":
            self._dental_by_treatment([row["row_id"] for row in changes.updated])
            patients = {row["patient_id"] for row in written} | changes.patients_before
            local_times.register_by_first_visit(self._clinic_id, patients)
        if kind == "Procedure":
            self._dental_visits({row["visit_id"] for row in written if row["kind"] == "dental" and row["visit_id"]})

    def _dental_visits(self, visit_ids: Iterable[int]) -> None:
        """A visit in which dental treatment was given is dental, whatever its own coding says."""
        if visit_ids:
            dental = update(Visit).where(Visit.id.in_(sorted(visit_ids))).values(kind="dental")
            db.session.execute(dental, execution_options={"synchronize_session": False})

    def _dental_by_treatment(self, visit_ids: list[int]) -> None:
        asked = select(Treatment.visit_id).where(Treatment.visit_id.in_(visit_ids), Treatment.kind == "dental")
        self._dental_visits({found for found in db.session.scalars(asked) if found} if visit_ids else set())

    def _write_links(self) -> None:
        """An encounter may name its diagnoses where these do not name their encounter."""
        for batch in self._spool.links(BATCH):
            wanted = {link: Wanted(link.scope, link.reference, "diagnosis_id") for link in batch}
            diagnoses = self._links.find(wanted.values())
            visits = self._links.rows(Visit, {link.visit_key for link in batch})
            pairs = [(diagnoses.get(wanted[link]), visits.get(link.visit_key)) for link in batch]
            rows = [{"row_id": one, "its_visit": other} for one, other in pairs if one and other]
            if rows:
                table = TABLES["Condition"]
                alone = (table.c.id == bindparam("row_id")) & table.c.visit_id.is_(None)
                db.session.execute(update(table).where(alone).values(visit_id=bindparam("its_visit")), rows)
                Clinic.records_changed(self._clinic_id)
            db.session.commit()


def _typed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """ISO 8601 back into dates and moments, by the type of the column."""

    def typed(name: str, value: Any) -> Any:
        kind = table.c[name].type if name in table.c and value is not None else None
        if isinstance(kind, Moment):
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if isinstance(kind, Date) else value

    return {name: typed(name, value) for name, value in values.items()}
