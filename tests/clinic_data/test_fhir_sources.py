"""Where resources come from, and what is said when something cannot be read."""

import gzip
import io
import json
import random
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clinic_data.fhir_cases import Importer, Json, bundle, encounter, every, observation, patient, plain
from webapp.clinic_data.fhir import drafts, parsing, sources
from webapp.clinic_data.fhir.elements import Refused
from webapp.clinic_data.fhir.identity import key_of, names_of, written_id
from webapp.clinic_data.fhir.sources import Entry, Fault, Source
from webapp.models import Patient, Visit

PEOPLE = [patient(f"p{number}") for number in range(20)]
LINES = "".join(json.dumps(person) + "\n" for person in PEOPLE)
BUNDLE = json.dumps(plain(*PEOPLE))


def zipped(files: dict[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return packed.getvalue()


def entries(path: Path) -> tuple[list[Entry], list[Fault]]:
    found = list(Source(path, lambda stage, done, total: None))
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("people.json", BUNDLE),
        ("people.json", json.dumps(plain(*PEOPLE), indent=2)),
        ("people.ndjson", LINES),
        ("people.json", LINES),
        ("people.ndjson", LINES.replace("\n", "\r\n\r\n")),
        ("people.ndjson", "\ufeff" + LINES),
        ("people.json", "\ufeff" + BUNDLE),
        ("people.ndjson", json.dumps(plain(*PEOPLE), indent=2)),
        ("people.txt", BUNDLE),
        ("people.json.gz", gzip.compress(BUNDLE.encode())),
        ("people.ndjson.gz", gzip.compress(LINES.encode())),
        ("people.zip", zipped({"a/people.ndjson": LINES, "notes.txt": "no"})),
        ("people.zip", zipped({"people.ndjson.gz": gzip.compress(LINES.encode())})),
        ("bundles.ndjson", BUNDLE + "\n"),
        ("nested.json", json.dumps(bundle({"resource": json.loads(BUNDLE)}))),
    ],
)
def test_it_reads_each_kind_of_file(fhir: Importer, name: str, body: str | bytes) -> None:
    summary = fhir.text(body, name)
    assert (summary.of("Patient").added, summary.complete) == (20, True)


@pytest.mark.parametrize("kind", ["transaction", "collection", "batch", "searchset", "document"])
def test_it_reads_each_kind_of_bundle(fhir: Importer, kind: str) -> None:
    assert fhir(bundle({"resource": patient()}, kind=kind)).total.added == 1


def test_it_reads_a_single_resource(fhir: Importer) -> None:
    assert fhir.text(json.dumps(patient(), indent=1)).total.added == 1


def test_it_reads_a_folder_and_all_within(fhir: Importer, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a-visits.ndjson").write_text(json.dumps(encounter()))
    (folder / "deep" / "er" / "z-people.json").write_text(json.dumps(patient()))
    (folder / "LICENSE").write_text("no")
    (folder / ".hidden.json").write_text("no")
    (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)
    summary = fhir.path(folder)
    assert (summary.total.added, summary.complete, summary.ignored_files) == (2, True, 2)


def test_other_types_are_counted_and_skipped(fhir: Importer) -> None:
    summary = fhir(patient(), {"resourceType": "Claim"}, {"resourceType": "Claim"}, {"resourceType": "Organization"})
    assert dict(summary.others) == {"Claim": 2, "Organization": 1}


def test_progress_ends_where_all_is_done(context: Any, tmp_path: Path) -> None:
    (tmp_path / "people.zip").write_bytes(zipped({"people.ndjson": LINES}))
    seen: list[tuple[str, int, int]] = []
    list(Source(tmp_path / "people.zip", lambda *step: seen.append(step)))
    size = (tmp_path / "people.zip").stat().st_size
    assert seen[-1] == ("reading", size, size)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


# -- what cannot be read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.json", b"", "it is empty"),
        ("a.ndjson", b"", "it is empty"),
        ("a.json", b" \n ", "it is not FHIR"),
        ("a.json", b"name,born\nAna,1990", "it is not FHIR"),
        ("a.json", b"<Bundle xmlns='http://hl7.org/fhir'/>", "it is XML"),
        ("a.json", b'{"name": "a package"}', "it is JSON, but not FHIR"),
        ("a.json", b'{"resourceType": 7}', "it is JSON, but not FHIR"),
        ("a.json", b"[1,2,3]", "it is JSON, but not FHIR"),
        ("a.json", b'\n [{"resourceType": "Patient"}]', "it is JSON, but not FHIR"),
        ("a.ndjson", b'"resourceType"', "it is JSON, but not FHIR"),
        ("a.json", b"7" * 5000, "it is not FHIR"),
        ("a.json", b"\x00\x01\x02", "it is not FHIR"),
        ("a.ndjson", b"{}\n", "it is JSON, but not FHIR"),
        ("a.json", b'{"resourceType": "Bundle", "type": "history", "entry": []}', "it is a history"),
        ("a.json.gz", b"\x1f\x8b\x08\x00broken", "it is damaged"),
        ("a.zip", b"PK\x03\x04broken", "it is a damaged .zip"),
        ("a.zip", zipped({"b.zip": zipped({}) + b"PK"}), "it is not FHIR"),
        ("a.zip", zipped({"b.zip": zipped({"c.json": BUNDLE})}), "a .zip inside a .zip"),
    ],
)
def test_it_says_why_a_file_cannot_be_read(fhir: Importer, name: str, body: bytes, reason: str) -> None:
    summary = fhir.text(body, name)
    assert summary.nothing_read
    assert summary.faults[0].reason.startswith(reason)


def test_an_empty_folder_is_told(fhir: Importer, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "there is no" in fhir.path(tmp_path / "empty").faults[0].reason


def test_nothing_there_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Source(tmp_path / "none", lambda *step: None)


@pytest.mark.parametrize(
    "line", [b"{not json", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b"7" * 5000, b"null", b"[]"]
)
def test_a_bad_line_does_not_stop_the_rest(fhir: Importer, line: bytes) -> None:
    good = LINES.encode().splitlines()
    summary = fhir.text(b"\n".join([*good[:5], line, *good[5:]]), "people.ndjson")
    assert (summary.of("Patient").added, summary.unreadable) == (20, 1)
    assert summary.faults[0].place == "line 6"


@pytest.mark.parametrize("exponent", ["9" * 19, "-" + "9" * 19])
def test_a_number_beyond_all_range_stops_nothing(fhir: Importer, exponent: str) -> None:
    odd = json.dumps(patient("odd", multipleBirthInteger=0)).replace(": 0", f": 1e{exponent}")
    good = LINES.splitlines()
    for body, name in ((plain_with(odd), "people.json"), ("\n".join([odd, *good]), "people.ndjson"), (odd, "odd.json")):
        assert fhir.text(body, name).complete
    assert {row.source_id for row in every(Patient)} == {"odd", *(person["id"] for person in PEOPLE)}


@pytest.mark.parametrize("exponent", ["9" * 19, "-" + "9" * 19])
def test_a_value_beyond_all_range_is_refused_alone(fhir: Importer, exponent: str) -> None:
    fhir(patient())
    odd = json.dumps(observation("odd", valueQuantity={"value": 0})).replace(": 0}", f": 1e{exponent}}}")
    summary = fhir.text(plain_with(odd, json.dumps(observation("good"))))
    assert (summary.of("Observation").added, fhir.reasons) == (1, ["value is a number beyond all range"])


def plain_with(*resources: str) -> str:
    """A Bundle of PEOPLE, after resources written as JSON."""
    entries = "".join(f'{{"resource": {resource}}}, ' for resource in resources)
    return BUNDLE.replace('"entry": [', f'"entry": [{entries}')


def wrapped(inner: Json, times: int) -> Json:
    for _ in range(times):
        inner = plain(inner)
    return inner


def test_bundles_are_opened_ten_deep(fhir: Importer) -> None:
    ten, eleven = wrapped(patient("ten"), 10), wrapped(patient("eleven"), 11)
    summary = fhir.text("\n".join(map(json.dumps, [ten, eleven, *PEOPLE])), "people.ndjson")
    assert [fault.place for fault in summary.faults] == ["line 2"]
    assert summary.faults[0].reason == "it has more than 10 Bundles inside each other"
    assert (len(every(Patient)), every(Patient)[0].source_id) == (21, "ten")


def test_the_bundle_around_bundles_counts_as_one_of_ten(fhir: Importer) -> None:
    summary = fhir(plain(wrapped(patient("ten"), 9), wrapped(patient("eleven"), 10), *PEOPLE))
    assert [fault.place for fault in summary.faults] == ["entry 2"]
    assert (len(every(Patient)), every(Patient)[0].source_id) == (21, "ten")


@pytest.mark.parametrize("entry", ["7", "null", "[]", '{"resource": 7}', '{"resource": {"no": "type"}}'])
def test_a_bad_entry_does_not_stop_the_rest(fhir: Importer, entry: str) -> None:
    body = BUNDLE.replace('"entry": [', f'"entry": [{entry}, ')
    summary = fhir.text(body)
    assert (summary.of("Patient").added, summary.unreadable) == (20, 1)
    assert summary.faults[0].place == "entry 1"


@pytest.mark.parametrize("garbage", [b",,]}", b'{"x": "\xff"}', b"\x00", b"9" * 5000, b"}}}"])
def test_what_comes_before_garbage_in_a_bundle_is_kept(fhir: Importer, garbage: bytes) -> None:
    cut = BUNDLE.encode().index(b'{"resource": {"resourceType": "Patient", "id": "p12"')
    summary = fhir.text(BUNDLE.encode()[:cut] + garbage)
    assert summary.unreadable == 1
    # An endless number is seen before the piece that it stands in is read.
    assert summary.of("Patient").added == (0 if garbage.startswith(b"9") else 12)


def test_a_packed_file_that_unpacks_without_end_is_stopped(fhir: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "UNPACKED_FREE", 1000)
    bomb = LINES.encode() + b"\n" * 5_000_000
    assert "200 times" in fhir.text(gzip.compress(bomb), "bomb.ndjson.gz").faults[0].reason
    summary = fhir.text(zipped({"bomb.ndjson": bomb, "more.json": json.dumps(patient("later"))}), "bomb.zip")
    assert "200 times" in summary.faults[0].reason
    assert "later" in {row.source_id for row in every(Patient)}


def test_a_resource_larger_than_the_limit_is_not_taken_into_memory(
    fhir: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "LARGEST_RESOURCE", 100_000)
    large = patient("large", text={"div": "x" * 300_000})
    assert "64 MiB" in fhir(patient("first"), large).faults[0].reason
    assert "64 MiB" in fhir.text(json.dumps(large)).faults[0].reason
    assert "64 MiB" in fhir.text(LINES + json.dumps(large), "people.ndjson").faults[0].reason
    assert "large" not in {row.source_id for row in every(Patient)}


def test_a_line_larger_than_the_limit_does_not_stop_the_rest(fhir: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "LARGEST_RESOURCE", 100_000)
    first, *rest = LINES.splitlines()
    large = [json.dumps(patient(f"large{size}", text={"div": "x" * size})) for size in (99_000, 300_000)]
    body = "\n".join([first, *large, *rest, " " * 100_000, json.dumps(patient("last")), large[1]])
    summary = fhir.text(body, "people.ndjson")
    places = [(fault.place, "64 MiB" in fault.reason) for fault in summary.faults]
    assert (summary.of("Patient").added, places) == (22, [("line 3", True), ("line 23", True), ("line 25", True)])


def test_a_locked_zip_is_told(fhir: Importer) -> None:
    body = bytearray(zipped({"people.json": BUNDLE}))
    local, central = body.index(b"PK\x03\x04"), body.index(b"PK\x01\x02")
    body[local + 6] |= 1
    body[central + 8] |= 1
    assert fhir.text(bytes(body), "people.zip").faults[0].reason == "it is locked with a password"


# -- torture -----------------------------------------------------------------------------------------------------------

SHAPES = {
    "people.json": BUNDLE.encode(),
    "people.ndjson": LINES.encode(),
    "people.json.gz": gzip.compress(BUNDLE.encode(), mtime=0),
    "people.ndjson.gz": gzip.compress(LINES.encode(), mtime=0),
    "people.zip": zipped({"people.ndjson": LINES, "more.json": BUNDLE}),
}


@pytest.mark.parametrize("name", SHAPES)
@given(data=st.data())
@settings(max_examples=60)
def test_a_truncated_file_keeps_what_is_whole(tmp_path: Path, name: str, data: st.DataObject) -> None:
    body = SHAPES[name]
    length = data.draw(st.integers(0, len(body) - 1))
    (tmp_path / name).write_bytes(body[:length])
    whole, faults = entries(tmp_path / name)
    assert [entry.resource["id"] for entry in whole] == [person["id"] for person in PEOPLE[: len(whole)]]
    cut_at_a_line = name == "people.ndjson" and body[:length].rstrip() in (b"", *_line_ends(body))
    assert bool(faults) or (cut_at_a_line and length)
    if name.endswith("json"):
        assert len(whole) >= body[:length].count(b'"birthDate": "1990-05-20"}}' if name == "people.json" else b"}\n")


@pytest.mark.parametrize("name", ["people.json.gz", "people.ndjson.gz"])
def test_a_packed_file_that_is_cut_off_keeps_nearly_all_before_the_cut(tmp_path: Path, name: str) -> None:
    chance = random.Random(1)
    people = [patient(f"p{number}", note=chance.randbytes(200).hex()) for number in range(1000)]
    text = json.dumps(plain(*people)) if name == "people.json.gz" else "\n".join(map(json.dumps, people))
    packed = gzip.compress(text.encode())
    (tmp_path / name).write_bytes(packed[: len(packed) // 10])
    whole, faults = entries(tmp_path / name)
    assert len(whole) > 80
    assert "cut off" in faults[-1].reason


def test_an_endless_number_far_into_a_bundle_does_not_crash(tmp_path: Path) -> None:
    body = BUNDLE.encode()[:-2] + b" " * 200_000 + b', {"resource": ' + b"9" * 50_000
    (tmp_path / "people.json").write_bytes(body)
    whole, faults = entries(tmp_path / "people.json")
    assert (len(whole), faults[0].reason) == (20, "it holds a number of thousands of digits")


def _line_ends(body: bytes) -> list[bytes]:
    return [body[:place].rstrip() for place in range(len(body)) if body[place : place + 1] == b"\n"]


@pytest.mark.parametrize("name", SHAPES)
def test_damaged_bytes_raise_nothing(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    for _ in range(100):
        body = bytearray(SHAPES[name])
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        (tmp_path / name).write_bytes(bytes(body))
        entries(tmp_path / name)


NAMES = (
    *("id", "name", "family", "given", "identifier", "type", "system", "value", "coding", "code", "text", "period"),
    *("start", "subject", "reference", "participant", "individual", "component", "valueQuantity", "status"),
    *("birthDate", "extension", "contained"),
)
# st.characters() has lone surrogates too, which JSON can write and no database takes.
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@given(resource=st.dictionaries(st.sampled_from(NAMES), ANYTHING), kind=st.sampled_from(sorted(drafts.READERS)))
@settings(max_examples=400)
def test_any_resource_is_drafted_or_refused(resource: dict[str, Any], kind: str) -> None:
    entry = Entry("a", "", {**resource, "resourceType": kind})
    with suppress(Refused):
        draft = drafts.read(entry.resource, "Asia/Manila")
        key = key_of(entry, drafts.digest(draft.body))
        for text in (key, written_id(resource) or "", *(name for _, name in names_of(entry, key))):
            text.encode()


def test_visits_wait_for_patients_of_a_later_file(fhir: Importer, tmp_path: Path) -> None:
    folder = tmp_path / "bulk"
    folder.mkdir()
    visits = [encounter(f"e{number}", subject={"reference": f"Patient/p{number % 20}"}) for number in range(1200)]
    (folder / "Encounter.ndjson").write_text("\n".join(map(json.dumps, visits)))
    (folder / "Patient.ndjson").write_text(LINES)
    assert fhir.path(folder).total.added == 1220
    assert len(every(Visit)) == 1200
