"""What a dry run found, as one frozen value that can be kept."""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal

from webapp import words
from webapp.uploads.drafts import Draft, Drafted, Fault, Reading

RowState = Literal["used", "used in part", "left out", "no data"]

STATES: dict[RowState, str] = {
    "used": "Used",
    "used in part": "Used in part",
    "left out": "Left out",
    "no data": "No data",
}
"""How it is told what becomes of a row."""

Unknowns = Literal["add", "leave out"]


FORM = 2
"""Of packed findings. Each change of what is in them makes it one more."""


class OlderForm(Exception):
    """Findings were packed by another version of the program. The sheet can be tried out anew."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What whoever brought the sheet has chosen: whether patients who are not on record are added or left out, and the
    names (family, given) of those whom the sheet does not name, by MRN. `by_mrn` overrides `unknown`, which is never
    enough to add somebody who looks like somebody on record. `scales`: the SpO2 scales of the sheet are put on the
    record, where that says another."""

    unknown: Unknowns = "leave out"
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    by_mrn: Mapping[str, Unknowns] = field(default_factory=dict)
    scales: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient of whom something is used. `patient_id` is None for one who is not on record, and who is added when the
    sheet is accepted. `fills` are columns of models.Patient that are empty on record and what the sheet says of them,
    dates in ISO 8601. `scale` is the SpO2 scale to be kept on the record, where it changes; `scored_by` the one by
    which oxygen saturation is scored here."""

    patient_id: int | None
    mrn: str
    family: str
    given: str
    sex: str
    born: date | None
    born_precision: str
    fills: tuple[tuple[str, str], ...] = ()
    scale: int | None = None
    scored_by: int = 1


@dataclass(frozen=True, slots=True)
class Unknown:
    """A patient whose MRN is not on record. `name` is as the sheet gives it; `asks_name`: neither it nor the choices
    do. `looks_like` is a sentence about somebody on record who may be meant, or empty; `twin` one about a row of the
    sheet that may be of the same person under another MRN. `choice` is what becomes of the patient, once named."""

    mrn: str
    name: str
    rows: int
    asks_name: bool
    looks_like: str
    twin: str
    choice: Unknowns


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """A patient whom the sheet gives another SpO2 scale, `said`, than the record does."""

    mrn: str
    name: str
    on_record: int
    said: int


@dataclass(frozen=True, slots=True)
class TakenFor:
    """A patient on record whom `rows` of the sheet, counted from 0, name by MRN alone. `who` is what is on record:
    "Reyes, Ana, born 20 May 1990"."""

    mrn: str
    who: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Readings of one measure that the sheet gives in another unit than ours. `measure` is its label, `count` how many
    are used, `given` the first of them as it stands and `becomes` the same in our unit."""

    measure: str
    unit: str
    ours: str
    count: int
    given: str
    becomes: str

    @property
    def sentence(self) -> str:
        """ "Temperature: 12 readings in °F are turned into °C. 98.6 °F is 37.0 °C." """
        unit = f"in {self.unit}" if self.unit else "without a unit"
        verb = "is" if self.count == 1 else "are"
        return (
            f"{self.measure}: {words.plural(self.count, 'reading')} {unit} {verb} turned into {self.ours}. "
            f"{self.given} is {self.becomes}."
        )


def unit_in(given: str) -> str:
    """The unit of "98.6 °F"; empty where there is none."""
    return re.sub(r"^[\s\d.,+−-]+", "", given)


@dataclass(frozen=True, slots=True)
class Counts:
    """For the top of the page. `rows_used` are used wholly or in part, and make `rows_read` with `rows_left_out`.
    `values_left_out` are those in rows that are used. `by_kind` counts faults, the most frequent first."""

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
    what the sheet says, and become the sheet's; `rescored` gives an SpO2 scale to some of them. `stops` are sentences
    that keep it from being accepted. `told` is what reports say of the sheet (models.Upload.told).

    `scales` are all changes of SpO2 scale that the sheet asks for, chosen or not; `taken_for` the patients whom rows
    name by MRN alone; `conversions` the readings that are turned into another unit.

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
    rescored: tuple[tuple[int, int], ...]
    unknown: tuple[Unknown, ...]
    scales: tuple[ScaleChange, ...]
    taken_for: tuple[TakenFor, ...]
    conversions: tuple[Conversion, ...]
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
            "form": FORM,
            "choices": _of_choices(self.choices),
            "columns": self.columns,
            "faults": [_of_fault(fault) for fault in self.faults],
            "rows": [_ROWS.index(row) for row in self.rows],
            "subjects": [astuple(subject) for subject in self.subjects],
            "belongs": self.belongs,
            "used": self.used,
            "known": self.known,
            "rescored": self.rescored,
            "unknown": [astuple(unknown) for unknown in self.unknown],
            "scales": [astuple(change) for change in self.scales],
            "taken_for": [astuple(one) for one in self.taken_for],
            "conversions": [astuple(one) for one in self.conversions],
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
    def taken_by_row(self) -> dict[int, str]:
        """Whom each row that gives an MRN alone is taken for."""
        return {row: one.who for one in self.taken_for for row in one.rows}

    @property
    def told_json(self) -> str:
        """`told` as Upload.told has it."""
        return json.dumps(self.told, ensure_ascii=False, separators=(",", ":"))

    def pack(self) -> bytes:
        """As compressed JSON, from which unpack() gives the same value."""
        return zlib.compress(self.to_json().encode("utf-8", "surrogatepass"), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Findings":
        """Raises OlderForm."""
        plain = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
        if plain.get("form") != FORM:
            raise OlderForm
        first, last = map(_day, plain["days"])
        by_kind = tuple((kind, count) for kind, count in plain["counts"].pop("by_kind"))
        return cls(
            drafted=Drafted(
                tuple(map(_draft, plain["drafts"])),
                tuple(Fault(*fault) for fault in plain["drafted_faults"]),
                plain["read"],
                tuple(plain["ignored"]),
            ),
            choices=_choices(*plain["choices"]),
            columns=tuple((name, column) for name, column in plain["columns"]),
            faults=tuple(Fault(*fault) for fault in plain["faults"]),
            rows=tuple(_ROWS[row] for row in plain["rows"]),
            subjects=tuple(map(_subject, plain["subjects"])),
            belongs=tuple(plain["belongs"]),
            used=tuple(map(tuple, plain["used"])),
            known=tuple(plain["known"]),
            rescored=tuple((measurement, scale) for measurement, scale in plain["rescored"]),
            unknown=tuple(Unknown(*told) for told in plain["unknown"]),
            scales=tuple(ScaleChange(*change) for change in plain["scales"]),
            taken_for=tuple(TakenFor(mrn, who, tuple(rows)) for mrn, who, rows in plain["taken_for"]),
            conversions=tuple(Conversion(*one) for one in plain["conversions"]),
            counts=Counts(**plain["counts"], by_kind=by_kind),
            first=first,
            last=last,
            stops=tuple(plain["stops"]),
            told=plain["told"],
        )


def _of_choices(choices: Choices) -> list[Any]:
    names = sorted((mrn, *name) for mrn, name in choices.names.items())
    return [choices.unknown, names, sorted(choices.by_mrn.items()), choices.scales]


def _choices(unknown: Unknowns, names: list[list[str]], by_mrn: list[tuple[str, Unknowns]], scales: bool) -> Choices:
    return Choices(unknown, {mrn: (family, given) for mrn, family, given in names}, dict(by_mrn), scales)


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
    patient_id, mrn, family, given, sex, born, precision, fills, scale, scored_by = plain
    filled = tuple((column, value) for column, value in fills)
    return Subject(patient_id, mrn, family, given, sex, _day(born), precision, filled, scale, scored_by)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | date | None:
    return datetime.fromisoformat(text) if text and "T" in text else _day(text)
