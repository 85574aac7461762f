"""A sheet is accepted: its readings become measurements, and a report of them is asked for, in one transaction.

A reading belongs to the newest sheet that says it. What an earlier sheet or another system has put on record already,
with the same value, is not stored once more: the measurement there is, is this sheet's from now on, so that a report
shows all that its own sheet says, and every other figure of the clinic counts the reading once. An earlier report has
its figures frozen, and keeps them; one that is made later fails and says why, for it would lack them.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from webapp import audit, report_requests
from webapp.accounts import access
from webapp.content.question import Question
from webapp.content.vitals import daily
from webapp.content.vitals.bands import OXYGEN
from webapp.extensions import db
from webapp.models import Clinic, Measurement, Patient, Person, Report, Upload
from webapp.report_requests import TooMany
from webapp.uploads import belonging
from webapp.uploads.checking import Findings, check_again
from webapp.uploads.checking.findings import Subject
from webapp.uploads.checking.records import chunks, day_of
from webapp.uploads.checking.trial import LABELS
from webapp.uploads.drafts import Draft, Reading

__all__ = ["Changed", "NotWaiting", "TooMany", "accept", "shown_of"]

TEMPLATE = "daily_patients"
AT_ONCE = 2_000
"""Measurements in one statement."""

ROUNDS = 3
"""So often it is tried while the clinic's records change between the dry run and the lock: an import changes them with
each batch, and somebody waits."""


class Changed(Exception):
    """What was shown of the sheet is not so any more: the clinic's records have changed since, or a colleague has tried
    it anew. The dry run that is kept with the sheet is a new one, to be looked at. The text is for people."""

    def __init__(self) -> None:
        super().__init__(
            "The clinic’s records, or what was answered about this sheet, have changed since you looked at it, and "
            "with them what becomes of it. Nothing was stored. Look at it once more, then accept it."
        )


class NotWaiting(Exception):
    """The sheet cannot be accepted. The text is for people."""


class Busy(NotWaiting):
    """The clinic's records change faster than a sheet is checked against them."""

    def __init__(self) -> None:
        super().__init__(
            "The clinic’s records are being changed by an import. Nothing was stored. Accept the sheet again in a "
            "few minutes."
        )


def shown_of(findings: bytes) -> str:
    """What tells one dry run from another, for the page that shows it: SHA-256 of Upload.findings."""
    return hashlib.sha256(findings).hexdigest()


def accept(upload: Upload, person: Person, *, limit: int, shown: str = "") -> Report:
    """Store what the dry run found, and ask for the report; where somebody else has just done so, the report there is.
    `shown` is shown_of() the dry run that the person has seen; without it, the one that is kept is accepted.

    Raises TooMany beyond `limit` reports in flight, Changed and NotWaiting, each with nothing stored.
    """
    assert access.brings_sheets(person), "only who may bring a sheet may accept one"
    assert person.clinic_id == upload.clinic_id, "a sheet is accepted by its own clinic"
    upload_id, clinic_id = upload.id, upload.clinic_id
    for _ in range(ROUNDS):
        packed = db.session.scalar(select(Upload.findings).where(Upload.id == upload_id, Upload.status == "checked"))
        if packed is None:
            db.session.rollback()
            return _made_before(upload_id)
        if shown and shown != shown_of(packed):
            db.session.rollback()
            raise Changed
        revision = db.session.scalars(select(Clinic.revision).where(Clinic.id == clinic_id)).one()
        findings = _confirmed(upload_id, packed, db.session.get_one(Clinic, clinic_id))
        # What was read so far, however much, holds up nobody; what is written next goes by it.
        db.session.rollback()
        try:
            report = _stored_once(upload_id, packed, findings, revision, person, limit)
        except BaseException:
            db.session.rollback()
            raise
        if report:
            db.session.commit()
            report_requests.put_in_line(report)
            return report
        db.session.rollback()
    raise Busy


def _made_before(upload_id: str) -> Report:
    of_sheet = select(Report).where(Report.upload_id == upload_id).order_by(Report.asked_at, Report.id)
    if report := db.session.scalars(of_sheet).first():
        return report
    status = db.session.scalar(select(Upload.status).where(Upload.id == upload_id))
    raise NotWaiting(
        {
            "accepted": "This sheet was accepted before, and its report has been deleted since.",
            "taken back": "The readings of this sheet were taken back after it was accepted. Upload it again.",
            "discarded": "This sheet was discarded, by somebody or because nobody went on with it. Upload it again.",
            "refused": "This sheet could not be read, so there is nothing to accept.",
        }.get(status or "", "This sheet has questions to be answered before it can be accepted.")
    )


def _confirmed(upload_id: str, packed: bytes, clinic: Clinic) -> Findings:
    """The dry run once more, by the records of this moment. Raises Changed where it says anything else than was shown,
    and NotWaiting where something stops it."""
    shown = Findings.unpack(packed)
    found = check_again(shown, clinic)
    if not found.says_the_same(shown):
        db.session.rollback()
        # What a colleague has answered meanwhile, with what follows from that, stays as it is.
        Upload.check_anew(upload_id, packed, found.pack(), found.told_json)
        db.session.commit()
        raise Changed
    if found.stops:
        raise NotWaiting(" ".join(found.stops))
    return found


def _stored_once(
    upload_id: str, packed: bytes, findings: Findings, revision: int, person: Person, limit: int
) -> Report | None:
    """Store it all in the running transaction; None where the clinic's records are not of that revision any more, or
    somebody else has accepted the sheet or tried it anew. Raises TooMany."""
    if not Upload.accept(upload_id, packed):
        return None
    report_requests.check_limit(person, limit)
    upload = db.session.get_one(Upload, upload_id, populate_existing=True)
    _lock_changing(findings)
    # From here on the clinic is ours until we commit, so that no two sheets add the same patient.
    if not Clinic.records_changed_since(upload.clinic_id, revision):
        return None
    return _stored(upload_id, findings, upload.clinic, person)


def _lock_changing(findings: Findings) -> None:
    """The measurements that will change and the patients on record, before their clinic: an import and a sheet that is
    taken back take them in that order, and of two who each hold what the other waits for PostgreSQL would end one. No
    patient is removed from here on; those that will change are held alone."""
    known = sorted(one.patient_id for one in findings.subjects if one.patient_id)
    changing = sorted(one.patient_id for one in findings.subjects if one.patient_id and _changes(one))
    rows = ((Measurement.id, findings.known, False), (Patient.id, known, True), (Patient.id, changing, False))
    for row_id, ids, is_shared in rows:
        for some in chunks(ids):
            wanted = select(row_id).where(row_id.in_(some)).order_by(row_id)
            db.session.execute(wanted.with_for_update(read=is_shared, key_share=True))


def _stored(upload_id: str, findings: Findings, clinic: Clinic, person: Person) -> Report:
    assert findings.first is not None
    assert findings.last is not None
    patient_ids = _patients(upload_id, findings, clinic.id, findings.first)
    rows, stored = _measurements(upload_id, findings, clinic, patient_ids), 0
    while some := list(islice(rows, AT_ONCE)):
        db.session.execute(insert(Measurement), some)
        stored += len(some)
    _take(upload_id, findings)
    _rescore(findings.rescored)
    asked = Question(
        TEMPLATE, clinic.id, clinic.timezone, start=findings.first, end=findings.last, upload=upload_id
    )  # fmt: skip
    report = report_requests.add(person, report_requests.entitled(person, asked), "pdf")
    counts = findings.counts
    audit.record(
        "upload.accepted", f"upload:{upload_id}", person_id=person.id, clinic=clinic.id, report=report.id,
        patients=counts.patients, new_patients=counts.new_patients, measurements=stored,
        on_record=len(findings.known), rows=counts.rows_used, rows_left_out=counts.rows_left_out,
        values_left_out=counts.values_left_out,
    )  # fmt: skip
    return report


def _patients(upload_id: str, findings: Findings, clinic_id: int, first: date) -> list[int]:
    """The id of each subject: new ones are added, known ones filled in."""
    for subject in findings.subjects:
        if subject.patient_id is not None and (changes := _changes(subject)):
            db.session.execute(
                update(Patient).where(Patient.id == subject.patient_id).values(**changes),
                execution_options={"synchronize_session": False},
            )
    new = {
        at: Patient(
            clinic_id=clinic_id,
            mrn=subject.mrn,
            family_name=subject.family,
            given_name=subject.given,
            sex=subject.sex,
            birth_date=subject.born,
            birth_precision=subject.born_precision,
            registered_on=first,
            spo2_scale=subject.scale or 1,
            upload_id=upload_id,
        )
        for at, subject in enumerate(findings.subjects)
        if subject.patient_id is None
    }
    db.session.add_all(new.values())
    db.session.flush()
    return [
        new[at].id if subject.patient_id is None else subject.patient_id for at, subject in enumerate(findings.subjects)
    ]


def _changes(subject: Subject) -> dict[str, Any]:
    """The columns of a patient on record that the sheet fills in or sets."""
    changes: dict[str, Any] = dict(subject.fills)
    if "birth_date" in changes:
        changes["birth_date"] = date.fromisoformat(changes["birth_date"])
    return changes | ({"spo2_scale": subject.scale} if subject.scale else {})


def _measurements(
    upload_id: str, findings: Findings, clinic: Clinic, patient_ids: list[int]
) -> Iterator[dict[str, Any]]:
    """A row for each reading. Those of one row of the sheet are the parts of one observation, numbered from 1; one by
    itself is a whole."""
    drafts = findings.drafted.drafts
    used = list(zip(drafts, findings.belongs, findings.used, strict=True))
    in_row = Counter(draft.readings[place].row for draft, _, places in used for place in places)
    numbered: dict[int, int] = defaultdict(int)
    zone = ZoneInfo(clinic.timezone)
    readings = (
        (draft, whose, draft.readings[place]) for draft, whose, places in used if whose is not None for place in places
    )
    for draft, whose, reading in readings:
        numbered[reading.row] += in_row[reading.row] > 1
        yield {
            "clinic_id": clinic.id,
            "patient_id": patient_ids[whose],
            "upload_id": upload_id,
            "source_id": belonging.source_id(upload_id, reading.row),
            "component": numbered[reading.row],
            **_said(reading),
            **_when(draft, zone),
            "spo2_scale": _scale(draft, findings.subjects[whose]) if reading.measure == OXYGEN.name else None,
        }


def _said(reading: Reading) -> dict[str, Any]:
    measure = daily.NUMBERS.get(reading.measure)
    # As UCUM writes it, by which all other reports know it.
    unit = measure.units[0] if measure else "L/min" if reading.value is not None else None
    return {
        "loinc": measure.loincs[0] if measure else daily.WORDS[reading.measure],
        "name": LABELS[reading.measure],
        "value": reading.value,
        "unit": unit,
        "text": reading.word or None,
    }


def _when(draft: Draft, zone: ZoneInfo) -> dict[str, Any]:
    assert draft.at is not None
    is_moment = isinstance(draft.at, datetime)
    return {"measured_at": draft.at if is_moment else None, "local_day": day_of(draft.at, zone)}


def _scale(draft: Draft, subject: Subject) -> int:
    """Where the sheet says several of a new patient, each row has its own."""
    return draft.scale if draft.scale and subject.patient_id is None else subject.scored_by


def _rescore(rescored: tuple[tuple[int, int], ...]) -> None:
    """Give oxygen saturations on record their SpO2 scale."""
    for scale in (1, 2):
        for some in chunks([measurement for measurement, given in rescored if given == scale]):
            db.session.execute(
                update(Measurement).where(Measurement.id.in_(some)).values(spo2_scale=scale),
                execution_options={"synchronize_session": False},
            )


def _take(upload_id: str, findings: Findings) -> None:
    """Make measurements on record those of this sheet."""
    for some in chunks(findings.known):
        db.session.execute(
            update(Measurement).where(Measurement.id.in_(some)).values(upload_id=upload_id),
            execution_options={"synchronize_session": False},
        )
    upload = db.session.get_one(Upload, upload_id)
    upload.told = belonging.with_took(upload.told, findings.known)
