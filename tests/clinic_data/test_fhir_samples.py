"""Other people's FHIR, imported and counted a second time by plain Python that shares nothing with the importer."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.clinic_data.fhir_cases import SAMPLES, Importer, encounter, every, patient, samples_needed
from webapp import content
from webapp.content import Question
from webapp.extensions import db, snapshot
from webapp.figures import as_plain
from webapp.models import Diagnosis, Measurement, Patient, Provider, Treatment, Visit
from webapp.words import printable

BUNDLES = SAMPLES / "synthea-25-bundles"
MANILA = ZoneInfo("Asia/Manila")


def resources(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".ndjson":
            found += [json.loads(line) for line in path.read_text().splitlines()]
        elif path.suffix == ".json":
            found += [entry["resource"] for entry in json.loads(path.read_text())["entry"]]
    return found


def of(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return list({item["id"]: item for item in found if item["resourceType"] == kind}.values())


def rows_of(observation: dict[str, Any]) -> int:
    has_value = any(name.startswith("value") for name in observation)
    return len(observation.get("component", [])) + (has_value or not observation.get("component"))


def visit_trends(fhir: Importer, first: date, last: date) -> Any:
    question = Question("visit_trends", fhir.clinic.id, timezone=fhir.clinic.timezone, start=first, end=last)
    with snapshot() as connection:
        return as_plain(content.build(connection, question))


def test_a_report_counts_visits_of_which_the_day_alone_is_known(fhir_on_each: Importer) -> None:
    fhir_on_each(patient(), encounter("e1", "2026-03-02"))
    assert visit_trends(fhir_on_each, date(2026, 3, 1), date(2026, 3, 31))["metrics"][0]["value"] == 1
    fhir_on_each(encounter("e2", "2026-03-02T09:00:00+08:00"))
    told = visit_trends(fhir_on_each, date(2026, 3, 1), date(2026, 3, 31))
    assert told["metrics"][0]["value"] == 2
    by_time = next(section for section in told["sections"] if section["key"] == "by_time")
    assert [row[1] for row in by_time["tables"][0]["rows"]] == [1]


@samples_needed
def test_the_sample_bundles_are_counted_right(fhir_on_each: Importer) -> None:
    found = resources(BUNDLES)
    read = Counter(item["resourceType"] for item in found)
    summary = fhir_on_each.path(BUNDLES)
    assert {kind: counts.read for kind, counts in summary.by_type.items()} == {
        kind: read[kind] for kind in ("Patient", "Practitioner", "Encounter", "Condition", "Procedure", "Observation")
    }
    assert sum(summary.others.values()) == len(found) - summary.total.read
    assert (summary.complete, summary.left_out) == (True, 0)
    for table, kind in ((Patient, "Patient"), (Provider, "Practitioner"), (Visit, "Encounter")):
        assert db.session.query(table).count() == len(of(found, kind))
    for table, kind in ((Diagnosis, "Condition"), (Treatment, "Procedure")):
        assert db.session.query(table).count() == len(of(found, kind))
    assert db.session.query(Measurement).count() == sum(rows_of(item) for item in of(found, "Observation"))

    months, hours = Counter[tuple[int, int]](), Counter[int]()
    for visit in of(found, "Encounter"):
        there = datetime.fromisoformat(visit["period"]["start"]).astimezone(MANILA)
        months[there.year, there.month] += 1
        hours[there.hour] += 1
    assert Counter((row.local_month.year, row.local_month.month) for row in every(Visit)) == months
    assert Counter(row.local_hour for row in every(Visit)) == hours
    sexes = Counter(item["gender"] for item in of(found, "Patient"))
    assert Counter(row.sex for row in every(Patient)) == sexes

    assert fhir_on_each.path(BUNDLES).total.skipped == summary.total.read


@samples_needed
def test_reports_on_the_samples_agree_with_a_plain_count(fhir_on_each: Importer) -> None:
    fhir_on_each.path(BUNDLES)
    visits = of(resources(BUNDLES), "Encounter")
    days = [datetime.fromisoformat(visit["period"]["start"]).astimezone(MANILA).date() for visit in visits]
    first, last = date(2010, 1, 1), date(2018, 12, 31)
    told = visit_trends(fhir_on_each, first, last)
    assert told["metrics"][0]["value"] == sum(first <= day <= last for day in days)
    assert told["rows"]["read"] == sum(first <= day <= last for day in days)


@samples_needed
def test_both_databases_hold_the_same(fhir_on_each: Importer) -> None:
    """Each is held to the same plain reading of the files, to the last digit."""
    fhir_on_each.path(BUNDLES)
    visits = sorted((row.source_id, row.started_at, row.local_day, row.local_hour, row.kind) for row in every(Visit))
    expected = []
    for item in of(resources(BUNDLES), "Encounter"):
        start = datetime.fromisoformat(item["period"]["start"])
        there = start.astimezone(MANILA)
        expected.append((item["id"], start.astimezone(UTC), there.date(), there.hour, "medical"))
    assert visits == sorted(expected)
    readings = {(row.source_id, row.component): row.value for row in every(Measurement) if row.value is not None}
    written = {
        (item["id"], 0): item["valueQuantity"]["value"]
        for item in of(resources(BUNDLES), "Observation")
        if "valueQuantity" in item
    }
    assert {key: value for key, value in readings.items() if key[1] == 0} == written


@samples_needed
def test_the_bulk_export_is_counted_right(fhir: Importer) -> None:
    found = resources(SAMPLES / "ndjson-9")
    summary = fhir.path(SAMPLES / "ndjson-9")
    assert (summary.total.added, summary.complete) == (len(found) - 1, True)
    assert summary.others == {"Questionnaire": 1}
    # Its encounters are not part of it, and every observation and condition names one.
    assert summary.left_out == len(of(found, "Observation")) + len(of(found, "Condition"))
    assert db.session.query(Measurement).count() == sum(rows_of(item) for item in of(found, "Observation"))


@samples_needed
def test_the_official_examples_are_imported_or_refused_with_a_reason(fhir_on_each: Importer) -> None:
    summary = fhir_on_each.path(SAMPLES / "hl7-r4-examples")
    total = summary.total
    assert total.read == total.added + total.updated + total.removed + total.skipped + total.refused
    assert [fault.file for fault in summary.faults] == ["package.json"]
    assert total.refused + 1 == len(fhir_on_each.refusals)
    told = Counter((line["type"], line["id"], line["reason"]) for line in fhir_on_each.refusals)
    assert told["Patient", "animal", "the patient is an animal"] == 1
    assert summary.of("Patient").refused == 1
    assert total.added > 600
    assert fhir_on_each.path(SAMPLES / "hl7-r4-examples").total.added == 0


@samples_needed
def test_naughty_strings_are_kept_as_they_are_but_for_control_characters(fhir_on_each: Importer) -> None:
    naughty = json.loads((SAMPLES.parent / "torture" / "blns" / "blns.json").read_text())
    people = [patient(f"p{number}", name=[{"family": text}]) for number, text in enumerate(naughty)]
    for text, found in zip(naughty, people, strict=True):
        found["identifier"] = [{"system": text, "value": text}]
    lines = "\n".join(json.dumps(person) for person in people)
    assert fhir_on_each.text(lines, "people.ndjson").of("Patient").added == len(naughty)
    kept = {row.source_id: row.family_name for row in every(Patient)}
    assert kept == {f"p{number}": printable(text).strip()[:200].strip() for number, text in enumerate(naughty)}
