"""The readings of a sheet are taken back: it was accepted by mistake, and what it brought leaves the clinic's records.

What an earlier sheet or another system has put on record stays there, and belongs to whichever accepted sheet says it
still (belonging.py); what a later sheet says too is that sheet's. A patient goes whom this sheet has added, or another
one that was taken back, if nothing else on record is about them. What was filled in of patients on record stays, and
so does their SpO2 scale: nobody knows who has relied on it since. Reports that are ready have their figures frozen and
stay as they were; those being made are cancelled.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, or_, select, update

from webapp import audit
from webapp.accounts import access
from webapp.extensions import db
from webapp.models import (
    CampaignContact,
    Clinic,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Person,
    Report,
    Treatment,
    Upload,
    Visit,
)
from webapp.uploads import belonging
from webapp.uploads.checking.records import chunks

ABOUT_PATIENTS = (Visit, Diagnosis, Treatment, Feedback, CampaignContact)
"""What a patient stays for, besides measurements."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What taking a sheet back does. `readings` are how many go, `patients` the ids of those who go, `stay` the ids of
    the measurements that stay, by the sheet they belong to then: None where another system alone says them."""

    readings: int
    patients: tuple[int, ...]
    stay: dict[str | None, list[int]]

    @property
    def staying(self) -> int:
        return sum(map(len, self.stay.values()))


def effects(upload: Upload) -> Effects:
    """What it would do now. Changes nothing."""
    held = select(Measurement.id, Measurement.patient_id, Measurement.source_id).where(
        Measurement.upload_id == upload.id
    )
    rows = db.session.execute(held.order_by(Measurement.id)).all()
    heirs = belonging.next_in_line(upload, {row.id: row.source_id for row in rows})
    stay: dict[str | None, list[int]] = defaultdict(list)
    goes: Counter[int] = Counter()
    for row in rows:
        if row.id in heirs or not belonging.brought_by(row.source_id):
            stay[heirs.get(row.id)].append(row.id)
        else:
            goes[row.patient_id] += 1
    return Effects(goes.total(), tuple(_left_bare(upload, goes)), dict(stay))


def take_back(upload: Upload, person: Person) -> bool:
    """accepted -> taken back, in one transaction; False where somebody else has done so, or it was never accepted."""
    assert access.brings_sheets(person), "only who may bring a sheet may take one back"
    assert person.clinic_id == upload.clinic_id, "a sheet is taken back by its own clinic"
    upload_id, clinic_id, person_id = upload.id, upload.clinic_id, person.id
    if not Upload.take_back(upload_id, person_id):
        db.session.rollback()
        return False
    _lock(upload_id)
    # From here on the clinic is ours until we commit, so that no other sheet takes over what goes.
    Clinic.records_changed(clinic_id)
    done = effects(db.session.get_one(Upload, upload_id, populate_existing=True))
    _hand_on(done)
    _remove(upload_id, done.patients)
    cancelled = _cancel(upload_id)
    for report_id in cancelled:
        audit.record("report.cancel_asked", f"report:{report_id}", person_id=person_id)
    audit.record(
        "upload.taken_back", f"upload:{upload_id}", person_id=person_id, clinic=clinic_id, measurements=done.readings,
        patients=len(done.patients), stay=done.staying, reports_cancelled=len(cancelled),
    )  # fmt: skip
    db.session.commit()
    return True


def _left_bare(upload: Upload, goes: Counter[int]) -> list[int]:
    """The ids of the patients added by a sheet that is not accepted any more, of whom nothing stays on record but what
    goes, so many measurements by patient."""
    added = select(Patient.id).join(Upload, Upload.id == Patient.upload_id).where(Patient.clinic_id == upload.clinic_id)
    mine = set(db.session.scalars(added.where(Upload.id == upload.id)))
    before = set(db.session.scalars(added.where(Upload.status == "taken back", Upload.id != upload.id)))
    bare = []
    for some in chunks(sorted(mine | (before & goes.keys()))):
        counted = select(Measurement.patient_id, func.count()).where(Measurement.patient_id.in_(some))
        measured = {row[0]: row[1] for row in db.session.execute(counted.group_by(Measurement.patient_id))}
        others = [~exists().where(table.patient_id == Patient.id) for table in ABOUT_PATIENTS]
        alone = db.session.scalars(select(Patient.id).where(Patient.id.in_(some), *others).order_by(Patient.id))
        bare += [one for one in alone if measured.get(one, 0) == goes[one]]
    return bare


def _lock(upload_id: str) -> None:
    """Its measurements, then the patients who may go, before their clinic, as accepting and imports take them. What
    somebody else puts on record of them meanwhile is there when we have them, or has to wait."""
    of_sheet = select(Measurement.id).where(Measurement.upload_id == upload_id).order_by(Measurement.id)
    db.session.execute(of_sheet.with_for_update())
    measured = select(Measurement.patient_id).where(Measurement.upload_id == upload_id)
    of_sheets = Patient.upload_id.is_not(None) & Patient.id.in_(measured)
    wanted = select(Patient.id).where(or_(Patient.upload_id == upload_id, of_sheets))
    db.session.execute(wanted.order_by(Patient.id).with_for_update())


def _hand_on(done: Effects) -> None:
    for heir, ids in done.stay.items():
        for some in chunks(ids):
            db.session.execute(
                update(Measurement).where(Measurement.id.in_(some)).values(upload_id=heir),
                execution_options={"synchronize_session": False},
            )


def _remove(upload_id: str, patients: tuple[int, ...]) -> None:
    """What the sheet still has, and these patients."""
    without = {"synchronize_session": False}
    db.session.execute(delete(Measurement).where(Measurement.upload_id == upload_id), execution_options=without)
    for some in chunks(patients):
        db.session.execute(delete(Patient).where(Patient.id.in_(some)), execution_options=without)


def _cancel(upload_id: str) -> list[str]:
    """Stop the reports of the sheet that are being made; which."""
    in_flight = select(Report.id).where(Report.upload_id == upload_id, Report.status.in_(("queued", "running")))
    return [one for one in db.session.scalars(in_flight.order_by(Report.id)).all() if Report.request_cancel(one)]
