"""What a dry run found, as one frozen value that can be kept."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal

from webapp.uploads.drafts import Draft, Drafted, Fault, Reading

RowState = Literal["used", "used in part", "left out", "no data"]

Unknowns = Literal["add", "leave out"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What whoever brought the sheet has chosen: whether patients who are not on record are added or left out, and the
    names (family, given) of those whom the sheet does not name, by MRN."""

    unknown: Unknowns = "leave out"
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient of whom something is used. `patient_id` is None for one who is not on record, and who is added when the
    sheet is accepted. `fills` are columns of models.Patient that are empty on record and what the sheet says of them,
    dates in ISO 8601. `scale` is the SpO2 scale to be kept on the record, where it changes."""

    patient_id: int | None
    mrn: str
    family: str
    given: str
    sex: str
    born: date | None
    born_precision: str
    fills: tuple[tuple[str, str], ...] = ()
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A patient whose MRN is not on record. `name` is as the sheet gives it; `asks_name`: neither it nor the choices
    do. `looks_like` is a sentence about somebody on record who may be meant, or empty."""

    mrn: str
    name: str
    rows: int
    asks_name: bool
    looks_like: str


@dataclass(frozen=True, slots=True)
class Counts:
    """For the top of the page. `rows_used` are used wholly or in part; `by_kind` counts faults, the most frequent
    first."""

    patients: int = 0
    new_patients: int = 0
    rows_read: int = 0
    rows_used: int = 0
    rows_left_out: int = 0
    values_used: int = 0
    values_left_out: int = 0
    by_kind: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """`faults` are all, those of the layout too, from the top of the sheet down. `rows` tells of each row of the sheet
    what becomes of it. `belongs` gives for each draft the place of its patient in `subjects`, or None where it is left
    out; `used` the places of those of its readings that will be stored; `known` ids of measurements on record that say
    what the sheet says, and become the sheet's. `stops` are sentences that keep it from being accepted. `told` is what
    reports say of the sheet (models.Upload.told).

    `drafted`, `choices` and `columns` (of the MRN and the name) are what was checked, so that it can be checked again.
    """

    drafted: Drafted
    choices: Choices
    columns: tuple[tuple[str, int], ...]
    faults: tuple[Fault, ...]
    rows: tuple[RowState, ...]
    subjects: tuple[Subject, ...]
    belongs: tuple[int | None, ...]
    used: tuple[tuple[int, ...], ...]
    known: tuple[int, ...]
    unknown: tuple[Unknown, ...]
    counts: Counts
    first: date | None
    last: date | None
    stops: tuple[str, ...]
    told: dict[str, Any]

    def to_json(self) -> str:
        """Canonical: equal findings give equal text."""
        drafted = self.drafted
        plain = {
            "drafts": [_of_draft(draft) for draft in drafted.drafts],
            "drafted_faults": [astuple(fault) for fault in drafted.faults],
            "read": drafted.read,
            "ignored": drafted.ignored,
            "choices": [self.choices.unknown, sorted((mrn, *name) for mrn, name in self.choices.names.items())],
            "columns": self.columns,
            "faults": [_of_fault(fault) for fault in self.faults],
            "rows": [_ROWS.index(row) for row in self.rows],
            "subjects": [astuple(subject) for subject in self.subjects],
            "belongs": self.belongs,
            "used": self.used,
            "known": self.known,
            "unknown": [astuple(unknown) for unknown in self.unknown],
            "counts": asdict(self.counts),
            "days": [self.first, self.last],
            "stops": self.stops,
            "told": self.told,
        }
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=_written)

    def says_the_same(self, other: "Findings") -> bool:
        """Whether both come to the same, of the same sheet."""
        told = [item.name for item in fields(self) if item.name != "drafted"]
        return all(getattr(self, name) == getattr(other, name) for name in told)

    @property
    def told_json(self) -> str:
        """`told` as Upload.told has it."""
        return json.dumps(self.told, ensure_ascii=False, separators=(",", ":"))

    def pack(self) -> bytes:
        """As compressed JSON, from which unpack() gives the same value."""
        return zlib.compress(self.to_json().encode("utf-8", "surrogatepass"), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Findings":
        plain = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
        unknown, names = plain["choices"]
        first, last = map(_day, plain["days"])
        by_kind = tuple((kind, count) for kind, count in plain["counts"].pop("by_kind"))
        return cls(
            drafted=Drafted(
                tuple(map(_draft, plain["drafts"])),
                tuple(Fault(*fault) for fault in plain["drafted_faults"]),
                plain["read"],
                tuple(plain["ignored"]),
            ),
            choices=Choices(unknown, {mrn: (family, given) for mrn, family, given in names}),
            columns=tuple((name, column) for name, column in plain["columns"]),
            faults=tuple(Fault(*fault) for fault in plain["faults"]),
            rows=tuple(_ROWS[row] for row in plain["rows"]),
            subjects=tuple(map(_subject, plain["subjects"])),
            belongs=tuple(plain["belongs"]),
            used=tuple(map(tuple, plain["used"])),
            known=tuple(plain["known"]),
            unknown=tuple(Unknown(*told) for told in plain["unknown"]),
            counts=Counts(**plain["counts"], by_kind=by_kind),
            first=first,
            last=last,
            stops=tuple(plain["stops"]),
            told=plain["told"],
        )


_ROWS: tuple[RowState, ...] = ("used", "used in part", "left out", "no data")


def _written(day: date) -> str:
    return day.isoformat()


def _of_draft(draft: Draft) -> list[Any]:
    readings = [
        (one.measure, one.value, one.word, one.given, one.converted, one.row, one.column) for one in draft.readings
    ]
    return [
        draft.rows, draft.group, draft.mrn, draft.family, draft.given, draft.born, draft.born_precision, draft.sex,
        draft.at, draft.scale, readings,
    ]  # fmt: skip


def _of_fault(fault: Fault) -> tuple[Any, ...]:
    return fault.row, fault.column, fault.kind, fault.given, fault.reason, fault.outcome


def _draft(plain: list[Any]) -> Draft:
    rows, group, mrn, family, given, born, precision, sex, at, scale, readings = plain
    return Draft(
        tuple(rows), group, mrn, family, given, _day(born), precision, sex, _moment(at), scale,
        tuple(Reading(*reading) for reading in readings),
    )  # fmt: skip


def _subject(plain: list[Any]) -> Subject:
    patient_id, mrn, family, given, sex, born, precision, fills, scale = plain
    filled = tuple((column, value) for column, value in fills)
    return Subject(patient_id, mrn, family, given, sex, _day(born), precision, filled, scale)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | date | None:
    return datetime.fromisoformat(text) if text and "T" in text else _day(text)
