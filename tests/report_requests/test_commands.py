"""flask report, as a script or a person at a terminal sees it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from click.testing import Result
from flask import Flask
from page_client import page_client
from sqlalchemy import select

from webapp import generate
from webapp.content import CATALOGUE
from webapp.errors import RenderFailed
from webapp.extensions import db
from webapp.figures import Document
from webapp.files import FORMATS
from webapp.models import Clinic

Report = Callable[..., Result]


@pytest.fixture
def report(app: Flask, tmp_path: Path) -> Report:
    """Visit trends of October 2025 at a clinic with one visit, as JSON, unless the words say otherwise."""
    with app.app_context():
        clinic = factories.add_clinic("Riverside")
        factories.add_visit(factories.add_patient(clinic), "2025-10-06 10:15", kind="dental")

    def run(*words: str, template: str = "visit_trends") -> Result:
        usual = ["--clinic", "Riverside", "--from", "2025-10-01", "--to", "2025-10-31", "--format", "json"]
        return app.test_cli_runner().invoke(args=["report", template, *usual, "--out", str(tmp_path / "out"), *words])

    return run


@pytest.mark.parametrize("name", FORMATS)
def test_it_writes_one_file_and_says_where(report: Report, tmp_path: Path, name: str) -> None:
    result = report("--format", name)
    assert (result.exit_code, (tmp_path / "out").stat().st_size > 100) == (0, True)
    assert result.output.startswith(f"Visit trends, October 2025: {tmp_path / 'out'}, report VT-")


def test_filters_narrow_it(report: Report, tmp_path: Path) -> None:
    assert report("--filter", "kind=dental", "--filter", "age=").exit_code == 0
    assert {"label": "Visits", "value": "Dental"} in json.loads((tmp_path / "out").read_text())["provenance"]["filters"]


def test_help_names_templates_formats_and_filters(report: Report) -> None:
    said = report("--help").output
    assert f"[{'|'.join(FORMATS)}]" in said
    for template in CATALOGUE.values():
        line = next(line for line in said.splitlines() if line.strip().startswith(template.name))
        assert line.split(maxsplit=1)[1] == (", ".join(item.name for item in template.filters) or "none")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "docx"], "'docx' is not one of 'pdf', 'excel', 'csv', 'json'"),
        (["--filter", "age=zz"], "'zz' is no value of age. There is:\n  0-4         0 to 4\n"),
        (["--filter", "provider=7"], "'7' is no value of provider. There is:\n  none        Nobody recorded\n"),
        (["--filter", "ward=1"], "Visit trends has no filter 'ward'. It has: kind, provider, age, sex."),
        (["--filter", "age"], "Give age a value: --filter age=VALUE."),
        (["--from", "1 October"], "From: give a real date, such as 2026-10-31."),
        (["--from", "2025-11-01"], "The last day must not be before the first"),
        (["--clinic", "Hillview"], "There is no clinic called 'Hillview'. There is: Riverside."),
        (["--out", "/nowhere/out"], "/nowhere/out cannot be written: No such file or directory."),
    ],
)
def test_nonsense_is_refused_with_what_there_is(report: Report, tmp_path: Path, words: list[str], said: str) -> None:
    result = report(*words)
    assert result.exit_code != 0
    assert said in result.output
    assert not (tmp_path / "out").exists()


def test_an_unknown_template_is_told_with_the_known_ones(report: Report) -> None:
    result = report(template="waiting_times")
    assert result.exit_code == 1
    assert f"There is no report called 'waiting_times'. There is: {', '.join(CATALOGUE)}." in result.output


def test_it_says_the_same_as_the_page(app: Flask, report: Report, tmp_path: Path) -> None:
    with app.app_context():
        clinic = db.session.scalars(select(Clinic)).one()
        person = factories.add_person("staff", clinic)
    asked = {"template": "visit_trends", "period": "dates", "start": "2025-10-01", "end": "2025-10-31"}
    client = page_client(app).sign_in(person)
    page = client.submit("/reports/new", {**asked, "format": "json"}).location
    with app.app_context():
        generate.make(page.rpartition("/")[2])
    by_page = json.loads(client.get(f"{page}/files/json").data)
    assert report().exit_code == 0
    by_command = json.loads((tmp_path / "out").read_text())
    for provenance in (by_page["provenance"], by_command["provenance"]):
        for its_own in ("report_number", "requested_by", "asked_at", "data_as_of"):
            del provenance[its_own]
    assert by_command == by_page


def test_a_file_that_does_not_say_what_was_counted_is_not_written(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "json", replace(FORMATS["json"], draw=lambda _document: b"{}"))
    assert report().exit_code == 1
    assert not (tmp_path / "out").exists()


def test_a_report_without_filters_says_so(report: Report) -> None:
    refused = report("--filter", "sex=female", template="comprehensive")
    assert "Comprehensive analytics has no filter 'sex'. It has: none." in refused.output


def test_a_file_that_is_there_stays_when_the_new_one_cannot_be_drawn(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_drawn(_document: Document) -> bytes:
        raise RenderFailed("out of ink")

    (tmp_path / "out").write_text("the good old report")
    monkeypatch.setitem(FORMATS, "json", replace(FORMATS["json"], draw=half_drawn))
    assert report().exit_code == 1
    assert (tmp_path / "out").read_text() == "the good old report"
