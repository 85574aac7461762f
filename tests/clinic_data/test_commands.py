"""flask clinics and flask import, as a script sees them: exit code and last line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.clinic_data.fhir_cases import encounter, patient, plain

Run = Callable[..., Result]


@pytest.fixture
def flask(app: Flask) -> Run:
    def run(*words: str | Path) -> Result:
        return app.test_cli_runner().invoke(args=[str(word) for word in words])

    assert run("clinics", "add", "Riverside", "--timezone", "Asia/Manila").exit_code == 0
    return run


def last(result: Result) -> str:
    return result.output.splitlines()[-1]


def test_clinics_are_added_listed_and_moved(flask: Run) -> None:
    assert flask("clinics", "list").output == "Riverside\tAsia/Manila\tA4\n"
    assert flask("clinics", "set-timezone", "Riverside", "Asia/Tokyo").exit_code == 0
    assert flask("clinics", "list").output == "Riverside\tAsia/Tokyo\tA4\n"
    refused = flask("clinics", "add", "Hillview", "--timezone", "Mars")
    assert (refused.exit_code, "is not a time zone" in refused.output) == (2, True)


def test_an_import_says_what_happened(flask: Run, tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(plain(patient(), encounter(), {"resourceType": "Claim"})))
    result = flask("import", "fhir", file, "--clinic", "Riverside")
    assert (result.exit_code, last(result)) == (0, "Imported into Riverside: 2 added; 0 skipped.")
    assert "Patient                  1         1         0" in result.output
    assert "Other types, 1 resource, not kept here: Claim 1." in result.output
    again = flask("import", "fhir", file, "--clinic", "Riverside")
    assert (again.exit_code, last(again)) == (0, "Nothing new for Riverside: 2 records known already, unchanged.")


def test_an_import_with_refusals_ends_with_one_and_names_its_error_file(flask: Run, tmp_path: Path) -> None:
    file, errors = tmp_path / "data.json", tmp_path / "errors" / "out.jsonl"
    text = json.dumps(plain(patient(), encounter(start=None)))
    file.write_text(text[:-2])
    result = flask("import", "fhir", file, "--clinic", "Riverside", "--errors", errors)
    assert result.exit_code == 1
    assert last(result) == (
        f"Imported into Riverside: 1 added; 0 skipped. But 1 record refused and 1 place unreadable: see {errors}"
    )
    assert [json.loads(line)["place"] for line in errors.read_text().splitlines()] == ["entry 2", "after entry 2"]


def test_the_error_file_lies_in_the_data_folder_unless_told(flask: Run, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(json.dumps(encounter()))
    result = flask("import", "fhir", tmp_path / "data.json", "--clinic", "Riverside")
    written = list((tmp_path / "import-errors").iterdir())
    assert (result.exit_code, len(written)) == (1, 1)
    assert last(result).endswith(str(written[0]))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "data.json: it is empty."),
        ("name,born", "data.json: it is not FHIR: it does not begin as JSON does."),
        ('{"resourceType": "Bundle", "entry": [{"res', "data.json: the JSON breaks off before its end"),
    ],
)
def test_a_file_that_is_no_fhir_ends_with_two(flask: Run, tmp_path: Path, body: str, said: str) -> None:
    (tmp_path / "data.json").write_text(body)
    result = flask("import", "fhir", tmp_path / "data.json", "--clinic", "Riverside")
    assert result.exit_code == 2
    assert last(result).startswith(f"Nothing was imported into Riverside. {said}")


def test_an_unknown_clinic_or_path_ends_with_two(flask: Run, tmp_path: Path) -> None:
    unknown = flask("import", "fhir", tmp_path, "--clinic", "Hillview")
    assert (unknown.exit_code, "There is no clinic called Hillview. There is: Riverside." in unknown.output) == (
        2,
        True,
    )
    missing = flask("import", "fhir", tmp_path / "none", "--clinic", "Riverside")
    assert (missing.exit_code, "There is no file or folder" in missing.output) == (2, True)
