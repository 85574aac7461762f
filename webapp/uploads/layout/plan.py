"""A sheet with all that is decided about reading it: what asking and drafting share."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from webapp.content.vitals.daily import NUMBERS, OXYGEN_GIVEN, WORDS
from webapp.uploads.layout import spoken, text
from webapp.uploads.layout.columns import oxygen_by_values
from webapp.uploads.layout.dates import Stamp, stamp
from webapp.uploads.layout.headers import measure_of
from webapp.uploads.layout.layout import LEFT_OUT, MEASURES, PRESSURE, Answers, Column
from webapp.uploads.layout.layout import Layout as Understood
from webapp.uploads.layout.numbers import is_absent
from webapp.uploads.layout.orders import Order, orders_of
from webapp.uploads.layout.readers import Manner, Trouble, bare_numbers, likely_units, manner_of
from webapp.uploads.layout.recognising import understood
from webapp.uploads.layout.rows import Rows, rows_of
from webapp.uploads.layout.units import unit_of
from webapp.uploads.workbook import Cell, Sheet, Workbook

CLOCKS = ("moment", "day", "time")
_COUNTED = Trouble(
    "dates given as numbers", "Numbers in this column are read as dates, counted in days as spreadsheets do.", "noted"
)
_NO_YEAR = Trouble("dates without a year", "Dates without a year are read as the nearest to today.", "noted")
WHO = ("mrn", "name", "family", "given")


class Plan:
    """`layout` is the one that holds after the answers. Everything is worked out once, when it is first asked for."""

    def __init__(self, workbook: Workbook, layout: Understood, answers: Answers, date_order: str) -> None:
        self.layout = understood(workbook, layout, answers)
        self.answers = answers
        self._clinic = date_order
        self.sheet = workbook.sheets[self.layout.sheet] if self.layout.sheet < len(workbook.sheets) else Sheet("", ())
        width = self.sheet.width
        columns = tuple(column for column in self.layout.columns if column.index < width)
        self.columns = {
            column.field: column for column in reversed(columns) if column.field and column.field not in CLOCKS
        }
        self.measures = tuple(column for column in columns if column.field in MEASURES)
        self.is_long = self.layout.kind == "long"
        self._headings: dict[str, Stamp] = {}
        self._clocks = tuple(column for column in columns if column.field in CLOCKS)

    @cached_property
    def rows(self) -> Rows:
        return rows_of(self.sheet, self.layout)

    def cells(self, column: Column) -> dict[Cell, None]:
        """The different cells of a column in the rows of data, in their order, without empty ones."""
        at = column.index
        return dict.fromkeys(row[at] for _, row in self.rows.data if row[at] is not None)

    @cached_property
    def not_read(self) -> tuple[Column, ...]:
        """The columns of which nothing is used."""
        clocks = set()
        for group in self.groups:
            found = self.clocks(group)
            unused = ("day" if "moment" in found else "", "time" if self.is_said_first(group) else "")
            clocks |= {column.index for field, column in found.items() if field not in unused}
        others = (None, LEFT_OUT, *(MEASURES if self.is_long else ("measure", "value", "unit")))
        return tuple(
            column
            for column in self.layout.columns
            if column.index < self.sheet.width
            and (column.field in others or (column.field in CLOCKS and column.index not in clocks))
        )

    # -- who -----------------------------------------------------------------------------------------------------------

    @property
    def told_twice(self) -> tuple[Column, ...]:
        """Two columns that are said to hold the same, which only one can."""
        seen: dict[tuple[str, str], Column] = {}
        for column in self.layout.columns:
            if column.field not in (None, LEFT_OUT, *MEASURES):
                first = seen.setdefault((str(column.field), column.group), column)
                if first is not column:
                    return first, column
        return ()

    @property
    def has_patients(self) -> bool:
        return any(field in self.columns for field in WHO)

    @property
    def has_readings(self) -> bool:
        return bool(self.measures) or (self.is_long and {"measure", "value"} <= set(self.columns))

    @cached_property
    def names_in_doubt(self) -> tuple[str, ...]:
        """Names of several words in one column without a comma, of which the header does not tell the order."""
        column = self.columns.get("name")
        if column is None:
            return ()
        found = (" ".join(text.shown(cell).split()) for cell in self.cells(column))
        return tuple(name for name in found if " " in name and "," not in name)

    @cached_property
    def sex_codes(self) -> tuple[str, ...]:
        """What stands under sex and is no word for one, sorted."""
        column = self.columns.get("sex")
        if column is None:
            return ()
        cells = (cell for cell in self.cells(column) if not is_absent(cell) and not text.is_error(cell))
        return tuple(sorted({text.shown(cell) for cell in cells if not spoken.sex_of(cell)}))

    # -- when ----------------------------------------------------------------------------------------------------------

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The moments that a row tells of, in the order of their columns."""
        return ("",) if self.is_long else tuple(dict.fromkeys(column.group for column in self.measures)) or ("",)

    def clocks(self, group: str) -> dict[str, Column]:
        """The columns that tell when a group was measured: its own, else those of all groups."""
        found: dict[str, Column] = {}
        for of in ("", group) if not self.is_long else (None,):
            found.update({str(column.field): column for column in self._clocks if of in (None, column.group)})
        return found

    def has_day(self, group: str) -> bool:
        return bool({"day", "moment"} & set(self.clocks(group))) or self.in_heading(group).day is not None

    def has_time(self, group: str) -> bool:
        return bool({"time", "moment"} & set(self.clocks(group))) or self.in_heading(group).at is not None

    def together(self, group: str, days: Mapping[str, str]) -> tuple[str, ...]:
        """The groups of which a reading would be of one moment with the same one of this group if nobody said their
        times, and itself, in their order; none where it is alone, or has a column or heading for its time. `days` are
        those that were answered."""
        clock = self._column(group, "time", "moment")
        if self.in_heading(group).at is not None or (clock is not None and clock.group == group):
            return ()
        found = tuple(
            other
            for other in self.groups
            if other == group
            or (
                self._column(other, "time", "moment") == clock
                and self.in_heading(other).at is None
                and self._measured(group) & self._measured(other)
                and self._on_one_day(group, other, days)
            )
        )
        return found if len(found) > 1 else ()

    def is_said_first(self, group: str) -> bool:
        """Whether the time that was said of a group, or its heading tells, counts and not that of a column for all."""
        told_apart = self.answers.times.get(group) and self.together(group, self.answers.days)
        clock = self._column(group, "time", "moment")
        is_common = clock is not None and clock.group != group
        return is_common and bool(told_apart or self.in_heading(group).at)

    def _on_one_day(self, one: str, other: str, days: Mapping[str, str]) -> bool:
        column, another = self._column(one, "moment", "day"), self._column(other, "moment", "day")
        if column is not None and another is not None:
            return column == another or frozenset((column.index, another.index)) in self._same_days
        if column is not None or another is not None:
            return False
        day, other_day = (days.get(group) or str(self.in_heading(group).day or "") for group in (one, other))
        return day == other_day != ""

    def _measured(self, group: str) -> set[str]:
        fields = {str(column.field) for column in self.measures if column.group == group}
        return fields | {"systolic", "diastolic"} if PRESSURE in fields else fields

    def _column(self, group: str, *fields: str) -> Column | None:
        """The column that tells the first of these clocks that there is for a group."""
        clocks = self.clocks(group)
        return next((clocks[field] for field in fields if field in clocks), None)

    @cached_property
    def _same_days(self) -> frozenset[frozenset[int]]:
        """Pairs of columns of days in which the same day stands in some row."""
        columns = sorted({column.index for column in self._clocks if column.field == "day"})
        if len(columns) < 2:
            return frozenset()
        pairs = set()
        for _, row in self.rows.data:
            first: dict[Cell, int] = {}
            for column in columns:
                cell = row[column]
                if cell is not None and first.setdefault(cell, column) != column and not is_absent(cell):
                    pairs.add(frozenset((first[cell], column)))
        return frozenset(pairs)

    def in_heading(self, group: str) -> Stamp:
        """The day and the time that a heading tells itself, such as "21 Nov 2026 AM" or "08:00", where they can be read
        in one way only."""
        if group not in self._headings:
            self._headings[group] = self._of_heading(group)
        return self._headings[group]

    @staticmethod
    def _of_heading(group: str) -> Stamp:
        words = group.split()
        parts = [words[:at] for at in range(len(words), 0, -1)] + [words[at:] for at in range(1, len(words))]
        for part in parts:
            found = stamp(" ".join(part))
            if isinstance(found, Stamp) and found.precision == "day" and (found.day or found.at) and not found.parts:
                return Stamp(found.day, at=found.at)
        return Stamp()

    @cached_property
    def stamps(self) -> dict[int, tuple[Stamp, ...]]:
        """What the different cells of each column of dates say."""
        dated = [column for column in self._clocks if column.field != "time"]
        if "born" in self.columns:
            dated.append(self.columns["born"])
        return {
            column.index: tuple(found for cell in self.cells(column) if isinstance(found := stamp(cell), Stamp))
            for column in dated
        }

    @cached_property
    def orders(self) -> dict[int, Order]:
        """In which order the dates of each column that has any stand."""
        told = {column.index: column.unit for column in self.layout.columns}
        return orders_of(self.stamps, told, self.answers.date_order, self._clinic, self.answers.date_orders)

    def of_dates(self) -> Iterator[tuple[int, Trouble]]:
        """What is to be noted of columns of dates: how those are read that do not say all."""
        for column, stamps in self.stamps.items():
            if noted := self.orders[column].noted:
                yield column, Trouble("order of dates told from the dates", noted, "noted")
            if any(found.counted for found in stamps):
                yield column, _COUNTED
            is_birth = "born" in self.columns and column == self.columns["born"].index
            if any(found.of_month for found in stamps) and not is_birth:
                yield column, _NO_YEAR

    # -- what ----------------------------------------------------------------------------------------------------------

    @cached_property
    def manners(self) -> dict[int | str, tuple[Manner, Trouble | None]]:
        """How numbers are meant, and what is to be noted: by column, in a long sheet by measure."""
        said = self.layout.units
        if not self.is_long:
            return {
                column.index: manner_of(
                    str(column.field), tuple(self.cells(column)), column.unit, said.get(str(column.field), "")
                )
                for column in self.measures
            }
        return {field: manner_of(field, cells, "", said.get(field, "")) for field, cells in self.long_cells.items()}

    @cached_property
    def long_cells(self) -> dict[str, tuple[Cell, ...]]:
        """The values of each measure of a long sheet, in rows that tell no unit."""
        found: dict[str, dict[Cell, None]] = {}
        measure, value, unit = (self.columns.get(field) for field in ("measure", "value", "unit"))
        if measure is None or value is None:
            return {}
        for _, row in self.rows.data:
            field, own = self.long_fields.get(row[measure.index], ("", ""))
            told = own or (unit is not None and not text.is_blank(row[unit.index]))
            cells = found.setdefault(field, {}) if field else {}
            if not told and row[value.index] is not None:
                cells[row[value.index]] = None
        return {field: tuple(cells) for field, cells in found.items()}

    @cached_property
    def long_fields(self) -> dict[Cell, tuple[str, str]]:
        """The measure that each word of a long sheet names, and the unit in it; both empty where it names none of ours.
        Oxygen by itself is what its values can only be."""
        found, measure = {}, self.columns["measure"]
        for cell in self.cells(measure):
            meant = measure_of(text.shown(cell))
            field = meant.field or ""
            if OXYGEN_GIVEN in meant.may_be:
                value = self.columns["value"].index
                field = oxygen_by_values([row[value] for _, row in self.rows.data if row[measure.index] == cell])
            found[cell] = (field, meant.unit)
        return found

    def long_unit(self, field: str, cell: Cell) -> str | None:
        """The unit beside a value, empty where there is none; None where it is none of that measure."""
        if text.is_blank(cell) or is_absent(cell):
            return ""
        unit = unit_of(field, text.cleaned(text.shown(cell)))
        return "" if unit is None and field in WORDS else unit

    @cached_property
    def units_in_doubt(self) -> dict[str, tuple[tuple[str, ...], Column, tuple[float, ...]]]:
        """Measures of which the unit must be asked: the units, the likely one first, a column and its numbers. A unit
        that was said before counts only while the numbers can have it."""
        found: dict[str, tuple[tuple[str, ...], Column, tuple[float, ...]]] = {}
        for field, column, cells, manner in self._numbered():
            bare = bare_numbers(field, cells)
            likely = likely_units(field, bare)
            said = field in self.answers.units
            remembered = self.layout.units.get(field, "") if field == "glucose" and not column.unit else ""
            is_open = not manner.unit and not manner.by_range
            if manner.by_range and not manner.unit:
                is_open = not any(30 <= number <= 45 or 90 <= number <= 110 for number in bare)
            if bare and not said and field not in found and (is_open or remembered not in ("", likely[0])):
                found[field] = (likely, column, tuple(bare[:5]))
        return found

    def _numbered(self) -> Iterable[tuple[str, Column, tuple[Cell, ...], Manner]]:
        if self.is_long and "value" in self.columns:
            for field, cells in self.long_cells.items():
                if field in NUMBERS and NUMBERS[field].scales:
                    yield field, self.columns["value"], cells, self.manners[field][0]
            return
        for column in self.measures:
            field = str(column.field)
            if field in NUMBERS and NUMBERS[field].scales:
                yield field, column, tuple(self.cells(column)), self.manners[column.index][0]

    @cached_property
    def fields(self) -> frozenset[str]:
        """The measures that the sheet has anything for."""
        found = set(self.long_cells) if self.is_long else {str(column.field) for column in self.measures}
        return frozenset(found | {"systolic", "diastolic"} if "pressure" in found else found)
