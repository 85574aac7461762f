"""The readings of an accepted sheet are taken back: what goes, what stays, and whose it is then."""

import json
import threading
from contextlib import suppress
from datetime import timedelta

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from tests.uploads.conftest import add_clinic, patient
from tests.uploads.sheets import NOW, draft
from tests.uploads.test_accepting import again, checked, count, stored
from webapp import audit, clock, generate, report_requests
from webapp.errors import FiguresFailed
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Measurement, Patient, Person, Report, Upload
from webapp.uploads.accepting import Changed, NotWaiting, accept
from webapp.uploads.checking import Choices
from webapp.uploads.drafts import Draft
from webapp.uploads.taking_back import effects, take_back

PULSE = "8867-4"


def accepted(clinic: Clinic, *drafts: Draft, minute: int = 0) -> Upload:
    """A sheet that was accepted in that minute, with its unknown patients added and its scales put on the record."""
    with clock.stopped_at(NOW + timedelta(minutes=minute)):
        upload = checked(clinic, *drafts, choices=Choices("add", scales=True))
        accept(upload, upload.person, limit=10)
    return again(upload)


def belongs() -> dict[float | None, str | None]:
    """The sheet of each measurement on record, by its value."""
    db.session.expire_all()
    return {one.value: one.upload_id for one in stored()}


def test_its_readings_and_the_patients_it_added_go(clinic: Clinic) -> None:
    before, revision = count(Patient), clinic.revision
    kept = accepted(clinic, draft(2, "0417", pulse=61))
    upload = accepted(
        clinic, draft(2, "0417", at="10:00", pulse=62, systolic=120), draft(3, "0905", "Lim, Rosa", pulse=63), minute=1
    )
    told = effects(upload)
    assert (told.readings, len(told.patients), told.staying) == (3, 1, 0)
    assert count(Measurement) == 4
    other = factories.add_person("manager", clinic)
    with clock.stopped_at(NOW + timedelta(minutes=5)):
        assert take_back(upload, other)
    assert belongs() == {61: kept.id}
    assert count(Patient) == before
    gone = again(upload)
    assert (gone.status, gone.taken_back_by_id, gone.taken_back_at) == (
        "taken back", other.id, NOW + timedelta(minutes=5),
    )  # fmt: skip
    assert gone.accepted_at == NOW + timedelta(minutes=1)
    db.session.refresh(clinic)
    assert clinic.revision == revision + 3
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "upload.taken_back")).one()
    assert (entry.subject, entry.person_id, json.loads(entry.details)) == (
        f"upload:{upload.id}",
        other.id,
        {"clinic": clinic.id, "measurements": 3, "patients": 1, "reports_cancelled": 1, "stay": 0},
    )
    assert list(audit.faults()) == []


def test_what_another_system_has_on_record_stays(clinic: Clinic) -> None:
    add_reading(clinic, "0417", 80)
    upload = accepted(clinic, draft(2, "0417", pulse=80), draft(3, "0417", at="10:00", pulse=90))
    assert belongs() == {80: upload.id, 90: upload.id}
    assert take_back(upload, upload.person)
    assert belongs() == {80: None}


def test_what_an_earlier_sheet_brought_goes_back_to_it(clinic: Clinic) -> None:
    morning = accepted(clinic, draft(2, "0417", pulse=80))
    noon = accepted(clinic, draft(2, "0417", pulse=80), draft(3, "0417", at="12:00", pulse=90), minute=1)
    assert (effects(noon).readings, effects(noon).staying) == (1, 1)
    assert take_back(noon, noon.person)
    assert belongs() == {80: morning.id}
    assert take_back(morning, morning.person)
    assert belongs() == {}


def test_what_a_later_sheet_says_too_is_that_sheets_and_stays(clinic: Clinic) -> None:
    morning = accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80), draft(3, "0905", at="10:00", pulse=85))
    noon = accepted(clinic, draft(2, "0905", pulse=80), minute=1)
    assert effects(morning).patients == ()
    assert take_back(morning, morning.person)
    assert belongs() == {80: noon.id}
    # With the last sheet that says it, it goes, and so does the patient whom only these sheets have known.
    assert len(effects(noon).patients) == 1
    assert take_back(noon, noon.person)
    assert (belongs(), db.session.scalar(select(Patient).where(Patient.mrn == "0905"))) == ({}, None)


def test_it_goes_to_the_newest_that_says_it_still(clinic: Clinic) -> None:
    """Brought by the first, whose readings are taken back before those of the third."""
    one, two, three = (accepted(clinic, draft(2, "0417", pulse=80), minute=minute) for minute in range(3))
    assert belongs() == {80: three.id}
    assert take_back(one, one.person)
    assert take_back(three, three.person)
    assert belongs() == {80: two.id}
    assert take_back(two, two.person)
    assert belongs() == {}


def test_an_id_that_sqlite_gives_again_leads_to_no_other_sheet(clinic: Clinic) -> None:
    add_reading(clinic, "0417", 80)
    early = accepted(clinic, draft(2, "0417", pulse=80))
    (taken,) = stored()
    taken_id = taken.id
    db.session.delete(taken)
    db.session.commit()
    late = accepted(clinic, draft(2, "0417", at="10:00", pulse=90), minute=1)
    (brought,) = stored()
    if brought.id == taken_id:
        assert json.loads(again(early).told)["took"] == [[brought.id, brought.id]]
    assert take_back(late, late.person)
    assert belongs() == {}


@pytest.mark.parametrize("what", ["visit", "measurement"])
def test_a_patient_of_whom_there_is_more_on_record_stays(clinic: Clinic, what: str) -> None:
    upload = accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80))
    rosa = patient("0905")
    if what == "visit":
        factories.add_visit(rosa, "2026-11-20 10:00")
    else:
        add_reading(clinic, "0905", 70)
    assert effects(upload).patients == ()
    assert take_back(upload, upload.person)
    assert patient("0905").id == rosa.id
    assert 80 not in belongs()


def test_what_was_filled_in_stays(clinic: Clinic) -> None:
    factories.add_patient(clinic, mrn="0500", family_name="Go", given_name="Li", birth_date=None, sex="unknown")
    upload = accepted(clinic, draft(2, "0500", sex="male", scale=2, oxygen=91))
    assert take_back(upload, upload.person)
    db.session.expire_all()
    assert (patient("0500").sex, patient("0500").spo2_scale) == ("male", 2)


def test_reports_being_made_are_cancelled_and_ready_ones_stay(clinic: Clinic) -> None:
    upload = accepted(clinic, draft(2, "0417", pulse=80))
    ready = report_of(upload)
    generate.make(ready.id)
    waiting = report_requests.ask_again(upload.person, ready, limit=10)
    other = factories.add_person("clinician", clinic)
    running = report_requests.ask_again(other, ready, limit=10)
    lease = timedelta(seconds=60)
    token = Report.claim(running.id, lease)
    assert token
    db.session.commit()
    assert take_back(upload, upload.person)
    db.session.expire_all()
    assert (ready.status, waiting.status, running.status) == ("ready", "cancelled", "running")
    assert Report.beat(running.id, token, lease) == "cancel"
    db.session.commit()
    # As it was read, from what was frozen.
    assert len(generate.document_of(ready).content.sections) == 2
    asked = select(AuditEntry.subject).where(AuditEntry.action == "report.cancel_asked").order_by(AuditEntry.subject)
    assert list(db.session.scalars(asked)) == sorted(f"report:{one.id}" for one in (waiting, running))


def test_run_again_a_report_of_it_fails_with_the_reason(clinic: Clinic) -> None:
    upload = accepted(clinic, draft(2, "0417", pulse=80))
    assert take_back(upload, upload.person)
    again_asked = report_requests.ask_again(upload.person, report_of(upload), limit=10)
    with pytest.raises(FiguresFailed):
        generate.make(again_asked.id)
    db.session.refresh(again_asked)
    assert again_asked.failure is not None
    assert again_asked.failure.startswith("The readings of this sheet were taken back")


def test_only_one_that_is_accepted_can_be_taken_back(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    assert not take_back(upload, upload.person)
    assert again(upload).status == "checked"
    accept(upload, upload.person, limit=10)
    assert take_back(again(upload), upload.person)
    assert not take_back(again(upload), upload.person)
    report_requests.delete(report_of(upload), upload.person)
    with pytest.raises(NotWaiting, match="taken back"):
        accept(again(upload), upload.person, limit=10)


def test_the_same_sheet_can_be_brought_again(clinic: Clinic) -> None:
    first = accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80))
    assert take_back(first, first.person)
    second = accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80), minute=1)
    assert belongs() == {80: second.id}
    assert patient("0905").upload_id == second.id


def test_of_two_at_once_one_does_it(context_on_each: Flask) -> None:
    clinic = add_clinic()
    upload = accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80))
    people = [upload.person_id, factories.add_person("manager", clinic).id]
    assert sorted(together(context_on_each, [(take_back, upload.id, person_id) for person_id in people])) == [
        False,
        True,
    ]
    assert belongs() == {}
    assert list(audit.faults()) == []


def test_two_sheets_that_say_the_same_at_once_leave_nothing(context_on_each: Flask) -> None:
    clinic = add_clinic()
    sheets = [accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80), minute=minute) for minute in range(2)]
    work = [(take_back, one.id, one.person_id) for one in sheets]
    assert together(context_on_each, work) == [True, True]
    assert (belongs(), db.session.scalar(select(Patient).where(Patient.mrn == "0905"))) == ({}, None)
    assert list(audit.faults()) == []


def test_a_later_sheet_that_takes_a_reading_over_at_that_moment_keeps_it(context_on_each: Flask) -> None:
    clinic = add_clinic()
    wrong = accepted(clinic, draft(2, "0905", "Lim, Rosa", pulse=80))
    right = checked(clinic, draft(2, "0905", "Lim, Rosa", pulse=80), unknown=True)

    def press(upload: Upload, person: Person) -> bool:
        # What it says may be new on record by now, or of a patient who is: then it is shown once more.
        with suppress(Changed):
            accept(upload, person, limit=10)
        return True

    work = [(take_back, wrong.id, wrong.person_id), (press, right.id, right.person_id)]
    assert together(context_on_each, work) == [True, True]
    if again(right).status == "checked":
        accept(again(right), right.person, limit=10)
    assert belongs() == {80: right.id}
    assert patient("0905").id == stored()[0].patient_id
    assert list(audit.faults()) == []


def together(app: Flask, work: list[tuple[object, str, int]]) -> list[bool]:
    """Each in a thread, begun at once."""
    begin, done = threading.Barrier(len(work)), []
    db.session.commit()

    def run(does: object, upload_id: str, person_id: int) -> None:
        with app.app_context():
            upload, person = db.session.get_one(Upload, upload_id), db.session.get_one(Person, person_id)
            begin.wait(60)
            done.append(does(upload, person))  # type: ignore[operator]

    threads = [threading.Thread(target=run, args=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def add_reading(clinic: Clinic, mrn: str, value: float) -> Measurement:
    """A pulse of nine o'clock, from another system."""
    whose = patient(mrn)
    at = NOW.replace(hour=9)
    row = Measurement(
        clinic_id=clinic.id, patient_id=whose.id, source_id=f"Observation/{mrn}", loinc=PULSE, name="Pulse",
        value=value, unit="/min", measured_at=at, local_day=at.date(),
    )  # fmt: skip
    db.session.add(row)
    db.session.commit()
    return row


def report_of(upload: Upload) -> Report:
    asked = select(Report).where(Report.upload_id == upload.id).order_by(Report.asked_at, Report.id)
    return db.session.scalars(asked).first()  # type: ignore[return-value]
