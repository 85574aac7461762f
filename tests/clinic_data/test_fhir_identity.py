"""The same resource is the same row, in the next file and in the next import; references find it."""

import json
from datetime import date
from typing import Any

import pytest

from tests.clinic_data.fhir_cases import (
    Importer,
    bundle,
    condition,
    encounter,
    every,
    observation,
    only,
    patient,
    plain,
    practitioner,
    procedure,
)
from tests.factories import add_clinic
from webapp import audit
from webapp.clinic_data.fhir import import_fhir
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Diagnosis, Measurement, Patient, Provider, Treatment, Visit

SEEN = {"participant": [{"individual": {"reference": "Practitioner/d1"}}]}
AT_VISIT = {"encounter": {"reference": "Encounter/e1"}}


def everything() -> dict[str, Any]:
    return plain(
        observation(valueInteger=1, **AT_VISIT),
        procedure(reasonReference=[{"reference": "Condition/c1"}], **AT_VISIT),
        condition(**AT_VISIT),
        encounter(**SEEN),
        patient(),
        practitioner(),
    )


def test_the_same_file_twice_adds_nothing(fhir_on_each: Importer) -> None:
    assert fhir_on_each(everything()).total.added == 6
    again = fhir_on_each(everything()).total
    assert (again.read, again.skipped) == (6, 6)
    assert again.added == again.updated == again.removed == again.refused == 0
    for table in (Patient, Provider, Visit, Diagnosis, Treatment, Measurement):
        only(table)


def test_a_changed_resource_updates(fhir_on_each: Importer) -> None:
    fhir_on_each(everything())
    changed = fhir_on_each(
        patient(gender="other"),
        practitioner(name=[{"text": "Dr. Tan"}]),
        encounter(start="2026-03-01T09:30:00+08:00", **SEEN),
        condition(code={"text": "Ache"}, **AT_VISIT),
        procedure(performedDateTime="2026-03-03", **AT_VISIT),
        observation(valueInteger=2, **AT_VISIT),
    )
    assert changed.total.updated == 6
    assert (only(Patient).sex, only(Patient).registered_on) == ("other", date(2026, 3, 1))
    assert (only(Provider).name, only(Visit).local_day) == ("Dr. Tan", date(2026, 3, 1))
    assert (only(Diagnosis).name, only(Treatment).performed_on) == ("Ache", date(2026, 3, 3))
    assert (only(Measurement).value, only(Measurement).visit_id) == (2.0, only(Visit).id)


def test_an_import_that_changes_records_makes_known_figures_old(fhir: Importer) -> None:
    fhir(everything())
    after_the_first = only(Clinic).revision
    assert after_the_first > 0
    fhir(everything())
    db.session.expire_all()
    assert only(Clinic).revision == after_the_first
    fhir(plain(patient(gender="male")))
    db.session.expire_all()
    assert only(Clinic).revision > after_the_first


def test_noise_that_is_not_read_changes_nothing(fhir: Importer) -> None:
    fhir(patient())
    noisy = patient(
        meta={"versionId": "2", "lastUpdated": "2026-01-01T00:00:00Z"}, text={"div": "<div/>"}, telecom=[{}]
    )
    assert fhir(noisy).of("Patient").skipped == 1


def test_a_resource_that_comes_twice_counts_as_it_came_last(fhir: Importer) -> None:
    summary = fhir(patient(gender="male"), patient(gender="female"))
    assert (summary.of("Patient").added, summary.of("Patient").skipped) == (1, 1)
    assert only(Patient).sex == "female"


def test_two_clinics_may_have_the_same_ids(fhir: Importer) -> None:
    fhir(everything())
    fhir.clinic = add_clinic("Harbour")
    assert fhir(everything()).total.added == 6
    assert {row.clinic_id for row in every(Visit)} == {row.id for row in every(Clinic)}


def test_a_patient_of_another_clinic_is_not_found(fhir: Importer) -> None:
    fhir(patient())
    fhir.clinic = add_clinic("Harbour")
    assert fhir(encounter()).of("Encounter").refused == 1


def test_a_visit_is_registered_at_the_first_that_took_place(fhir: Importer) -> None:
    days = [("e1", "2026-03-05", "finished"), ("e2", "2026-03-04", "cancelled"), ("e3", "2026-03-06", "finished")]
    fhir(patient(), *(encounter(id_, day, status=status) for id_, day, status in days))
    assert only(Patient).registered_on == date(2026, 3, 5)
    fhir(encounter("e0", "2026-03-01"))
    assert only(Patient).registered_on == date(2026, 3, 1)


def test_a_visit_given_to_another_patient_moves_both_registrations(fhir: Importer) -> None:
    fhir(patient("p1"), patient("p2"), encounter(start="2026-03-05"))
    fhir(encounter(start="2026-03-05", subject={"reference": "Patient/p2"}))
    assert {row.source_id: row.registered_on for row in every(Patient)} == {"p1": None, "p2": date(2026, 3, 5)}


# -- references --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "http://example.org/fhir/Patient/p1",
        "Patient/p1/_history/3",
        "Patient?identifier=urn:hospital|H-7",
        "Patient?identifier=urn%3Ahospital%7CH-7",
        "Patient?identifier=H-7",
        "Patient?_id=p1",
    ],
)
def test_it_follows_references(fhir: Importer, reference: str) -> None:
    fhir(encounter(subject={"reference": reference}), patient(identifier=[{"system": "urn:hospital", "value": "H-7"}]))
    assert only(Visit).patient_id == only(Patient).id


def test_it_follows_a_reference_by_identifier_alone(fhir: Importer) -> None:
    known = {"system": "urn:hospital", "value": "H-7"}
    fhir(patient(identifier=[known]), encounter(subject={"identifier": known}))
    assert only(Visit).patient_id == only(Patient).id


def test_it_follows_a_contained_patient_by_its_identifier(fhir: Importer) -> None:
    known = {"system": "urn:hospital", "value": "H-7"}
    inner = {"resourceType": "Patient", "id": "me", "identifier": [known]}
    fhir(patient(identifier=[known]), encounter(contained=[inner], subject={"reference": "#me"}))
    assert only(Visit).patient_id == only(Patient).id


def test_an_identifier_of_two_patients_finds_neither(fhir: Importer) -> None:
    shared = [{"system": "urn:family", "value": "12"}]
    summary = fhir(
        patient("p1", identifier=shared),
        patient("p2", identifier=shared),
        encounter(subject={"reference": "Patient?identifier=urn:family|12"}),
    )
    assert summary.of("Encounter").refused == 1


def test_a_record_number_finds_a_patient_of_an_earlier_import(fhir: Importer) -> None:
    number = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    fhir(patient(identifier=[{"type": number, "system": "urn:hospital", "value": "H-7"}]))
    fhir(encounter(subject={"reference": "Patient?identifier=urn:hospital|H-7"}))
    assert only(Visit).patient_id == only(Patient).id
    fhir(patient("p2", identifier=[{"type": number, "system": "urn:other", "value": "H-7"}]))
    again = fhir(encounter("e2", subject={"reference": "Patient?identifier=urn:hospital|H-7"}))
    assert again.of("Encounter").refused == 1


def test_references_by_urn_are_found_in_any_order(fhir: Importer) -> None:
    visit = encounter(subject={"reference": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"})
    del visit["id"]
    person = patient()
    del person["id"]
    made = bundle(
        {"fullUrl": "urn:uuid:e1", "resource": visit, "request": {"method": "POST", "url": "Encounter"}},
        {
            "fullUrl": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
            "resource": person,
            "request": {"method": "POST", "url": "Patient"},
        },
        kind="transaction",
    )
    assert fhir(made).total.added == 2
    assert only(Visit).patient_id == only(Patient).id
    assert fhir(made).total.skipped == 2


def test_the_id_of_a_create_holds_inside_its_bundle_only(fhir: Importer) -> None:
    def file(urn: str, name: str) -> dict[str, Any]:
        request = {"method": "POST", "url": "Patient"}
        return bundle(
            {"fullUrl": f"urn:uuid:{urn}", "resource": patient("1", name=[{"family": name}]), "request": request},
            {"resource": encounter(f"visit-of-{name}", subject={"reference": "Patient/1"})},
            kind="transaction",
        )

    fhir(bundle({"resource": file("a", "Reyes")}, {"resource": file("b", "Cruz")}))
    names = {row.id: row.family_name for row in every(Patient)}
    assert {row.source_id: names[row.patient_id] for row in every(Visit)} == {
        "visit-of-Reyes": "Reyes",
        "visit-of-Cruz": "Cruz",
    }


def test_a_conditional_create_is_one_record_by_its_condition(fhir: Importer) -> None:
    def file(urn: str) -> dict[str, Any]:
        request = {"method": "POST", "url": "Practitioner", "ifNoneExist": "identifier=urn:npi|99"}
        seen_by = {"participant": [{"individual": {"reference": f"urn:uuid:{urn}"}}]}
        return bundle(
            {"fullUrl": f"urn:uuid:{urn}", "resource": practitioner(id_=urn), "request": request},
            {"resource": encounter(f"e-{urn}", **seen_by)},
            {"resource": patient()},
        )

    fhir(file("a"))
    fhir(file("b"))
    assert {row.provider_id for row in every(Visit)} == {only(Provider).id}


def test_a_resource_without_id_is_known_by_its_content(fhir: Importer) -> None:
    person = patient()
    del person["id"]
    assert fhir(person).total.added == 1
    assert fhir(person).total.skipped == 1


def test_it_refuses_ids_that_no_row_can_have(fhir: Importer) -> None:
    assert fhir(patient("x" * 256), patient("a\u0000b")).of("Patient").refused == 2


# -- dangling references -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["\ud800", "a\x00b", "\uffff"])
def test_names_that_no_text_may_hold_stop_nothing(fhir: Importer, bad: str) -> None:
    identifier = [{"system": bad, "value": "7"}, {"system": "urn:mrn", "value": bad}]
    asked = {"method": "PUT", "url": "Patient/p2"}
    by_identifier = {"subject": {"identifier": identifier[1]}}
    summary = fhir.text(
        json.dumps(
            bundle(
                {"resource": patient("p1", identifier=identifier)},
                {"fullUrl": f"urn:uuid:{bad}", "resource": patient("p2"), "request": asked},
                {"fullUrl": "urn:uuid:3", "resource": patient(bad), "request": {"method": "POST"}},
                {"resource": encounter("e1", **by_identifier)},
                {"resource": encounter("e2")},
            )
        ),
        "caf\udce9.ndjson",
    )
    assert [row.source_id for row in every(Patient)] == ["p1", "p2", "3"]
    assert [row.source_id for row in every(Visit)] == ["e2"]
    assert (summary.unreadable, fhir.refusals[0]["file"], fhir.reasons) == (
        0,
        "caf\ufffd.ndjson",
        ["it names no patient"],
    )


def test_line_breaks_in_an_identifier_are_spaces_on_both_sides(fhir: Importer) -> None:
    identifier = {"system": "urn:mrn", "value": "A\n7"}
    fhir(patient(identifier=[identifier]), encounter(subject={"identifier": identifier}))
    assert only(Visit).patient_id == only(Patient).id


def test_a_bundle_inside_a_bundle_has_a_scope_of_its_own(fhir: Importer) -> None:
    post = {"request": {"method": "POST"}}
    visit = {"fullUrl": "urn:uuid:e", "resource": encounter("e", subject={"reference": "Patient/own"}), **post}
    person = {"fullUrl": "urn:uuid:p", "resource": patient("own"), **post}
    fhir(plain(bundle(person, {"resource": plain(patient("other"))}, visit)))
    assert only(Visit).patient_id == next(row.id for row in every(Patient) if row.source_id == "p")


def test_it_keeps_a_record_without_the_provider_or_visit_that_is_not_there(fhir: Importer) -> None:
    summary = fhir(patient(), encounter(**SEEN), condition(encounter={"reference": "Encounter/none"}))
    assert (only(Visit).provider_id, only(Diagnosis).visit_id) == (None, None)
    assert (summary.left_out, summary.total.refused) == (2, 0)


def test_what_was_not_there_is_found_when_it_comes_later(fhir: Importer) -> None:
    fhir(patient(), encounter(**SEEN))
    assert fhir(practitioner(), encounter(**SEEN)).of("Encounter").updated == 1
    assert only(Visit).provider_id == only(Provider).id


def test_what_was_found_stays_when_it_is_not_in_the_next_file(fhir: Importer) -> None:
    seen_by_urn = {"participant": [{"individual": {"reference": "Practitioner?identifier=urn:npi|99"}}]}
    fhir(patient(), practitioner(identifier=[{"system": "urn:npi", "value": "99"}]), encounter(**seen_by_urn))
    fhir(encounter(status="in-progress", **seen_by_urn))
    assert (only(Visit).status, only(Visit).provider_id) == ("in-progress", only(Provider).id)


def test_one_refused_resource_does_not_stop_the_rest(fhir: Importer) -> None:
    summary = fhir(
        patient(), encounter("bad", start="never"), encounter("good"), {"resourceType": "Patient", "name": 3}
    )
    assert (summary.total.added, summary.total.refused) == (2, 2)
    assert [(line["place"], line["type"], line["id"]) for line in fhir.refusals] == [
        ("entry 2", "Encounter", "bad"),
        ("entry 4", "Patient", None),
    ]


def test_a_row_that_the_database_refuses_does_not_stop_its_batch(fhir: Importer) -> None:
    trigger = (
        "CREATE TRIGGER no BEFORE INSERT ON patients WHEN NEW.source_id = 'p3' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    db.session.connection().exec_driver_sql(trigger)
    db.session.commit()
    summary = fhir(*(patient(f"p{number}") for number in range(7)))
    assert (summary.of("Patient").added, summary.of("Patient").refused) == (6, 1)
    assert [line["id"] for line in fhir.refusals] == ["p3"]
    assert len(every(Patient)) == 6


def test_the_error_file_holds_no_patient_data(fhir: Importer) -> None:
    fhir(patient(name=[{"family": "Secret"}], birthDate="1990-99-99", identifier=[{"value": "555-12-3456"}]))
    text = fhir.errors.read_text()
    assert "Secret" not in text
    assert "555" not in text
    assert "1990" not in text
    assert fhir.errors.stat().st_mode & 0o077 == 0


def test_an_import_is_in_the_audit_log_by_counts_alone(fhir: Importer) -> None:
    fhir(everything())
    entry = db.session.query(AuditEntry).filter_by(action="records.imported").one()
    assert entry.subject == f"clinic:{fhir.clinic.id}"
    assert '"added":6' in entry.details
    assert "Reyes" not in entry.details
    assert list(audit.faults()) == []


def test_an_import_that_is_stopped_keeps_what_it_wrote_and_goes_on_the_next_time(fhir_on_each: Importer) -> None:
    def stop_at_visits(stage: str, done: int, total: int) -> None:
        if stage == "storing" and done == 2:
            raise KeyboardInterrupt

    path = fhir_on_each.folder / "data.json"
    path.write_text(json.dumps(everything()))
    with pytest.raises(KeyboardInterrupt):
        import_fhir(path, fhir_on_each.clinic, errors=fhir_on_each.errors, progress=stop_at_visits)
    assert (len(every(Patient)), len(every(Visit))) == (1, 0)
    assert '"added":2' in db.session.query(AuditEntry).filter_by(action="records.imported").one().details
    goes_on = fhir_on_each.path(path).total
    assert (goes_on.added, goes_on.skipped) == (4, 2)
