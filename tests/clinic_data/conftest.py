"""An importer into a fresh clinic."""

from pathlib import Path

import pytest
from flask import Flask

from tests.clinic_data.fhir_cases import Importer
from tests.factories import add_clinic


@pytest.fixture
def fhir(context: Flask, tmp_path: Path) -> Importer:
    """Into a clinic in Manila."""
    return Importer(tmp_path, add_clinic("Riverside"))


@pytest.fixture
def fhir_on_each(context_on_each: Flask, tmp_path: Path) -> Importer:
    """The same, once on each kind of database."""
    return Importer(tmp_path, add_clinic("Riverside"))
