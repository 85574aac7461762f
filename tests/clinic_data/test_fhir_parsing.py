"""Brackets without end: the parser's memory grows with the square of their depth, so it must not see them."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clinic_data.fhir_cases import SAMPLES, Importer, patient, plain, samples_needed
from webapp.clinic_data.fhir.parsing import DEEPEST, Nesting, Unreadable
from webapp.settings import PROJECT

TOO_DEEP = "it is nested more than 500 deep"

READ = """
import sys
from pathlib import Path
from webapp.clinic_data.fhir.sources import Fault, Source

for found in Source(Path(sys.argv[1]), lambda *step: None):
    print(found.reason if isinstance(found, Fault) else found.resource["id"])
"""


def is_too_deep(*pieces: bytes) -> bool:
    nesting = Nesting()
    try:
        for piece in pieces:
            nesting.look_at(piece)
    except Unreadable:
        return True
    return False


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"]}":', b"}]")])
def test_brackets_are_counted_to_the_limit(opening: bytes, closing: bytes) -> None:
    deep = DEEPEST // (opening.count(b"[") + opening.count(b"{"))
    assert not is_too_deep((opening * deep + b"1" + closing * deep) * 3)
    assert is_too_deep(opening * (deep + 1))


@pytest.mark.parametrize("text", ["[" * 600, '\\"' + "{" * 600, "\\\\\\" + '"' + "[" * 600, "[" * 600 + "\\\\"])
def test_brackets_inside_strings_do_not_count(text: str) -> None:
    assert not is_too_deep(f'{{"a": "{text}"}}'.encode())


def test_brackets_after_a_string_that_ends_in_a_backslash_count() -> None:
    assert is_too_deep(b'["\\\\", ' + b"[" * 600)


def test_it_does_not_matter_where_the_pieces_are_cut() -> None:
    inside, outside = b'[{"a\\"[[": "\\\\", "\\\\\\"{{": "[\\\\\\\\"}, "]]"', b'["\\\\\\"]]", "\\\\\\\\", ['
    for place in range(len(inside) + 1):
        assert depth_of(inside[:place], inside[place:]) == 1
    for place in range(len(outside) + 1):
        assert depth_of(outside[:place], outside[place:]) == 2
    assert depth_of(*(inside[place : place + 1] for place in range(len(inside)))) == 1


def depth_of(*pieces: bytes) -> int:
    """How deep it is nested at the end: as many brackets fewer are then allowed."""
    return next(depth for depth in range(5) if not is_too_deep(*pieces, b"[" * (DEEPEST - depth)))


def test_what_comes_before_brackets_without_end_in_a_bundle_is_kept(fhir: Importer) -> None:
    people = [patient(f"p{number}", note="x" * 1000) for number in range(200)]
    deep = patient("deep", extension=json.loads("[" * 600 + "]" * 600))
    summary = fhir(plain(*people, deep, patient("after")))
    assert [fault.reason for fault in summary.faults] == [TOO_DEEP]
    # It is seen before the piece of 64 KiB that it stands in is read.
    assert 100 < summary.of("Patient").added <= 200


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_brackets_without_end_do_not_take_all_memory(tmp_path: Path, opening: str) -> None:
    bomb = tmp_path / "bomb.json"
    before = json.dumps({"resource": patient("before")}) + " " * 65_536
    deep = f'{{"resource": {{"resourceType": "Patient", "extension": {opening * (200_000 // len(opening))}'
    bomb.write_text(f'{{"resourceType": "Bundle", "type": "collection", "entry": [{before}, {deep}')
    done = subprocess.run(
        [sys.executable, "-c", READ, str(bomb)],
        cwd=PROJECT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"before\n{TOO_DEEP}\n", "")


@samples_needed
def test_a_sample_bundle_is_not_too_deep() -> None:
    body = next((SAMPLES / "synthea-25-bundles").glob("*.json")).read_bytes()
    assert depth_of(*(body[place : place + 65536] for place in range(0, len(body), 65536))) == 0
