import hashlib
import json
import math
import os
import subprocess
import sys
import zlib
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import figures
from webapp.figures import (
    Change,
    Chart,
    Choice,
    Column,
    Content,
    Definition,
    Document,
    Excluded,
    Frozen,
    Metric,
    Presentation,
    Provenance,
    Rows,
    Section,
    Table,
    as_plain,
    freeze,
    thaw,
)

# Text that freeze() leaves as it is: what it does to the rest is told by test_words.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
numbers = st.one_of(st.integers(-(2**80), 2**80), st.floats(allow_nan=False, allow_infinity=False))
cells = st.one_of(st.none(), numbers, texts)
rows = st.lists(cells, max_size=4).map(tuple)
kinds = st.sampled_from(["text", "count", "number", "percent", "day", "month"])


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


changes = st.builds(Change, numbers, st.none() | st.floats(allow_nan=False, allow_infinity=False), texts)
metrics = st.builds(
    Metric, texts, texts, value=cells, kind=kinds, unit=texts, decimals=st.integers(0, 3), note=texts,
    change=st.none() | changes,
)  # fmt: skip
columns = st.builds(Column, texts, texts, kinds, texts, st.integers(0, 3))
tables = st.builds(Table, texts, texts, several(columns), several(rows), st.none() | rows, texts)
charts = st.builds(
    Chart, texts, st.sampled_from(["line", "bar", "heat", "pyramid"]), texts, texts, texts, texts, several(texts)
)
sections = st.builds(Section, texts, texts, several(charts), several(tables), texts)
counted = st.builds(Rows, texts, st.integers(0), st.integers(0), several(st.builds(Excluded, texts, st.integers(0))))
contents = st.builds(
    Content, texts, texts, several(texts), several(metrics), several(sections), counted,
    several(st.builds(Definition, texts, texts)),
)  # fmt: skip
provenances = st.builds(
    Provenance, texts, texts, texts, texts, texts, texts, several(st.builds(Choice, texts, texts)), texts, texts,
    st.integers(1, 9),
)  # fmt: skip
presentations = st.builds(Presentation, texts, texts, st.sampled_from(["A4", "Letter"]), texts)

A_TABLE = Table(
    key="months",
    title="By month",
    columns=(Column("month", "Month", "month"), Column("visits", "Visits", "count")),
    rows=(("2026-09", 1204), ("2026-10", None)),
    total=("Total", 1204),
)
CONTENT = Content(
    template="visit-trends",
    title="Visit trends",
    summary=("Visits rose 8 %.",),
    metrics=(Metric("visits", "Visits", 1204, change=Change(89, 8.0, "September 2026")),),
    sections=(Section("months", "Months", tables=(A_TABLE,)),),
    rows=Rows("visits", 1210, 1204, (Excluded("planned", 6),)),
)


@given(contents)
def test_content_comes_back_as_it_was_frozen(content: Content) -> None:
    thawed = thaw(Content, freeze(content))
    assert thawed == content
    assert same_types(thawed, content)


@given(provenances)
def test_provenance_comes_back_as_it_was_frozen(provenance: Provenance) -> None:
    assert thaw(Provenance, freeze(provenance)) == provenance


@given(presentations)
def test_presentation_comes_back_as_it_was_frozen(presentation: Presentation) -> None:
    assert thaw(Presentation, freeze(presentation)) == presentation


@given(contents)
def test_what_was_thawed_freezes_to_the_same_hash(content: Content) -> None:
    assert freeze(thaw(Content, freeze(content))).sha256 == freeze(content).sha256


def same_types(left: Any, right: Any) -> bool:
    """1, 1.0 and True are equal in Python but not in a report."""
    if is_dataclass(left):
        return all(same_types(getattr(left, item.name), getattr(right, item.name)) for item in fields(left))
    if isinstance(left, tuple):
        return all(map(same_types, left, right))
    return type(left) is type(right)


def test_a_whole_document_comes_back_too() -> None:
    document = Document(
        CONTENT,
        Provenance("VT-1", "A", "2026-11-22", "", "2026-10-01", "2026-10-31", (), "visit-trends", "Visits", 1),
        Presentation("Riverside Clinic", "Asia/Manila"),
        freeze(CONTENT).sha256,
    )  # fmt: skip
    assert thaw(Document, freeze(document)) == document
    assert document.short_hash == f"{document.figures_sha256[:4]} {document.figures_sha256[4:8]}"


def test_what_was_frozen_before_it_named_comparison_and_logo_is_thawed_without() -> None:
    asked = Provenance("VT-1", "A", "2026-11-22", "", "2026-10-01", "2026-10-31", (), "visit-trends", "Visits", 1)
    for kind, value, later in (
        (Provenance, asked, "compare"),
        (Presentation, Presentation("Riverside Clinic", "Asia/Manila"), "logo"),
    ):
        older = {name: member for name, member in as_plain(value).items() if name != later}
        assert thaw(kind, freeze(older)) == value


def test_frozen_text_is_canonical_json() -> None:
    raw = zlib.decompress(freeze(CONTENT).body).decode()
    assert raw == json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert freeze(CONTENT).sha256 == hashlib.sha256(raw.encode()).hexdigest()


def test_the_order_of_keys_does_not_matter() -> None:
    assert freeze({"a": 1, "b": {"c": 2, "d": 3}}) == freeze({"b": {"d": 3, "c": 2}, "a": 1})


def test_any_difference_has_another_hash() -> None:
    others = [
        replace(CONTENT, title="Visit trend"),
        replace(CONTENT, summary=()),
        replace(CONTENT, rows=replace(CONTENT.rows, read=1211)),
        replace(CONTENT, metrics=(replace(CONTENT.metrics[0], value=1204.0),)),
        replace(CONTENT, metrics=(replace(CONTENT.metrics[0], value="1204"),)),
        replace(CONTENT, metrics=(replace(CONTENT.metrics[0], value=None),)),
    ]
    assert len({freeze(content).sha256 for content in [CONTENT, *others]}) == 7


def hash_of_content() -> str:
    return freeze(CONTENT).sha256


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_hash_is_the_same_in_another_process(seed: str) -> None:
    code = "import sys; sys.path[:0] = sys.argv[1:]; import test_figures as t; sys.stdout.write(t.hash_of_content())"
    here = os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-c", code, here, os.path.dirname(here)],
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == hash_of_content()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        freeze(replace(CONTENT, metrics=(Metric("rate", "Rate", value),)))


def test_control_characters_are_replaced_before_the_hash_is_taken() -> None:
    dirty = replace(CONTENT, title="Visit\x00 trends\n", rows=replace(CONTENT.rows, noun="\ud800visits"))
    thawed = thaw(Content, freeze(dirty))
    assert (thawed.title, thawed.rows.noun) == ("Visit� trends ", "�visits")
    assert freeze(thawed) == freeze(dirty)
    assert figures.as_plain(dirty)["title"] == "Visit� trends "


@given(st.data())
def test_a_flipped_bit_never_gives_other_figures(data: st.DataObject) -> None:
    frozen = freeze(CONTENT)
    at = data.draw(st.integers(0, len(frozen.body) * 8 - 1))
    body = bytearray(frozen.body)
    body[at // 8] ^= 1 << (at % 8)
    assert told_by(Frozen(frozen.sha256, bytes(body))) in (None, CONTENT)


@given(st.integers(0, 2000))
def test_a_cut_end_is_refused(length: int) -> None:
    frozen = freeze(CONTENT)
    assert told_by(Frozen(frozen.sha256, frozen.body[: min(length, len(frozen.body) - 1)])) is None


def told_by(frozen: Frozen) -> Content | None:
    """None where thaw() refuses. zlib ignores a bit or two of its header; then what comes out is what went in."""
    try:
        return thaw(Content, frozen)
    except ValueError:
        return None


def test_another_bodys_hash_is_refused() -> None:
    other = freeze(replace(CONTENT, title="Another"))
    with pytest.raises(ValueError, match="do not match their SHA-256"):
        thaw(Content, Frozen(other.sha256, freeze(CONTENT).body))


def test_a_table_is_found_by_its_key() -> None:
    section = CONTENT.sections[0]
    assert section.table("months") is A_TABLE
    with pytest.raises(KeyError, match="weeks"):
        section.table("weeks")


def test_as_plain_is_what_json_can_hold() -> None:
    plain = figures.as_plain(CONTENT)
    assert json.loads(json.dumps(plain)) == plain
    assert plain["sections"][0]["tables"][0]["rows"] == [["2026-09", 1204], ["2026-10", None]]
