"""A sheet is accepted: what is stored of it, once, whoever presses the button and whatever has changed meanwhile."""

import json
import logging
import threading
from dataclasses import replace
from datetime import date

import factories
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.uploads.conftest import add_clinic, patient
from tests.uploads.sheets import draft, moment, tried
from webapp import audit, clock, generate, report_requests
from webapp.content.question import Question
from webapp.errors import FiguresFailed
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Measurement, Patient, Person, Report, Upload
from webapp.report_requests import TooMany
from webapp.uploads import accepting
from webapp.uploads.accepting import Changed, NotWaiting, accept, shown_of
from webapp.uploads.checking import Choices, Findings
from webapp.uploads.drafts import Draft

NURSE = "clinician"


def checked(clinic: Clinic, *drafts: Draft, unknown: bool = False, choices: Choices | None = None) -> Upload:
    """A sheet whose dry run is done, brought by a nurse of the clinic."""
    found = tried(clinic, *drafts, choices=choices or Choices("add" if unknown else "leave out"))
    return factories.add_upload(
        factories.add_person(NURSE, clinic), "checked", findings=found.pack(), told=found.told_json, workbook=b"cells",
        answers='{"names": {"0905": ["Lim", "Rosa"]}}',
    )  # fmt: skip


def stored() -> list[Measurement]:
    return list(db.session.scalars(select(Measurement).order_by(Measurement.id)))


def count(table: type[Report] | type[Measurement] | type[Patient]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def again(upload: Upload) -> Upload:
    return db.session.get_one(Upload, upload.id, populate_existing=True)


def test_its_readings_become_measurements_and_a_report_is_asked_for(clinic: Clinic) -> None:
    revision = clinic.revision
    upload = checked(
        clinic,
        draft(2, "0417", systolic=120, diastolic=80, consciousness="alert"),
        draft(3, "0418", at="2026-11-20", pulse=70),
    )
    report = accept(upload, upload.person, limit=10)
    assert [(one.loinc, one.value, one.unit, one.text, one.component) for one in stored()] == [
        ("8480-6", 120, "mm[Hg]", None, 1),
        ("8462-4", 80, "mm[Hg]", None, 2),
        ("67775-7", None, None, "alert", 3),
        ("8867-4", 70, "/min", None, 0),
    ]
    first, *_, last = stored()
    assert (first.measured_at, first.local_day) == (moment("09:00"), date(2026, 11, 21))
    assert (last.measured_at, last.local_day, last.patient_id) == (None, date(2026, 11, 20), patient("0418").id)
    assert (first.source_id, first.source_digest, first.upload_id) == (f"upload:{upload.id}:1", None, upload.id)
    assert (report.status, report.format, report.template, report.upload_id) == (
        "queued", "pdf", "daily_patients", upload.id,
    )  # fmt: skip
    question = Question.from_json(report.question)
    assert (question.start, question.end, question.upload) == (date(2026, 11, 20), date(2026, 11, 21), upload.id)
    kept = again(upload)
    assert (kept.status, kept.workbook, kept.findings, kept.answers) == ("accepted", None, None, "{}")
    assert json.loads(kept.told)["used"] == 2
    db.session.refresh(clinic)
    assert clinic.revision == revision + 1
    assert list(audit.faults()) == []


def test_new_patients_are_added_and_known_ones_filled_in(clinic: Clinic) -> None:
    bare = factories.add_patient(clinic, mrn="0500", family_name="Go", given_name="Li", birth_date=None, sex="unknown")
    upload = checked(
        clinic,
        draft(2, "0905", "Lim, Rosa", born=date(1980, 1, 1), born_precision="year", sex="female", oxygen=90, scale=2),
        draft(3, "0500", born=date(1971, 2, 3), sex="male", scale=2, at="2026-11-20 08:00", oxygen=91),
        choices=Choices("add", scales=True),
    )
    accept(upload, upload.person, limit=10)
    rosa = patient("0905")
    assert (rosa.family_name, rosa.given_name, rosa.sex, rosa.birth_date) == ("Lim", "Rosa", "female", date(1980, 1, 1))
    assert (rosa.birth_precision, rosa.registered_on, rosa.spo2_scale) == ("year", date(2026, 11, 20), 2)
    db.session.refresh(bare)
    assert (bare.family_name, bare.birth_date, bare.sex, bare.spo2_scale) == ("Go", date(1971, 2, 3), "male", 2)


@pytest.mark.parametrize("are_chosen", [False, True])
def test_with_each_oxygen_saturation_stands_the_scale_it_is_scored_by(clinic: Clinic, are_chosen: bool) -> None:
    patient("0418").spo2_scale = 2
    when = {"measured_at": moment("08:00"), "local_day": date(2026, 11, 21)}
    for mrn in ("0417", "0418"):
        factories.add_measurement(patient(mrn), "2708-6", 90, "%", **when)
    upload = checked(
        clinic,
        draft(2, "0417", scale=2, oxygen=90, pulse=70),
        draft(3, "0417", at="08:00", oxygen=90),
        draft(4, "0418", oxygen=91),
        draft(5, "0905", "Lim, Rosa", scale=2, oxygen=92),
        draft(6, "0905", at="10:00", scale=1, oxygen=93),
        choices=Choices("add", scales=are_chosen),
    )
    accept(upload, upload.person, limit=10)
    changed = 2 if are_chosen else 1
    assert [(one.value, one.spo2_scale) for one in stored()] == [
        (90, changed), (90, None), (90, changed), (70, None), (91, 2), (92, 2), (93, 1),
    ]  # fmt: skip
    assert [patient(mrn).spo2_scale for mrn in ("0417", "0418", "0905")] == [changed, 2, 1]


def test_the_scale_that_was_kept_with_a_reading_changes_only_where_a_sheet_tells_of_it(clinic: Clinic) -> None:
    row = draft(2, "0417", oxygen=90)
    first = checked(clinic, row)
    accept(first, first.person, limit=10)
    patient("0417").spo2_scale = 2
    db.session.commit()
    again_without = checked(clinic, row)
    accept(again_without, again_without.person, limit=10)
    assert [one.spo2_scale for one in stored()] == [1]
    again_with = checked(clinic, replace(row, scale=2))
    accept(again_with, again_with.person, limit=10)
    assert [one.spo2_scale for one in stored()] == [2]


def test_what_is_on_record_is_not_stored_twice_and_becomes_this_sheets(clinic: Clinic) -> None:
    morning = checked(clinic, draft(2, "0417", pulse=80))
    accept(morning, morning.person, limit=10)
    noon = checked(clinic, draft(2, "0417", pulse=80), draft(3, "0417", at="12:00", pulse=90))
    accept(noon, noon.person, limit=10)
    assert [(one.value, one.upload_id) for one in stored()] == [(80, noon.id), (90, noon.id)]


def test_a_report_made_after_its_readings_became_another_sheets_fails_and_lacks_nobody(clinic: Clinic) -> None:
    first = checked(clinic, draft(2, "0417", pulse=80), draft(3, "0418", pulse=70))
    late = accept(first, first.person, limit=10)
    second = checked(clinic, draft(2, "0417", pulse=80), draft(3, "A-7", pulse=90))
    report = accept(second, second.person, limit=10)
    with pytest.raises(FiguresFailed):
        generate.make(late.id)
    generate.make(report.id)
    db.session.refresh(late)
    db.session.refresh(report)
    assert (late.status, report.status) == ("failed", "ready")
    assert "came again with a newer one" in (late.failure or "")
    accept(renewed := checked(clinic, draft(2, "0417", pulse=80), draft(3, "0418", pulse=70)), renewed.person, limit=10)
    assert {one.upload_id for one in stored()} == {second.id, renewed.id}


def test_who_presses_the_button_again_gets_the_same_report(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    report = accept(upload, upload.person, limit=1)
    assert accept(upload, factories.add_person(NURSE, clinic), limit=1).id == report.id
    assert (count(Report), count(Measurement)) == (1, 1)


def test_of_two_at_once_one_makes_it(context_on_each: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = add_clinic()
    upload = checked(clinic, draft(2, "0417", pulse=80), draft(3, "0905", "Lim, Rosa", pulse=80), unknown=True)
    people = [upload.person_id, factories.add_person(NURSE, clinic).id]
    # A row of this session is none of the threads' business.
    upload_id = upload.id
    begin, made = threading.Barrier(2), []
    monkeypatch.setattr(Upload, "accept", _after(begin, Upload.accept))

    def press(person_id: int) -> None:
        with context_on_each.app_context():
            person = db.session.get_one(Person, person_id)
            made.append(accept(db.session.get_one(Upload, upload_id), person, limit=10).id)

    threads = [threading.Thread(target=press, args=(person_id,)) for person_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(set(made)), count(Report), count(Measurement)) == (2, 1, 1, 2)
    assert list(audit.faults()) == []


def _after(begin: threading.Barrier, really: object) -> object:
    def together(*given: object) -> bool:
        begin.wait(60)
        return really(*given)  # type: ignore[operator,no-any-return]

    return together


def test_two_sheets_at_once_add_a_patient_once(context_on_each: Flask) -> None:
    clinic = add_clinic()
    row = draft(2, "0905", "Lim, Rosa", pulse=80)
    one, other = checked(clinic, row, unknown=True), checked(clinic, row, unknown=True)
    accept(one, one.person, limit=10)
    with pytest.raises(Changed):
        accept(other, other.person, limit=10)
    assert db.session.scalar(select(func.count()).where(Patient.mrn == "0905")) == 1
    found = Findings.unpack(again(other).findings or b"")
    assert (again(other).status, found.counts.new_patients, len(found.known)) == ("checked", 0, 1)
    accept(other, other.person, limit=10)
    assert count(Measurement) == 1


def test_a_reading_that_came_on_record_meanwhile_is_shown_first(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80, oxygen=97))
    factories.add_measurement(
        patient("0417"), "8867-4", 90, "/min", measured_at=moment("09:00"), local_day=date(2026, 11, 21)
    )
    with pytest.raises(Changed, match="Nothing was stored"):
        accept(upload, upload.person, limit=10)
    assert (count(Report), count(Measurement), again(upload).status) == (0, 1, "checked")
    report = accept(upload, upload.person, limit=10)
    assert (report.upload_id, [one.value for one in stored()]) == (upload.id, [90, 97])


def test_what_changes_between_the_look_and_the_lock_is_seen(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    row = draft(2, "0417", pulse=80)
    upload, other = checked(clinic, row), checked(clinic, draft(2, "0417", pulse=90))
    really = accepting.check_again

    def late(shown: Findings, where: Clinic) -> Findings:
        found = really(shown, where)
        monkeypatch.setattr(accepting, "check_again", really)
        accept(again(other), factories.add_person(NURSE, where), limit=10)
        return found

    monkeypatch.setattr(accepting, "check_again", late)
    with pytest.raises(Changed):
        accept(upload, upload.person, limit=10)
    assert ([one.value for one in stored()], again(upload).status) == ([90], "checked")


def test_records_that_change_all_the_time_do_not_hold_anybody_up(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    really, rounds = accepting.check_again, []

    def imported(shown: Findings, where: Clinic) -> Findings:
        found = really(shown, where)
        rounds.append(where.id)
        Clinic.records_changed(where.id)
        db.session.commit()
        return found

    monkeypatch.setattr(accepting, "check_again", imported)
    with pytest.raises(NotWaiting, match="again in a few minutes"):
        accept(upload, upload.person, limit=10)
    assert (len(rounds), count(Measurement), again(upload).status) == (accepting.ROUNDS, 0, "checked")


def test_only_the_dry_run_that_was_seen_is_accepted(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    seen = shown_of(upload.findings or b"")
    anew = tried(clinic, draft(2, "0417", pulse=80), draft(3, "0418", pulse=70))
    Upload.go_on(upload.id, upload.answers, findings=anew.pack(), told=anew.told_json)
    db.session.commit()
    with pytest.raises(Changed):
        accept(upload, upload.person, limit=10, shown=seen)
    assert count(Measurement) == 0
    accept(upload, upload.person, limit=10, shown=shown_of(anew.pack()))
    assert count(Measurement) == 2


def test_what_a_colleague_answers_meanwhile_is_not_written_over(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    factories.add_measurement(
        patient("0417"), "8867-4", 90, "/min", measured_at=moment("09:00"), local_day=date(2026, 11, 21)
    )
    really = accepting.check_again

    def asked_anew(shown: Findings, where: Clinic) -> Findings:
        found = really(shown, where)
        answers = db.session.get_one(Upload, upload.id).answers
        Upload.go_on(upload.id, answers, status="asking", answers='{"anew": 1}', findings=None)
        db.session.commit()
        return found

    monkeypatch.setattr(accepting, "check_again", asked_anew)
    with pytest.raises(Changed):
        accept(upload, upload.person, limit=10)
    kept = again(upload)
    assert (kept.status, kept.answers, kept.findings) == ("asking", '{"anew": 1}', None)


def test_too_many_in_flight_change_nothing(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    factories.add_report(upload.person)
    with pytest.raises(TooMany):
        accept(upload, upload.person, limit=1)
    assert (again(upload).status, count(Measurement), count(Report)) == ("checked", 0, 1)
    assert again(upload).findings is not None


def test_a_fault_in_the_middle_leaves_nothing_half_done(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = checked(clinic, draft(2, "0905", "Lim, Rosa", pulse=80), unknown=True)
    before = count(Patient)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(accepting, "_take", killed)
    with pytest.raises(KeyboardInterrupt):
        accept(upload, upload.person, limit=10)
    assert (again(upload).status, count(Measurement), count(Patient), count(Report)) == ("checked", 0, before, 0)


@pytest.mark.parametrize(
    ("status", "told"),
    [("asking", "questions to be answered"), ("discarded", "Upload it again"), ("accepted", "deleted")],
)
def test_what_does_not_wait_cannot_be_accepted(clinic: Clinic, status: str, told: str) -> None:
    upload = factories.add_upload(factories.add_person(NURSE, clinic), status)
    with pytest.raises(NotWaiting, match=told):
        accept(upload, upload.person, limit=10)
    assert again(upload).status == status


def test_what_stops_a_sheet_stops_its_acceptance(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=380))
    with pytest.raises(NotWaiting, match="Nothing in the sheet can be used"):
        accept(upload, upload.person, limit=10)
    assert again(upload).status == "checked"


@pytest.mark.parametrize("role", ["staff", "administrator"])
def test_it_is_for_those_who_treat_patients(clinic: Clinic, role: str) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    with pytest.raises(AssertionError):
        accept(upload, factories.add_person(role, clinic if role == "staff" else None), limit=10)
    with pytest.raises(AssertionError):
        accept(upload, factories.add_person(NURSE), limit=10)
    assert again(upload).status == "checked"


def test_asked_for_again_the_report_is_of_the_same_sheet(clinic: Clinic) -> None:
    upload = checked(clinic, draft(2, "0417", pulse=80))
    report = accept(upload, upload.person, limit=10)
    report_requests.cancel(report, upload.person)
    retry = report_requests.ask_again(upload.person, report, limit=10)
    assert (retry.upload_id, retry.tells_patients, retry.retry_of_id) == (upload.id, True, report.id)


def test_no_log_line_and_no_entry_of_the_audit_log_tells_of_a_patient(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        upload = checked(
            clinic, draft(2, "0905", "Quisumbing, Rosamunda", born=date(1981, 2, 3), pulse=83), unknown=True
        )
        accept(upload, upload.person, limit=10)
    entries = db.session.execute(select(AuditEntry.action, AuditEntry.subject, AuditEntry.details)).all()
    assert [entry.action for entry in entries] == ["report.asked", "upload.accepted"]
    told = caplog.text + " ".join(map(str, entries)) + db.session.scalars(select(Report.question)).one()
    for secret in ("Quisumbing", "Rosamunda", "1981-02-03", "measurements.xlsx", '"0905"'):
        assert secret not in told


def test_the_clock_of_the_dry_run_may_go_on(clinic: Clinic) -> None:
    """A day later nothing of what was shown is another, not even where it said that a time is still to come."""
    upload = checked(clinic, draft(2, "0417", pulse=80), draft(3, "0418", at="2026-12-21 09:00", pulse=80))
    with clock.stopped_at(moment("2026-11-22 09:00")):  # type: ignore[arg-type]
        assert accept(upload, upload.person, limit=10).upload_id == upload.id
