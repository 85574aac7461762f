"""JSON files, against the documented schema."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.figures import Content, Presentation, Provenance, as_plain, freeze
from webapp.files.to_json import SCHEMA, VERSION

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    Draft202012Validator.check_schema(text)
    return Draft202012Validator(text)


@pytest.mark.parametrize(
    "content",
    [
        samples.visit_trends(),
        samples.patient_summary(),
        odd_samples.empty(),
        odd_samples.long_table(3),
        odd_samples.named("=1"),
    ],
    ids=["trends", "summary", "empty", "long", "named"],
)
def test_it_follows_the_schema_and_holds_the_content(
    draw: Draw, schema: Draft202012Validator, content: Content
) -> None:
    document = samples.document(content)
    read = json.loads(draw("json", document))
    assert [error.message for error in schema.iter_errors(read)] == []
    assert read["schema"] == {"id": SCHEMA, "version": VERSION}
    assert read["content"] == as_plain(content)
    assert read["provenance"] == as_plain(document.provenance)
    assert read["presentation"] == as_plain(document.presentation)


def test_the_schema_refuses_what_is_not_a_report(draw: Draw, schema: Draft202012Validator) -> None:
    read = json.loads(draw("json", samples.document(samples.visit_trends())))
    for part, member in (("content", "rows"), ("provenance", "report_number"), ("presentation", "timezone")):
        broken = {**read, part: {key: value for key, value in read[part].items() if key != member}}
        assert list(schema.iter_errors(broken))
    assert list(schema.iter_errors({**read, "new": 1}))


def test_its_hash_is_that_of_its_content(draw: Draw) -> None:
    read = json.loads(draw("json", samples.document(samples.visit_trends())))
    assert freeze(read["content"]).sha256 == read["figures_sha256"]


def test_every_member_is_documented() -> None:
    text = (ROOT / "docs" / "json-format.md").read_text()
    for kind in (Content, Provenance, Presentation):
        assert not [name for name in kind.__dataclass_fields__ if f"`{name}`" not in text]
