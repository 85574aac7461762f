"""How a sheet is understood, what was answered about it, and what is still to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from typing import Any, Literal, get_args

from webapp.content.vitals.daily import ACVPU, AIR_OR_OXYGEN, CONSCIOUSNESS, NUMBERS, OXYGEN_GIVEN, WORDS
from webapp.uploads.workbook import letter

Kind = Literal["wide", "long"]
DateOrder = Literal["", "dmy", "mdy", "ymd"]
NameOrder = Literal["", "given first", "family first"]
Control = Literal["choice", "day", "time", "text"]

LEFT_OUT = "left out"
NOT_KNOWN = "not known"
PRESSURE = "pressure"

FIELDS = {
    "mrn": "Medical record number",
    "name": "Name, family and given in one column",
    "family": "Family name",
    "given": "Given name",
    "born": "Date of birth",
    "born_day": "Day of birth",
    "born_month": "Month of birth",
    "born_year": "Year of birth",
    "sex": "Sex",
    "moment": "Date and time of the readings",
    "day": "Date of the readings",
    "time": "Time of the readings",
    PRESSURE: "Blood pressure, as 120/80",
    **{name: measure.label for name, measure in NUMBERS.items()},
    OXYGEN_GIVEN: "Air or oxygen",
    CONSCIOUSNESS: "Consciousness",
    "scale": "SpO2 scale",
    "measure": "What was measured, one reading a row",
    "value": "The value, one reading a row",
    "unit": "The unit, one reading a row",
    LEFT_OUT: "Leave this column out",
}
"""What a column may mean, as it is offered to people."""

MEASURES = frozenset({PRESSURE, *NUMBERS, *WORDS})
"""Fields of readings."""
SEXES = {"female": "Female", "male": "Male", "other": "Other", "unknown": "Not known"}
ORDERS = {"dmy": "Day, month, year", "mdy": "Month, day, year", "ymd": "Year, month, day"}
NAME_ORDERS = {"given first": "Given name first: Maria Santos", "family first": "Family name first: Santos Maria"}
EVERYBODY = {OXYGEN_GIVEN: (*AIR_OR_OXYGEN, NOT_KNOWN), CONSCIOUSNESS: (*ACVPU, NOT_KNOWN)}
"""What may be said of all patients of a sheet at once."""
UNITS = {name: (measure.unit, *measure.scales) for name, measure in NUMBERS.items()}
LITRES, FRACTION = "L/min", "FiO2"
"""How a number under oxygen given is meant: the flow, or the inspired fraction."""
IN_HEADERS = {
    **UNITS,
    PRESSURE: UNITS["systolic"],
    OXYGEN_GIVEN: (LITRES, FRACTION),
    **{date: tuple(ORDERS) for date in ("born", "day", "moment")},
}
"""What a header may say of the numbers or dates below it, by field."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet, `index` counted from 0. `field` is of FIELDS; None where the header is not recognised, and
    then nothing is read from it. `unit` is one of the measure's, or of a date the order of its parts; empty where the
    header says none. `group` names the moment to which its readings belong, such as "Visit 1". `may_be` are fields
    between which somebody must choose."""

    index: int
    header: str
    group: str = ""
    field: str | None = None
    unit: str = ""
    may_be: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people find it in the sheet, by letter and heading: "C, Blood pressure"."""
        heading = " ".join(f"{self.group} {self.header}".split())
        return f"{letter(self.index)}, {heading[:60].rstrip()}" if heading else letter(self.index)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sheet is understood: `sheet` counts those of the workbook from 0; `header_rows` are the rows that name the
    columns, `first_row` is the one from which on there are data. `units` are those of measures whose column says none,
    `sex` what codes mean, `name_order` how names without a comma are read: what somebody once answered and what holds
    for the next sheet of this kind too."""

    sheet: int
    header_rows: tuple[int, ...]
    first_row: int
    kind: Kind
    columns: tuple[Column, ...]
    units: Mapping[str, str] = field(default_factory=dict, hash=False)
    sex: Mapping[str, str] = field(default_factory=dict, hash=False)
    name_order: NameOrder = ""

    def of(self, *names: str) -> tuple[Column, ...]:
        """The columns of these fields."""
        return tuple(column for column in self.columns if column.field in names)

    def to_json(self) -> dict[str, Any]:
        """Plain values, from which from_json() gives the same layout."""
        return {**_plain(self), "columns": [_plain(column) for column in self.columns]}

    @classmethod
    def from_json(cls, plain: Any) -> "Layout":
        """The layout of such values. Raises ValueError where they are no layout."""
        said = _object(plain, cls)
        columns = tuple(_column(item) for item in _list(said["columns"]))
        if len({column.index for column in columns}) != len(columns):
            raise ValueError("a column twice")
        return cls(
            sheet=_count(said["sheet"]),
            header_rows=tuple(_count(row) for row in _list(said["header_rows"])),
            first_row=_count(said["first_row"]),
            kind=_of(said["kind"], get_args(Kind)),
            columns=columns,
            units=_units(said["units"]),
            sex=_map(said["sex"], tuple(SEXES)),
            name_order=_of(said["name_order"], get_args(NameOrder)),
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """What whoever brought the sheet said of it.

    `sheet` is the sheet's number as text, from 0; `columns` the field of a column; `date_order` how dates stand in
    columns that leave it open, `date_orders` how they do in one column; `days` and `times` when a group was
    measured, or under "" the sheet (ISO; a time may be empty: not known); `units` that of a measure; `sex` what codes
    mean; `everybody` a word of a measure that the sheet lacks; `names` family and given name by MRN."""

    sheet: str = ""
    columns: Mapping[int, str] = field(default_factory=dict, hash=False)
    date_order: DateOrder = ""
    date_orders: Mapping[int, DateOrder] = field(default_factory=dict, hash=False)
    name_order: NameOrder = ""
    days: Mapping[str, str] = field(default_factory=dict, hash=False)
    times: Mapping[str, str] = field(default_factory=dict, hash=False)
    units: Mapping[str, str] = field(default_factory=dict, hash=False)
    sex: Mapping[str, str] = field(default_factory=dict, hash=False)
    everybody: Mapping[str, str] = field(default_factory=dict, hash=False)
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)

    def told(self, key: str, value: str) -> "Answers":
        """These, with an answer to the Ask of that key. Raises ValueError where it is none."""
        kind, colon, of = key.partition(":")
        if kind in ("sheet", "date_order", "name_order") and not colon:
            plain: dict[str, Any] = {**self.to_json(), kind: value}
        elif kind in ("columns", "date_orders", "days", "times", "units", "sex", "everybody") and colon:
            plain = self.to_json()
            plain[kind] = {**plain[kind], of: value}
        else:
            raise ValueError("no such question")
        return Answers.from_json(plain)

    def named(self, mrn: str, family: str, given: str) -> "Answers":
        """These, with the name of a patient."""
        return replace(self, names={**self.names, mrn: (family, given)})

    def to_json(self) -> dict[str, Any]:
        """Plain values, from which from_json() gives the same answers."""
        return {
            **_plain(self),
            "columns": {str(index): field for index, field in self.columns.items()},
            "date_orders": {str(index): order for index, order in self.date_orders.items()},
            "names": {mrn: list(name) for mrn, name in self.names.items()},
        }

    @classmethod
    def from_json(cls, plain: Any) -> "Answers":
        """The answers of such values, of which any may be missing. Raises ValueError where they are no answers."""
        said = _object({**_plain(cls()), **plain} if isinstance(plain, dict) else plain, cls)
        return cls(
            sheet="" if said["sheet"] == "" else str(_figures(_text(said["sheet"]))),
            columns={_figures(index): name for index, name in _map(said["columns"], tuple(FIELDS)).items()},
            date_order=_of(said["date_order"], get_args(DateOrder)),
            date_orders={
                _figures(index): _of(order, tuple(ORDERS)) for index, order in _map(said["date_orders"]).items()
            },
            name_order=_of(said["name_order"], get_args(NameOrder)),
            days={group: _day(day) for group, day in _map(said["days"]).items()},
            times={group: _time(at) for group, at in _map(said["times"]).items()},
            units=_units(said["units"]),
            sex=_map(said["sex"], tuple(SEXES)),
            everybody={
                measure: _of(word, EVERYBODY.get(measure, ())) for measure, word in _map(said["everybody"]).items()
            },
            names={mrn: _name(name) for mrn, name in _mapping(said["names"]).items()},
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that must be known before drafts can be made. Answers.told(key, ...) takes the answer: of a choice the
    first of a pair in `options`, else an ISO day or time, or text. `optional` ones may be answered by an empty text:
    not known. `column` and `examples` tell what in the sheet it is about."""

    key: str
    label: str
    hint: str
    kind: Control
    options: tuple[tuple[str, str], ...] = ()
    column: int | None = None
    examples: tuple[str, ...] = ()
    optional: bool = False


def _plain(value: Any) -> dict[str, Any]:
    found = {}
    for item in fields(value):
        said = getattr(value, item.name)
        found[item.name] = list(said) if isinstance(said, tuple) else dict(said) if isinstance(said, Mapping) else said
    return found


def _column(plain: Any) -> Column:
    said = _object(plain, Column)
    field = None if said["field"] is None else _of(said["field"], tuple(FIELDS))
    return Column(
        index=_count(said["index"]),
        header=_text(said["header"]),
        group=_text(said["group"]),
        field=field,
        unit=_of(said["unit"], ("", *IN_HEADERS.get(str(field), ()))),
        may_be=tuple(_of(item, tuple(FIELDS)) for item in _list(said["may_be"])),
    )


def _object(plain: Any, kind: type[Any]) -> dict[str, Any]:
    if not isinstance(plain, dict) or set(plain) != {item.name for item in fields(kind)}:
        raise ValueError(f"not a {kind.__name__}")
    return plain


def _mapping(plain: Any) -> dict[str, Any]:
    if not isinstance(plain, dict) or not all(isinstance(name, str) for name in plain):
        raise ValueError("not an object")
    return plain


def _map(plain: Any, known: tuple[str, ...] | None = None) -> dict[str, str]:
    return {name: _text(value) if known is None else _of(value, known) for name, value in _mapping(plain).items()}


def _units(plain: Any) -> dict[str, str]:
    return {measure: _of(unit, UNITS.get(measure, ())) for measure, unit in _map(plain).items()}


def _list(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise ValueError("not a list")
    return plain


def _count(plain: Any) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool) or not 0 <= plain < 2**31:
        raise ValueError("not a count")
    return plain


def _text(plain: Any) -> str:
    if not isinstance(plain, str):
        raise ValueError("not text")
    return plain


def _of(plain: Any, known: tuple[Any, ...]) -> Any:
    if not isinstance(plain, str) or plain not in known:
        raise ValueError("not one of those offered")
    return plain


def _figures(plain: str) -> int:
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise ValueError("not a count")
    return int(plain)


def _day(plain: str) -> str:
    # What was given stands in the text of the fault of fromisoformat, and may be anything.
    try:
        return date.fromisoformat(plain).isoformat()
    except ValueError:
        raise ValueError("not a day") from None


def _time(plain: str) -> str:
    if not plain:
        return ""
    try:
        said = time.fromisoformat(plain)
    except ValueError:
        raise ValueError("not a time") from None
    if said.tzinfo is not None:
        raise ValueError("a time with a zone")
    return said.isoformat("minutes")


def _name(plain: Any) -> tuple[str, str]:
    family, given = (_text(part).strip() for part in _list(plain))
    return family, given
