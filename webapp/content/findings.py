"""Sentences about figures, each true by the rule that chose it: also for none, one, level and tied figures.

Nouns are plural ("visits"). A percentage has one decimal, as in figures.Change, so that a number in a sentence can be
found in the figures. Where the base is under SMALL, or the rise over LARGE, there is none, and sentences name the two
counts instead: "rose by 100 %" says less than "rose from 1 to 2".
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from webapp import words
from webapp.content import coverage, periods
from webapp.content.periods import Period
from webapp.figures import Change, Column, Definition, Table

SMALL = 20
LARGE = 200.0
ALL, ALL_OTHERS = "All", "All others"
"""The names of rows that stand for several."""
MOST_NAMED = 2
"""More leaders than these are not told by name."""

CHANGE_DEFINITION = Definition(
    "Change",
    f"The percentage is of the earlier count, and left out where that is under {SMALL} or the rise is over {LARGE:.0f} "
    "%: there the two counts say more. Nothing is compared with a period of which the clinic has no records.",
)
"""Of any comparison: change_definition() says with what."""

_ORDINALS = (
    "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
)  # fmt: skip


def change_definition(rule: str) -> Definition:
    """CHANGE_DEFINITION of a report that compares as `rule` says: "the month before"."""
    return replace(CHANGE_DEFINITION, meaning=f"Against {rule}. {CHANGE_DEFINITION.meaning}")


def share(part: int, whole: int) -> float | None:
    """Percent, with one decimal; None where there is nothing to share."""
    return ratio(100 * part, whole)


def ratio(part: int, whole: int) -> float | None:
    """With one decimal, a half rounded away from zero; None where there is nothing to divide by."""
    if not whole:
        return None
    # In whole tenths, for round() takes a half to the even side, and most halves are not exact in binary.
    tenths = (20 * abs(part) + whole) // (2 * whole)
    return (tenths if part > 0 else -tenths) / 10


def percent_change(now: int, base: int) -> float | None:
    """None where a percentage would say too little: see SMALL and LARGE."""
    percent = share(now - base, base)
    return percent if percent is not None and base >= SMALL and percent <= LARGE else None


def change(now: int, base: int, earlier: Period) -> Change:
    return Change(now - base, percent_change(now, base), periods.full_label(*earlier))


def difference(now: float | None, base: float | None, earlier: Period) -> Change | None:
    """The step of a figure that counts nothing, such as a mean, with one decimal; None where one of the two is unknown.
    It has no percentage: that of a mean is taken for that of the count behind it."""
    if now is None or base is None:
        return None
    return Change(round(now - base, 1) or 0, None, periods.full_label(*earlier))


def _count(value: int) -> str:
    return words.number(value) if value else "none"


def _percent(now: int, base: int) -> str:
    """ "6.5 %", or nothing where a percentage would say too little; a fall to none says so itself."""
    percent = percent_change(now, base)
    return f"{words.number(abs(percent), 1)} %" if now and percent is not None else ""


def moved_on(now: int, base: int, name: str) -> str:
    """What a plural noun did: "rose by 6.5 % from September 2026", "were level with September 2026"."""
    if now == base:
        return f"were level with {name}"
    percent = _percent(now, base)
    verb = "rose" if now > base else "fell"
    if not percent:
        return f"{verb} from {_count(base)} to {_count(now)}"
    return f"were almost level with {name}" if percent == "0.0 %" else f"{verb} by {percent} from {name}"


def moved_to(now: int, base: int) -> str:
    """The same with where it led: "rose by 6.5 % to 1,204", "stayed at 291"."""
    if now == base:
        return f"stayed at {_count(now)}"
    percent = _percent(now, base)
    verb = "rose" if now > base else "fell"
    if not percent:
        return f"{verb} from {_count(base)} to {_count(now)}"
    return f"{verb} slightly to {_count(now)}" if percent == "0.0 %" else f"{verb} by {percent} to {_count(now)}"


def compared(now: int, base: int, earlier: Period) -> str:
    """A count set against that of an earlier period: "6.5 % more than in September 2026", "as many as ..."."""
    when = periods.within(*earlier)
    if now == base:
        return f"as many as {when}"
    percent = _percent(now, base)
    if not percent:
        return f"against {_count(base)} {when}"
    if percent == "0.0 %":
        return f"almost as many as {when}"
    return f"{percent} {'more' if now > base else 'fewer'} than {when}"


def comparison(
    key: str,
    title: str,
    label: str,
    now: Period,
    earlier: Period,
    steps: Mapping[str, tuple[int, int]],
    records_begin: date | None,
) -> Table:
    """A row for each step: its name, then the count earlier and the count now. `label` heads the names."""
    columns = (
        Column("what", label),
        Column("then", periods.full_label(*earlier), "count"),
        Column("now", periods.full_label(*now), "count"),
        Column("change", "Change", "count"),
        Column("percent", "Change in percent", "percent", decimals=1),
    )
    rows = tuple((name, was, came, came - was, percent_change(came, was)) for name, (was, came) in steps.items())
    return Table(key, title, columns, rows, note=coverage.comparison_note(earlier, records_begin))


def leaders(counts: Mapping[str, int]) -> list[str]:
    """The names that share the highest count; none where all are zero."""
    highest = max(counts.values(), default=0)
    return [name for name, count in counts.items() if count == highest] if highest else []


def months_title(noun: str, months: Mapping[str, int], period: Period, records_begin: date | None) -> str:
    """The title of a chart of months that are covered by records, for a report about `period`. Where that is not whole
    months, it names the months shown and claims nothing. A month covered in part is no step to rise or fall from."""
    is_one_month = period == periods.month_of(period[1])
    told = coverage.whole_months(months, records_begin) if is_one_month else months
    if not periods.is_whole_months(*period) or len(told) < 2:
        first, last = periods.month_named(next(iter(months))), periods.month_of(period[1])
        return f"{noun} {periods.within(first[0], last[1])}"
    return trend_title(noun, list(told.items()), is_one_month)


def trend_title(noun: str, months: Sequence[tuple[str, int]], is_about_last: bool) -> str:
    """The title of a chart of months (key such as "2026-10", count), in order. With `is_about_last` it tells of the
    step to the last month, else of the highest months."""
    counts = [count for _, count in months]
    names = [words.month(key, short=False) for key, _ in months]
    if len(counts) > 1 and is_about_last:
        return f"{noun} {_last_step(counts, names)}"
    top = leaders(dict(zip(names, counts, strict=True)))
    if not top:
        return f"No {noun.lower()}"
    if len(top) == len(names) > 1:
        return f"{noun} were level from month to month"
    if len(top) > MOST_NAMED:
        return f"{len(top)} months share the highest number of {noun.lower()}"
    return f"{noun} were highest in {words.listed(top)}" if len(names) > 1 else f"{noun} in {names[0]}"


def _last_step(counts: Sequence[int], names: Sequence[str]) -> str:
    for verb, sign in (("rose", 1), ("fell", -1)):
        running = _running([sign * count for count in counts])
        if running >= 2:
            nth = f"the {_ORDINALS[running - 2]} month" if running < len(_ORDINALS) + 2 else f"{running} months"
            return f"{verb} for {nth} running"
    return moved_on(counts[-1], counts[-2], names[-2])


def _running(counts: Sequence[int]) -> int:
    """How many steps in a row, up to the last, were upward."""
    running = 0
    for later, earlier in zip(reversed(counts), reversed(counts[:-1]), strict=False):
        if later <= earlier:
            break
        running += 1
    return running
