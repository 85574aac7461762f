"""FHIR written by hand for tests: small resources, and imports of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from sample_data import SAMPLE_DATA

from webapp.clinic_data.fhir import Summary, import_fhir
from webapp.extensions import db
from webapp.models import Clinic

SAMPLES = SAMPLE_DATA / "fhir"

samples_needed = pytest.mark.skipif(
    not SAMPLES.is_dir(),
    reason=f"SAMPLE DATA IS NOT AT {SAMPLES}: set SAMPLE_DATA to its folder, or this stays untested",
)

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
Json = dict[str, Any]


def patient(id_: str = "p1", **values: Any) -> Json:
    usual = {"name": [{"family": "Reyes", "given": ["Ana", "Luz"]}], "gender": "female", "birthDate": "1990-05-20"}
    return {"resourceType": "Patient", "id": id_, **usual, **values}


def encounter(id_: str = "e1", start: str | None = "2026-03-02T09:30:00+08:00", **values: Any) -> Json:
    period = {"period": {"start": start}} if start else {}
    usual = {"status": "finished", "class": {"code": "AMB"}, "subject": {"reference": "Patient/p1"}, **period}
    return {"resourceType": "Encounter", "id": id_, **usual, **values}


def condition(id_: str = "c1", **values: Any) -> Json:
    usual = {"code": coded(SNOMED, "38341003", "Hypertension"), "subject": {"reference": "Patient/p1"}}
    return {"resourceType": "Condition", "id": id_, **usual, **values}


def procedure(id_: str = "t1", **values: Any) -> Json:
    usual = {
        "status": "completed",
        "code": coded(SNOMED, "73761001", "Colonoscopy"),
        "subject": {"reference": "Patient/p1"},
        "performedDateTime": "2026-03-02T10:00:00+08:00",
    }
    return {"resourceType": "Procedure", "id": id_, **usual, **values}


def observation(id_: str = "o1", **values: Any) -> Json:
    usual = {
        "status": "final",
        "code": coded(LOINC, "8867-4", "Heart rate"),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-03-02T09:35:00+08:00",
    }
    return {"resourceType": "Observation", "id": id_, **usual, **values}


def practitioner(id_: str = "d1", **values: Any) -> Json:
    usual = {"name": [{"prefix": ["Dr."], "given": ["Mei"], "family": "Tan"}]}
    return {"resourceType": "Practitioner", "id": id_, **usual, **values}


def coded(system: str, code: str, display: str | None = None) -> Json:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def bundle(*entries: Json, kind: str = "collection") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def plain(*resources: Json) -> Json:
    """A collection Bundle of these resources."""
    return bundle(*({"resource": resource} for resource in resources))


class Importer:
    """Imports what it is given into one clinic, by way of a file."""

    def __init__(self, folder: Path, clinic: Clinic) -> None:
        self.folder, self.clinic = folder, clinic
        self.errors = folder / "errors.jsonl"

    def __call__(self, *resources: Json) -> Summary:
        """The resources, as one Bundle, unless it is a Bundle already."""
        given = resources[0] if resources[0]["resourceType"] == "Bundle" else plain(*resources)
        return self.text(json.dumps(given))

    def text(self, text: str | bytes, name: str = "data.json") -> Summary:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.path(path)

    def path(self, path: Path) -> Summary:
        summary = import_fhir(path, self.clinic, errors=self.errors)
        db.session.expire_all()
        return summary

    @property
    def refusals(self) -> list[Json]:
        return [json.loads(line) for line in self.errors.read_text().splitlines()] if self.errors.exists() else []

    @property
    def reasons(self) -> list[str]:
        return [line["reason"] for line in self.refusals]


def only(model: Any) -> Any:
    """The one row of a table."""
    return db.session.query(model).one()


def every(model: Any) -> list[Any]:
    return list(db.session.query(model).order_by(model.id))
