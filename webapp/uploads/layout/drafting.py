"""The rows of a sheet as drafts."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date

from webapp.content.vitals.daily import OXYGEN_GIVEN
from webapp.uploads.drafts import Draft, Drafted, Fault, Reading
from webapp.uploads.layout import text
from webapp.uploads.layout.layout import FIELDS, MEASURES, NOT_KNOWN, Answers, Layout
from webapp.uploads.layout.moments import At, Moments
from webapp.uploads.layout.numbers import is_absent
from webapp.uploads.layout.people import People, Person
from webapp.uploads.layout.plan import Plan
from webapp.uploads.layout.readers import UNCOUNTED, Item, Manner, Reader, Trouble
from webapp.uploads.layout.recognising import likely_sheets
from webapp.uploads.layout.rows import Row
from webapp.uploads.workbook import Cell, Workbook, letter

MOST_NAMED = 40
"""Columns that are named one by one where they are not read."""
_NO_READINGS = "Nothing that was measured can be read in this row."


def drafts(workbook: Workbook, layout: Layout, answers: Answers, *, zone: str, today: date, date_order: str) -> Drafted:
    """The readings of a sheet by patient and moment, in the order in which they first stand, and all that cannot be
    read. `zone` is the clinic's (IANA), `today` its day, `date_order` its convention. What asked() still asks for and
    was not answered is a fault wherever it is needed."""
    plan = Plan(workbook, layout, answers, date_order)
    if stopped := _stopped(plan):
        return Drafted((), (stopped,), 0)
    others = [workbook.sheets[at].name for at in likely_sheets(workbook) if at != plan.layout.sheet]
    drafting = _Long(plan, zone, today) if plan.is_long else _Wide(plan, zone, today)
    for at, row in plan.rows.data:
        drafting.take(at, row)
    faults = sorted(
        [*_sheets_not_read(others), *_columns_not_read(plan), *drafting.noted(), *drafting.faults],
        key=lambda fault: (-1 if fault.row is None else fault.row, -1 if fault.column is None else fault.column),
    )
    return Drafted(drafting.drafts(), tuple(faults), len(plan.rows.data), plan.rows.ignored)


def _sheets_not_read(sheets: list[str]) -> list[Fault]:
    if not sheets:
        return []
    names = ", ".join(f"“{name}”" for name in sheets)
    reason = f"Only one sheet of the file is read; there are readings in {names} too."
    return [Fault(None, None, "sheets not read", "", reason, "noted")]


def _columns_not_read(plan: Plan) -> list[Fault]:
    names = [column.name for column in plan.not_read]
    if not names:
        return []
    more = f"; and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    reason = f"Not read: {'; '.join(names[:MOST_NAMED])}{more}."
    return [Fault(None, None, "columns not read", "", reason, "noted")]


def _stopped(plan: Plan) -> Fault | None:
    reason = ""
    if not plan.sheet.rows:
        reason = "The sheet is empty."
    elif plan.told_twice:
        names = " and ".join(letter(column.index) for column in plan.told_twice)
        reason = f"Columns {names} are both said to hold the same: {FIELDS[str(plan.told_twice[0].field)]}."
    elif not plan.has_patients:
        reason = "No column tells whose readings these are."
    elif not plan.has_readings:
        reason = "No column holds readings."
    elif not plan.rows.data:
        reason = "There are no rows with readings below the headers."
    return Fault(None, None, "nothing to read", "", reason, "stops") if reason else None


class _Drafting:
    """What wide and long sheets have in common."""

    def __init__(self, plan: Plan, zone: str, today: date) -> None:
        self.plan = plan
        self.faults: list[Fault] = []
        self.people = People(plan, today, self.faults)
        self.moments = {group: Moments(plan, group, zone, today) for group in plan.groups}
        self._everybody = tuple(
            (measure, word)
            for measure, word in sorted(plan.answers.everybody.items())
            if word != NOT_KNOWN and measure not in plan.fields
        )

    def noted(self) -> list[Fault]:
        """How columns are read as a whole."""
        names = {column.index: column.name for column in self.plan.layout.columns}
        found = [(names[column], noted) for column, noted in self.plan.of_dates()]
        for of, (_, noted) in self.plan.manners.items():
            if noted is not None:
                found.append((names[of] if isinstance(of, int) else FIELDS[of], noted))
        return [Fault(None, None, noted.kind, "", f"{name}: {noted.reason}", noted.outcome) for name, noted in found]

    def moment(self, group: str, at: int, row: Row) -> At:
        found = self.moments[group].read(at, row)
        for doubt in found.doubts:
            self.faults.append(Fault(at, doubt.column, doubt.kind, doubt.given, doubt.reason, doubt.outcome))
        return found.at

    def trouble(self, at: int, column: int, cell: Cell, trouble: Trouble) -> None:
        self.faults.append(Fault(at, column, trouble.kind, text.shown(cell)[:200], trouble.reason, trouble.outcome))

    def draft(self, rows: tuple[int, ...], group: str, person: Person, at: At, readings: list[Reading]) -> Draft:
        if self._everybody:
            told = {reading.measure for reading in readings}
            readings += [
                Reading(measure, None, word, word, False, rows[0], None)
                for measure, word in self._everybody
                if measure not in told
            ]
        return Draft(
            rows, group, person.mrn, person.family, person.given, person.born, person.born_precision, person.sex, at,
            person.scale, tuple(readings),
        )  # fmt: skip


def _readings(items: tuple[Item, ...], at: int, column: int) -> list[Reading]:
    return [Reading(*item, at, column) for item in items]


class _Wide(_Drafting):
    """A row is a patient, at one moment or at one for each group of columns."""

    def __init__(self, plan: Plan, zone: str, today: date) -> None:
        super().__init__(plan, zone, today)
        self._drafts: list[Draft] = []
        self._readers = {
            group: [
                (column.index, Reader(str(column.field), plan.manners[column.index][0]))
                for column in plan.measures
                if column.group == group
            ]
            for group in plan.groups
        }

    def take(self, at: int, row: Row) -> None:
        person = self.people.read(at, row)
        if person is None:
            return
        before = len(self._drafts)
        for group, readers in self._readers.items():
            readings = self._read(at, row, readers)
            if readings:
                self._drafts.append(self.draft((at,), group, person, self.moment(group, at, row), readings))
        if len(self._drafts) == before:
            self.faults.append(Fault(at, None, "no readings", "", _NO_READINGS, "rows left out"))

    def drafts(self) -> tuple[Draft, ...]:
        return tuple(self._drafts)

    def _read(self, at: int, row: Row, readers: list[tuple[int, Reader]]) -> list[Reading]:
        uncounted, found, supplies = self.plan.sheet.uncounted, [], 0
        for column, reader in readers:
            cell = row[column]
            if cell is None:
                if uncounted and (at, column) in uncounted:
                    self.trouble(at, column, cell, UNCOUNTED)
                continue
            said = reader.read(cell)
            for item in said.items:
                found.append(Reading(*item, at, column))
                supplies += item[0] == OXYGEN_GIVEN
            if said.trouble is not None:
                self.trouble(at, column, cell, said.trouble)
        return found if supplies < 2 else self._one_supply(found)

    def _one_supply(self, found: list[Reading]) -> list[Reading]:
        """The readings with what several columns tell of oxygen as one, such as "NC" and 2 L/min. Where they do not
        agree none is used."""
        supplies = [reading for reading in found if reading.measure == OXYGEN_GIVEN]
        others = [reading for reading in found if reading.measure != OXYGEN_GIVEN]
        flows = {reading.value for reading in supplies if reading.value is not None}
        if len({reading.word for reading in supplies}) > 1 or len(flows) > 1:
            last, reason = (
                supplies[-1],
                "This does not agree with what another column tells of oxygen; neither is used.",
            )
            self.faults.append(Fault(last.row, last.column, "oxygen in doubt", last.given, reason, "value left out"))
            return others
        return [*others, next((reading for reading in supplies if reading.value is not None), supplies[0])]


@dataclass(slots=True)
class _Together:
    """What rows of a long sheet tell of one patient at one moment."""

    person: Person
    at: At
    rows: list[int] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    is_in_doubt: bool = False


class _Long(_Drafting):
    """A row is one reading; those of one patient at one moment come together."""

    def __init__(self, plan: Plan, zone: str, today: date) -> None:
        super().__init__(plan, zone, today)
        self._places: dict[tuple[object, ...], _Together] = {}
        self._readers: dict[tuple[str, str], Reader] = {}
        self._others: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        self._measure, self._value = plan.columns["measure"].index, plan.columns["value"].index
        self._unit = plan.columns["unit"].index if "unit" in plan.columns else None

    def take(self, at: int, row: Row) -> None:
        person = self.people.read(at, row)
        if person is None:
            return
        readings = self._read(at, row)
        if not readings:
            return
        moment = self.moment("", at, row)
        place = (
            person if person.scale is None else replace(person, scale=None),
            moment,
            at if moment is None else None,
        )
        known = self._places.get(place)
        if known is None:
            known = self._places[place] = _Together(person, moment)
        elif person.scale is not None:
            self._scale(known, person.scale, at)
        known.rows.append(at)
        known.readings.extend(readings)

    def _scale(self, known: _Together, scale: int, at: int) -> None:
        """Take over the scale, which may stand in any row of a patient's moment."""
        if known.person.scale is None and not known.is_in_doubt:
            known.person = replace(known.person, scale=scale)
        elif known.person.scale not in (None, scale):
            known.person, known.is_in_doubt = replace(known.person, scale=None), True
            reason = "Another row of this patient and time tells another scale; neither is used."
            column = self.plan.columns["scale"].index
            self.faults.append(Fault(at, column, "scale in doubt", str(scale), reason, "value left out"))

    def drafts(self) -> tuple[Draft, ...]:
        return tuple(self.draft(tuple(one.rows), "", one.person, one.at, one.readings) for one in self._places.values())

    def noted(self) -> list[Fault]:
        others = [
            Fault(self._first[word], self._measure, "other measure", word, _other(count), "value left out")
            for word, count in self._others.items()
        ]
        return super().noted() + others

    def _read(self, at: int, row: Row) -> list[Reading]:
        cell = row[self._value]
        field, unit = self.plan.long_fields.get(row[self._measure], ("", ""))
        if field not in MEASURES:
            self._is_other(at, row)
            return []
        if cell is None:
            if (at, self._value) in self.plan.sheet.uncounted:
                self.trouble(at, self._value, cell, UNCOUNTED)
            return []
        beside = "" if self._unit is None else self.plan.long_unit(field, row[self._unit])
        if beside is None:
            if not is_absent(cell):
                self.trouble(at, self._unit or 0, row[self._unit or 0], _unknown_unit(field))
            return []
        said = self._reader(field, beside or unit).read(cell)
        if said.trouble is not None:
            self.trouble(at, self._value, cell, said.trouble)
        return _readings(said.items, at, self._value)

    def _reader(self, field: str, unit: str) -> Reader:
        found = self._readers.get((field, unit))
        if found is None:
            manner = Manner(unit) if unit and field != "oxygen" else self.plan.manners[field][0]
            found = self._readers[field, unit] = Reader(field, manner)
        return found

    def _is_other(self, at: int, row: Row) -> None:
        word = text.shown(row[self._measure])[:80]
        if is_absent(row[self._value]):
            return
        self._others[word] += 1
        self._first.setdefault(word, at)


def _other(count: int) -> str:
    rows = "row is" if count == 1 else "rows are"
    return f"This is none of the measures that are read; {count} {rows} not used."


def _unknown_unit(field: str) -> Trouble:
    return Trouble("unit not known", f"This unit is not known for {field.replace('_', ' ')}.")
