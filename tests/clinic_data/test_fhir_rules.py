"""One rule a test: how each resource becomes a row. docs/importing.md tells people the same."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clinic_data.fhir_cases import (
    LOINC,
    SNOMED,
    Importer,
    coded,
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
from webapp.clinic_data.fhir import dental
from webapp.extensions import db
from webapp.models import Diagnosis, Measurement, Patient, Provider, Treatment, Visit
from webapp.models.code_systems import CDT_SYSTEMS

MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}

# -- Patient -----------------------------------------------------------------------------------------------------------


def test_it_keeps_a_patient(fhir: Importer) -> None:
    fhir(patient(identifier=[{"system": "urn:ssn", "value": "9"}, {"type": MR, "value": "H-77"}]))
    kept = only(Patient)
    assert (kept.family_name, kept.given_name, kept.sex) == ("Reyes", "Ana Luz", "female")
    assert (kept.birth_date, kept.birth_precision, kept.mrn) == (date(1990, 5, 20), "day", "H-77")
    assert (kept.source_id, kept.registered_on, kept.deceased_on) == ("p1", None, None)


@pytest.mark.parametrize(
    ("born", "day", "precision"),
    [("1990", date(1990, 1, 1), "year"), ("1990-05", date(1990, 5, 1), "month"), (None, None, "day")],
)
def test_it_keeps_partial_birth_dates_with_their_precision(
    fhir: Importer, born: str | None, day: date | None, precision: str
) -> None:
    fhir(patient(birthDate=born))
    assert (only(Patient).birth_date, only(Patient).birth_precision) == (day, precision)


def test_it_keeps_people_without_name_or_sex(fhir: Importer) -> None:
    fhir({"resourceType": "Patient", "id": "bare"})
    assert (only(Patient).family_name, only(Patient).given_name, only(Patient).sex) == ("", "", "unknown")


def test_it_takes_the_official_name_before_an_old_one(fhir: Importer) -> None:
    old, official = {"use": "old", "family": "Cruz"}, {"use": "official", "family": "Reyes"}
    fhir(patient(name=[old, official]))
    assert only(Patient).family_name == "Reyes"


def test_it_takes_the_text_of_a_name_without_parts(fhir: Importer) -> None:
    fhir(patient(name=[{"text": "Ana Reyes"}]))
    assert only(Patient).family_name == "Ana Reyes"


def test_an_unknown_sex_is_unknown(fhir: Importer) -> None:
    fhir(patient(gender="F"))
    assert only(Patient).sex == "unknown"


def test_it_refuses_animals(fhir: Importer) -> None:
    animal = {"url": "http://hl7.org/fhir/StructureDefinition/patient-animal", "extension": []}
    assert fhir(patient(extension=[animal])).of("Patient").refused == 1
    assert fhir.reasons == ["the patient is an animal"]


def test_the_dead_have_a_day_only_when_it_is_told(fhir: Importer) -> None:
    fhir(patient("a", deceasedDateTime="2020-01-31T23:30:00Z"), patient("b", deceasedBoolean=True))
    assert [row.deceased_on for row in every(Patient)] == [date(2020, 2, 1), None]


def test_it_cuts_long_names_and_makes_them_printable(fhir: Importer) -> None:
    named = patient(name=[{"family": "R\u0000e\nyes" + "x" * 300, "given": ["\ud800"]}])
    fhir.text(json.dumps(named), "patients.ndjson")
    assert only(Patient).family_name == "R�e yes" + "x" * 193
    assert only(Patient).given_name == "�"


# -- Practitioner, PractitionerRole ------------------------------------------------------------------------------------


def test_it_names_practitioners(fhir: Importer) -> None:
    fhir(practitioner(), practitioner("d2", name=[]))
    assert [row.name for row in every(Provider)] == ["Dr. Mei Tan", "Not stated"]


def test_a_visit_has_the_primary_performer(fhir: Importer) -> None:
    performer = coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF")
    seen_by = [
        {"individual": {"reference": "Practitioner/d2"}},
        {"individual": {"reference": "Practitioner/d1"}, "type": [performer]},
    ]
    fhir(patient(), encounter(participant=seen_by), practitioner("d1"), practitioner("d2"))
    assert db.session.get_one(Provider, only(Visit).provider_id).source_id == "d1"


def test_a_visit_finds_its_provider_through_a_role(fhir: Importer) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r1", "practitioner": {"reference": "Practitioner/d1"}}
    seen_by = [{"individual": {"reference": "PractitionerRole/r1"}}]
    summary = fhir(patient(), encounter(participant=seen_by), role, practitioner())
    assert only(Visit).provider_id == only(Provider).id
    assert summary.left_out == 0


# -- Encounter ---------------------------------------------------------------------------------------------------------


def test_it_keeps_a_visit_on_the_clinics_wall(fhir: Importer) -> None:
    period = {"start": "2026-02-28T23:30:00Z", "end": "2026-03-01T00:10:00Z"}
    fhir(patient(), encounter(period=period))
    kept = only(Visit)
    assert kept.started_at == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert kept.ended_at == datetime(2026, 3, 1, 0, 10, tzinfo=UTC)
    assert (kept.local_day, kept.local_month) == (date(2026, 3, 1), date(2026, 3, 1))
    assert (kept.local_weekday, kept.local_hour) == (7, 7)
    assert (kept.kind, kept.status) == ("medical", "finished")


def test_a_visit_with_a_day_alone_has_no_hour(fhir: Importer) -> None:
    fhir(patient(), encounter(start="2026-03-02"))
    kept = only(Visit)
    assert (kept.local_day, kept.local_hour) == (date(2026, 3, 2), None)
    assert kept.started_at == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)


def test_a_time_without_zone_is_the_clinics(fhir: Importer) -> None:
    fhir(patient(), encounter(start="2026-03-02T09:30:00"))
    assert only(Visit).started_at == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("start", [None, "2026-03", "2026"])
def test_it_refuses_a_visit_without_a_day(fhir: Importer, start: str | None) -> None:
    assert fhir(patient(), encounter(start=start)).of("Encounter").refused == 1
    assert fhir.reasons[0].startswith("period.start")


@pytest.mark.parametrize(
    "start", ["2026-02-30", "2026-03-02T25:00:00Z", "yesterday", 20260302, "0001-01-01T00:00:00+14:00"]
)
def test_it_refuses_dates_that_are_none(fhir: Importer, start: Any) -> None:
    assert fhir(patient(), encounter(start=start)).of("Encounter").refused == 1
    assert "date" in fhir.reasons[0]


def test_a_leap_second_is_read(fhir: Importer) -> None:
    fhir(patient(), encounter(start="2016-12-31T23:59:60Z"))
    assert only(Visit).started_at == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_an_end_before_the_start_is_left_out(fhir: Importer) -> None:
    fhir(patient(), encounter(period={"start": "2026-03-02T09:30:00Z", "end": "2026-03-02T09:00:00Z"}))
    assert only(Visit).ended_at is None


def test_an_unknown_status_is_unknown(fhir: Importer) -> None:
    fhir(patient(), encounter(status="completed"), encounter("e2", status="entered-in-error"))
    assert [row.status for row in every(Visit)] == ["unknown", "entered-in-error"]


@pytest.mark.parametrize(
    "subject", [None, {"reference": "Group/g1"}, {"reference": "Patient/nobody"}, {"display": "Ana"}]
)
def test_it_refuses_what_belongs_to_no_patient(fhir: Importer, subject: Any) -> None:
    summary = fhir(patient(), encounter(subject=subject), observation(subject=subject))
    assert (summary.of("Encounter").refused, summary.of("Observation").refused) == (1, 1)
    assert all("patient" in reason for reason in fhir.reasons)


# -- dental ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "coding",
    [
        {"type": [coded(SNOMED, "34043003")]},
        {"type": [coded(SNOMED, "185349003"), coded("http://www.ada.org/cdt", "D0120")]},
        {"type": [coded("urn:oid:2.16.840.1.113883.6.13", "D0120")]},
        {"serviceType": coded("http://terminology.hl7.org/CodeSystem/service-type", "88")},
        {"serviceType": coded(SNOMED, "408444009")},
    ],
)
def test_it_knows_dental_visits_by_their_coding(fhir: Importer, coding: dict[str, Any]) -> None:
    fhir(patient(), encounter(**coding))
    assert only(Visit).kind == "dental"


@pytest.mark.parametrize(
    "coding",
    [
        {"serviceType": coded("http://terminology.hl7.org/CodeSystem/service-type", "124")},
        {"type": [coded(SNOMED, "103697008", "Patient referral for dental care")]},
        {"type": [coded("http://example.org/codes", "34043003")]},
    ],
)
def test_other_visits_are_medical(fhir: Importer, coding: dict[str, Any]) -> None:
    fhir(patient(), encounter(**coding))
    assert only(Visit).kind == "medical"


def test_dental_treatment_makes_its_visit_dental_and_keeps_it_so(fhir: Importer) -> None:
    extraction = coded(SNOMED, "173291009", "Simple extraction of tooth")
    fhir(patient(), encounter(), procedure(code=extraction, encounter={"reference": "Encounter/e1"}))
    assert (only(Treatment).kind, only(Visit).kind) == ("dental", "dental")
    assert fhir(encounter(status="in-progress")).of("Encounter").updated == 1
    assert (only(Visit).kind, only(Visit).status) == ("dental", "in-progress")


# -- Condition ---------------------------------------------------------------------------------------------------------


def test_it_keeps_a_diagnosis(fhir: Importer) -> None:
    active = coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")
    fhir(
        patient(),
        encounter(),
        condition(clinicalStatus=active, recordedDate="2026-03-02", encounter={"reference": "Encounter/e1"}),
    )
    kept = only(Diagnosis)
    assert (kept.code_system, kept.code, kept.name) == (SNOMED, "38341003", "Hypertension")
    assert (kept.recorded_on, kept.clinical_status, kept.visit_id) == (date(2026, 3, 2), "active", only(Visit).id)


@pytest.mark.parametrize("status", ["Active", "cured", "x" * 21, "confirmed"])
def test_a_clinical_status_that_fhir_does_not_know_is_none(fhir: Importer, status: str) -> None:
    fhir(patient(), condition(clinicalStatus=coded("urn:own", status), verificationStatus=coded("urn:own", "sure")))
    assert (only(Diagnosis).clinical_status, only(Diagnosis).verification_status) == (None, None)


def test_a_diagnosis_without_record_date_has_the_day_it_began(fhir: Importer) -> None:
    fhir(patient(), condition(recordedDate="2026", onsetDateTime="2026-03-01T20:00:00Z"))
    assert only(Diagnosis).recorded_on == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("code", "system", "kept", "name"),
    [
        ({"text": "Bad back"}, None, None, "Bad back"),
        ({"coding": [{"code": "X1"}]}, None, "X1", "X1"),
        ({"coding": [{"system": "urn:own", "code": "X1", "display": "Ache"}]}, "urn:own", "X1", "Ache"),
        ({"coding": [{"system": "urn:own", "code": "x" * 65, "display": "Ache"}]}, None, None, "Ache"),
        (None, None, None, "Not stated"),
    ],
)
def test_it_keeps_unknown_codes_by_their_words(
    fhir: Importer, code: Any, system: str | None, kept: str | None, name: str
) -> None:
    fhir(patient(), condition(code=code))
    found = only(Diagnosis)
    assert (found.code_system, found.code, found.name) == (system, kept, name)


def test_it_prefers_the_coding_that_the_user_chose(fhir: Importer) -> None:
    codings = [{"system": SNOMED, "code": "1"}, {"system": "urn:own", "code": "2", "userSelected": True}]
    fhir(patient(), condition(code={"coding": codings}))
    assert only(Diagnosis).code == "2"


def test_a_diagnosis_finds_its_visit_when_only_the_visit_names_it(fhir: Importer) -> None:
    fhir(patient(), condition(), encounter(diagnosis=[{"condition": {"reference": "Condition/c1"}}]))
    assert only(Diagnosis).visit_id == only(Visit).id


# -- Procedure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [
        (coded(SNOMED, "385669000"), "successful"),
        (coded(SNOMED, "385670004"), "improved"),
        (coded(SNOMED, "385671000"), "unchanged"),
        ({"text": "Successful"}, "unknown"),
        (None, "unknown"),
    ],
)
def test_it_knows_outcomes_by_their_code(fhir: Importer, outcome: Any, kept: str) -> None:
    fhir(patient(), procedure(outcome=outcome))
    assert only(Treatment).outcome == kept


def test_it_keeps_a_treatment_with_its_reason(fhir: Importer) -> None:
    performed = {"performedDateTime": None, "performedPeriod": {"start": "2026-03-02T23:00:00+08:00"}}
    fhir(
        patient(),
        procedure(reasonReference=[{"reference": "Condition/c1"}], followUp=[{"text": "in a week"}], **performed),
        condition(),
    )
    kept = only(Treatment)
    assert (kept.diagnosis_id, kept.performed_on) == (only(Diagnosis).id, date(2026, 3, 2))
    assert kept.follow_up_due_on is None


@pytest.mark.parametrize("status", ["not-done", "preparation", "entered-in-error"])
def test_treatments_that_did_not_happen_are_not_kept(fhir: Importer, status: str) -> None:
    assert fhir(patient(), procedure(status=status)).of("Procedure").skipped == 1
    assert every(Treatment) == []


# -- Observation -------------------------------------------------------------------------------------------------------

UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"valueQuantity": {"value": 72, "unit": "beats", "system": UCUM, "code": "/min"}}, (72.0, "/min", None)),
        ({"valueQuantity": {"value": 7.25, "unit": "pH"}}, (7.25, "pH", None)),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg"}}, (None, None, "< 5 mg")),
        ({"valueInteger": 3}, (3.0, None, None)),
        ({"valueBoolean": False}, (None, None, "no")),
        ({"valueString": "clear\u0007"}, (None, None, "clear�")),
        ({"valueCodeableConcept": {"text": "Positive"}}, (None, None, "Positive")),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2.5, "unit": "g"}}}, (None, None, "1 to 2.5 g")),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, (None, None, "1 : 128")),
        ({"valueDateTime": "2026-03-02"}, (None, None, "2026-03-02")),
        ({"valueSampledData": {"data": "1 2 3"}}, (None, None, None)),
        ({"dataAbsentReason": {"text": "broken"}}, (None, None, None)),
    ],
)
def test_it_keeps_each_kind_of_value(fhir: Importer, value: dict[str, Any], kept: tuple[Any, ...]) -> None:
    fhir(patient(), observation(**value))
    found = only(Measurement)
    assert (found.value, found.unit, found.text) == kept
    assert (found.component, found.loinc, found.name) == (0, "8867-4", "Heart rate")
    assert found.local_day == date(2026, 3, 2)


@pytest.mark.parametrize("value", ["72", True, {}, "1e999"])
def test_it_refuses_a_number_that_is_none(fhir: Importer, value: Any) -> None:
    written = "%NUMBER%" if value == "1e999" else value
    text = json.dumps(plain(patient(), observation(valueQuantity={"value": written}))).replace('"%NUMBER%"', "1e999")
    assert fhir.text(text).of("Observation").refused == 1


def test_it_keeps_components_by_number(fhir: Importer) -> None:
    pressures = [
        {"code": coded(LOINC, "8480-6"), "valueQuantity": {"value": 120}},
        {"code": coded(LOINC, "8462-4"), "valueQuantity": {"value": 80}},
    ]
    fhir(patient(), observation(code=coded(LOINC, "85354-9"), component=pressures))
    assert [(row.component, row.loinc, row.value) for row in every(Measurement)] == [
        (1, "8480-6", 120.0),
        (2, "8462-4", 80.0),
    ]
    fhir(observation(code=coded(LOINC, "85354-9"), component=pressures[:1], valueString="well"))
    assert [(row.component, row.value, row.text) for row in every(Measurement)] == [(0, None, "well"), (1, 120.0, None)]


def test_a_reading_of_a_day_has_no_moment(fhir: Importer) -> None:
    fhir(patient(), observation(effectiveDateTime="2026-03-02"), observation("o2", effectiveDateTime="2026-03"))
    assert [(row.measured_at, row.local_day) for row in every(Measurement)] == [(None, date(2026, 3, 2)), (None, None)]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_reading_goes(fhir: Importer, status: str) -> None:
    fhir(patient(), observation(valueInteger=1))
    assert fhir(observation(valueInteger=1, status=status)).of("Observation").removed == 1
    assert every(Measurement) == []
    assert fhir(observation(valueInteger=1, status=status)).of("Observation").skipped == 1


def test_the_documentation_lists_every_dental_code() -> None:
    told = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()
    for code, name in {**dental.PROCEDURES, **dental.SPECIALTIES}.items():
        assert f"| {code} | {name} |" in told
    for code, name in dental.SERVICE_TYPES.items():
        assert f"{code} {name}" in " ".join(told.split())
    for system in CDT_SYSTEMS:
        assert f"`{system}`" in told
