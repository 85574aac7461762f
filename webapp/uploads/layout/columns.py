"""What columns mean once their values are looked at, and where that leaves doubt."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import islice

from webapp.content.vitals.daily import CONSCIOUSNESS, NUMBERS, OXYGEN_GIVEN
from webapp.uploads.layout import spoken, text
from webapp.uploads.layout.dates import Stamp, stamp
from webapp.uploads.layout.headers import Meaning, is_moment_like, measure_of
from webapp.uploads.layout.layout import LEFT_OUT, MEASURES, PRESSURE, Column, Layout
from webapp.uploads.layout.numbers import Number, Unread, is_absent, read
from webapp.uploads.layout.pressures import has_two
from webapp.uploads.workbook import Cell, Sheet

LOOKED_AT = 2000
"""Filled cells of a column by which its meaning is judged."""
_MOST = 0.9
"""The share of them that must agree: footers and slips stand among them."""
_STILL_NOW = ("fasting", "random")
"""What a single measure may be called without being of another moment than its row."""
_SOME = 0.05
"""The share of cells naming our measures above which a column is about measures: sheets may tell of much else."""
_CLOCKS = ("moment", "day", "time")
_LONG = ("measure", "value", "unit")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A column with its header's meaning and the cells by which it is judged."""

    column: Column
    meant: Meaning
    cells: tuple[Cell, ...]

    @property
    def field(self) -> str | None:
        return self.column.field

    def share(self, holds: Callable[[Cell], bool]) -> float:
        return sum(map(holds, self.cells)) / len(self.cells) if self.cells else 0.0

    @property
    def numbers(self) -> list[float]:
        found = (read(cell, "") for cell in self.cells)
        return sorted(one.value for one in found if isinstance(one, Number))

    def within(self, *ranges: tuple[float, float]) -> bool:
        """Whether nearly all cells are numbers within these."""
        fits = sum(any(low <= number <= high for low, high in ranges) for number in self.numbers)
        return bool(self.cells) and fits >= _MOST * len(self.cells)

    def now(self, field: str | None, may_be: tuple[str, ...] = ()) -> "_Seen":
        is_date = {field, self.field} <= {"moment", "day"}
        unit = self.column.unit if is_date or field == self.field else ""
        return replace(self, column=replace(self.column, field=field, may_be=may_be, unit=unit))


def settled_columns(
    sheet: Sheet, named: Sequence[tuple[Column, Meaning]], number: int, header_rows: tuple[int, ...]
) -> Layout:
    """The layout of a sheet of which the headers have been read: each column with what its header means by itself."""
    first = header_rows[-1] + 1
    seen = [
        _Seen(replace(column, field=meant.field, unit=meant.unit), meant, _cells(sheet, column.index, first))
        for column, meant in named
    ]
    seen = _with_measure(seen)
    is_long = _is_long(seen)
    if not any("measure" in one.column.may_be for one in seen):
        seen = [_of_kind(one, is_long) for one in seen]
    fields = {one.field for one in seen}
    seen = [_by_values(one, fields) for one in seen]
    seen = _with_scale(seen)
    seen = _in_groups(seen)
    seen = _one_of_each(seen)
    return Layout(number, header_rows, first, "long" if is_long else "wide", tuple(one.column for one in seen))


def _cells(sheet: Sheet, column: int, first: int) -> tuple[Cell, ...]:
    cells = (row[column] for row in sheet.rows[first:])
    return tuple(islice((cell for cell in cells if not text.is_blank(cell) and not is_absent(cell)), LOOKED_AT))


def _is_long(seen: list[_Seen]) -> bool:
    fields = {one.field for one in seen}
    return {"measure", "value"} <= fields and any(
        one.field == "measure" and _names_measures(one) > _SOME for one in seen
    )


def _with_measure(seen: list[_Seen]) -> list[_Seen]:
    """Where there is a column of values and none that says of what by its header, such as "Description": the one whose
    cells do. If only some do, somebody must say."""
    fields = {one.field for one in seen}
    if "value" not in fields or "measure" in fields or fields & MEASURES:
        return seen
    at = max(range(len(seen)), key=lambda at: (_names_measures(seen[at]) if seen[at].field is None else 0.0, -at))
    share = _names_measures(seen[at]) if seen[at].field is None else 0.0
    if share <= _SOME:
        return seen
    one = seen[at].now("measure") if share >= 0.5 else seen[at].now(None, ("measure", LEFT_OUT))
    return [*seen[:at], one, *seen[at + 1 :]]


def _names_measures(one: _Seen) -> float:
    """The share of cells that name one of our measures."""
    words = Counter(map(text.shown, one.cells))
    return sum(count for word, count in words.items() if measure_of(word).field) / max(len(one.cells), 1)


def _of_kind(one: _Seen, is_long: bool) -> _Seen:
    """A long sheet has no column for a measure, and a wide one none for all measures."""
    return one.now(None) if one.field in (MEASURES if is_long else _LONG) else one


def _by_values(one: _Seen, fields: set[str | None]) -> _Seen:
    if one.field in _CLOCKS:
        return one.now(_clock_of(one))
    if one.field == PRESSURE and one.cells and not any(map(has_two, one.cells)) and one.numbers:
        return one.now(None, ("systolic", "diastolic", LEFT_OUT))
    if one.field in NUMBERS and one.share(has_two) >= 0.5:
        return one.now(None, (PRESSURE, str(one.field), LEFT_OUT))
    if one.field == CONSCIOUSNESS and text.key(one.column.header) == "loc":
        return one if one.share(lambda cell: isinstance(spoken.level(cell), str)) >= 0.5 else one.now(LEFT_OUT)
    if one.field is None and one.meant.may_be:
        return _chosen(one, fields)
    return one


def _clock_of(one: _Seen) -> str | None:
    """Date, time or both, as the values say; the header's word where they say nothing."""
    stamps = [found for cell in one.cells if isinstance(found := stamp(cell, one.field == "time"), Stamp)]
    if not stamps:
        return one.field
    days = sum(found.has_day and found.precision == "day" for found in stamps)
    times = sum(found.at not in (None, time()) for found in stamps)
    if days < len(stamps) / 2:
        return "time"
    return "moment" if times else "day"


def _chosen(one: _Seen, others: set[str | None]) -> _Seen:
    """One of the fields that a short or doubtful header may mean, where the values leave no other; else all of them, to
    be asked about."""
    may_be = one.meant.may_be
    if "scale" in may_be:
        return one
    if "mrn" in may_be:
        return _who(one, others, may_be)
    free = tuple(field for field in may_be if field not in others)
    if OXYGEN_GIVEN in may_be:
        fits = [field for field in free if _FITS[field](one)]
        return one.now(fits[0]) if len(fits) == 1 else one.now(None, (*may_be, LEFT_OUT))
    if "pulse" in may_be and "respiration" in may_be:
        return one.now(None, may_be)
    fits = [field for field in free if field != LEFT_OUT and one.cells and _FITS[field](one)]
    return one.now(fits[0] if len(fits) == 1 else None)


def _who(one: _Seen, others: set[str | None], may_be: tuple[str, ...]) -> _Seen:
    if "name" in may_be:
        with_digits = one.share(lambda cell: any(sign.isdigit() for sign in text.shown(cell)))
        if "mrn" not in others and with_digits == 1:
            return one.now("mrn")
        free = not others & {"name", "family", "given"}
        return one.now("name") if free and with_digits == 0 and one.cells else one.now(None, (*may_be, LEFT_OUT))
    if "mrn" in others:
        return one.now(None)
    if text.key(one.column.header) == "id":
        return one.now("mrn")
    counts = one.numbers == [float(at) for at in range(1, len(one.cells) + 1)]
    return one.now(LEFT_OUT) if counts and others & {"name", "family"} else one.now(None, may_be)


def _with_scale(seen: list[_Seen]) -> list[_Seen]:
    """A column headed "Scale" is that of SpO2 where there are saturations beside it and it holds nothing but 1 and 2;
    with anything else in it, somebody must say. It tells of something else where there are no saturations, or another
    column tells their scale."""
    fields = {one.field for one in seen} | {field for one in seen for field in one.column.may_be}
    words = (text.shown(cell) for one in seen if one.field == "measure" for cell in one.cells)
    is_told = "scale" in fields or not ("oxygen" in fields or any(_is_oxygen(word) for word in words))
    found = []
    for one in seen:
        if one.field is None and "scale" in one.meant.may_be and not is_told:
            is_scale = one.share(lambda cell: not isinstance(spoken.scale(cell), Unread)) == 1 or not one.cells
            one = one.now("scale") if is_scale else one.now(None, one.meant.may_be)
        found.append(one)
    return found


def _is_oxygen(word: str) -> bool:
    meant = measure_of(word)
    return "oxygen" in (meant.field, *meant.may_be)


def _is_supply(one: _Seen) -> bool:
    """Words, or flows of 0 to 15 L/min."""
    return (
        one.share(lambda cell: not isinstance(spoken.oxygen(cell, "", False), Unread) and not _is_large(cell)) >= _MOST
    )


def _is_large(cell: Cell) -> bool:
    found = read(cell, "oxygen")
    return isinstance(found, Number) and found.value > 15


def _is_saturation(one: _Seen) -> bool:
    """Percents as saturations are: hardly anybody breathes oxygen of 90 % and more, and not in differing amounts."""
    numbers = [found.value for cell in one.cells if isinstance(found := read(cell, "oxygen"), Number)]
    if len(numbers) < _MOST * len(one.cells) or not numbers:
        return False
    return min(numbers) >= 60 and sorted(numbers)[len(numbers) // 2] >= 90 and set(numbers) != {100.0}


def oxygen_by_values(cells: Sequence[Cell]) -> str:
    """Whether values under "O2" are saturations or what was breathed; empty where they can be both or neither."""
    filled = tuple(islice((cell for cell in cells if not text.is_blank(cell) and not is_absent(cell)), LOOKED_AT))
    one = _Seen(Column(0, ""), Meaning(None), filled)
    fits = [field for field in ("oxygen", OXYGEN_GIVEN) if filled and _FITS[field](one)]
    return fits[0] if len(fits) == 1 else ""


def _is_time(one: _Seen) -> bool:
    return (
        one.share(
            lambda cell: (
                isinstance(cell, time | datetime | date)
                or (isinstance(cell, str) and isinstance(stamp(cell, of_day=True), Stamp))
            )
        )
        >= _MOST
    )


_FITS: dict[str, Callable[[_Seen], bool]] = {
    "oxygen": _is_saturation,
    OXYGEN_GIVEN: _is_supply,
    "pulse": lambda one: one.within((20, 250)),
    "temperature": lambda one: one.within((30, 45), (90, 110)),
    "time": _is_time,
    "respiration": lambda one: one.within((4, 70)),
    "systolic": lambda one: one.within((50, 260)),
    "diastolic": lambda one: one.within((20, 160)),
}


def _in_groups(seen: list[_Seen]) -> list[_Seen]:
    """Groups only where they tell moments apart: the same measure stands under several of them, or their heading sounds
    like a moment."""
    headings: dict[str | None, set[str]] = {}
    for one in seen:
        if one.field in MEASURES or one.field in _CLOCKS:
            headings.setdefault(one.field, set()).add(one.column.group)
    told_apart = {
        group for field, groups in headings.items() if field in MEASURES and len(groups) > 1 for group in groups
    }
    counts = Counter(one.field for one in seen)
    found = []
    for one in seen:
        group = ""
        if one.field in MEASURES or one.field in _CLOCKS or one.column.may_be:
            heading = one.column.group
            group = heading if heading in told_apart or is_moment_like(heading) or _is_day(heading) else ""
            if one.meant.suffix and counts[one.field] > 1:
                suffix, header = _parted(one)
                group = group if text.key(suffix) == text.key(group) else f"{group} {suffix}".strip()
                one = replace(one, column=replace(one.column, header=header))
            elif one.meant.suffix not in ("", *_STILL_NOW) and one.field in MEASURES:
                one = one.now(None, (str(one.field), LEFT_OUT))
        found.append(replace(one, column=replace(one.column, group=group)))
    return found


def _is_day(heading: str) -> bool:
    found = stamp(heading)
    return isinstance(found, Stamp) and found.has_day


def _parted(one: _Seen) -> tuple[str, str]:
    """A header such as "Glucose PRE (mg/dL)" as the words that tell the moment, in its own letters, and the rest."""
    words = re.split(r"[ \-]+", text.cleaned(one.column.header.replace("_", " ")))
    wanted = one.meant.suffix.split()
    kept = [word for word in words if text.key(word) in wanted]
    rest = " ".join(word for word in words if text.key(word) not in wanted).rstrip(" ,;:-")
    if len(kept) == len(wanted):
        return " ".join(word.strip("()[],;:-") for word in kept), rest
    return one.meant.suffix, " ".join(words).removesuffix(one.meant.suffix).strip()


def _one_of_each(seen: list[_Seen]) -> list[_Seen]:
    """Of several columns for the same thing the one with the most usual name counts; of equal ones, and of measures and
    dates, somebody must choose. Measures with the very same header are several readings."""
    found = list(seen)
    places: dict[tuple[str, str], list[int]] = {}
    for at, one in enumerate(seen):
        if one.field not in (None, LEFT_OUT, OXYGEN_GIVEN):
            places.setdefault((str(one.field), one.column.group), []).append(at)
    repeated: Counter[tuple[str, str]] = Counter()
    for (field, group), those in places.items():
        if len(those) == 1:
            continue
        if field in MEASURES and len({text.key(seen[at].column.header) for at in those}) == 1:
            for at in those:
                repeated[field, group] += 1
                column = seen[at].column
                name = f"{group} {repeated[field, group]}".strip()
                found[at] = replace(seen[at], column=replace(column, group=name))
            continue
        ranks = sorted(seen[at].meant.rank for at in those)
        for at in those:
            if field in MEASURES or field in _CLOCKS or ranks[0] == ranks[1]:
                found[at] = seen[at].now(None, (field, LEFT_OUT))
            elif seen[at].meant.rank > ranks[0]:
                found[at] = seen[at].now(None)
    return found
