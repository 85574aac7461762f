"""What must be asked before a sheet can be read."""

from collections.abc import Iterator, Mapping

from webapp.content.vitals.bands import NEWS2
from webapp.content.vitals.daily import NUMBERS
from webapp.uploads.layout import text
from webapp.uploads.layout.dates import stamp
from webapp.uploads.layout.layout import (
    EVERYBODY,
    FIELDS,
    LEFT_OUT,
    NAME_ORDERS,
    NOT_KNOWN,
    ORDERS,
    SEXES,
    Answers,
    Ask,
    Column,
    Layout,
)
from webapp.uploads.layout.numbers import Unread
from webapp.uploads.layout.plan import Plan
from webapp.uploads.layout.recognising import likely_sheets
from webapp.uploads.workbook import Workbook, letter

MOST_CODES = 8
"""Different codes of sex that are asked about; a column with more holds something else, and each is a fault."""
_EXAMPLES = 5
_EVERYBODY = {
    "oxygen_given": ("Air or oxygen", "The sheet does not tell whether patients breathed air or were given oxygen."),
    "consciousness": ("Consciousness", "The sheet does not tell whether patients were alert."),
}
_WORDS = {
    "air": "All breathed air",
    "oxygen": "All were given oxygen",
    "alert": "All were alert",
    "confused": "All were newly confused",
    "voice": "All responded to voice only",
    "pain": "All responded to pain only",
    "unresponsive": "All were unresponsive",
    NOT_KNOWN: "Not known: they get no NEWS2 score",
}


def asked(workbook: Workbook, layout: Layout, answers: Answers, date_order: str) -> tuple[Ask, ...]:
    """What is still to be answered before drafts can be made; empty when they can. What columns mean comes first, since
    all else depends on it. `date_order` is the clinic's convention, empty where it has not said."""
    return _asked(workbook, layout, answers, date_order, answers.days)


def questions(workbook: Workbook, layout: Layout, answers: Answers, date_order: str) -> tuple[Ask, ...]:
    """All that the sheet does not say, answered already or not, as a form asks it: what asked() tells, and what it told
    before it was answered. The meaning of columns that is answered is none of it."""
    bare = Answers(sheet=answers.sheet, columns=answers.columns)
    return _asked(workbook, layout, bare, date_order, answers.days)


def _asked(
    workbook: Workbook, layout: Layout, answers: Answers, date_order: str, days: Mapping[str, str]
) -> tuple[Ask, ...]:
    if not workbook.sheets:
        return ()
    if not answers.sheet and len(sheets := likely_sheets(workbook)) > 1:
        options = tuple((str(at), workbook.sheets[at].name or f"Sheet {at + 1}") for at in sheets)
        return (Ask("sheet", "Which sheet is to be read?", "The file has several with readings.", "choice", options),)
    plan = Plan(workbook, layout, answers, date_order)
    if about_columns := tuple(_columns(plan)):
        return about_columns
    if not plan.has_patients or not plan.has_readings:
        return ()
    return (*_date_order(plan), *_names(plan), *_moments(plan, days), *_units(plan), *_sex(plan), *_everybody(plan))


def _columns(plan: Plan) -> Iterator[Ask]:
    """The columns in doubt. When there are none and patients or readings are missing: those that are not recognised,
    the first one with what is missing as its hint."""
    unasked = [column for column in plan.layout.columns if column.index not in plan.answers.columns]
    doubtful = [column for column in unasked if column.may_be]
    for column in doubtful:
        fields = tuple(dict.fromkeys((*column.may_be, LEFT_OUT)))
        yield _about(plan, column, "The header can mean several things, or another column means the same.", fields)
    hint = _what_is_missing(plan)
    if not doubtful and not (plan.has_patients and plan.has_readings):
        for column in unasked:
            if column.field is None:
                yield _about(plan, column, hint, tuple(FIELDS))
                hint = ""


def _what_is_missing(plan: Plan) -> str:
    if not plan.has_patients:
        return "No column is recognised as the patients' numbers or names."
    return "No column is recognised as a measurement."


def _about(plan: Plan, column: Column, hint: str, fields: tuple[str, ...]) -> Ask:
    name = f"{letter(column.index)}, {column.header}," if column.header else letter(column.index)
    options = tuple((field, FIELDS[field]) for field in fields)
    examples = _examples(plan, column)
    return Ask(
        f"columns:{column.index}", f"What does column {name} hold?", hint, "choice", options, column.index, examples
    )


def _examples(plan: Plan, column: Column) -> tuple[str, ...]:
    cells = (text.shown(cell)[:60] for cell in plan.cells(column))
    return tuple([shown for shown in cells if shown][:_EXAMPLES])


def _date_order(plan: Plan) -> Iterator[Ask]:
    """The order of dates in columns that leave it open, once, and that of each column that contradicts itself or how
    dates usually stand."""
    asked = [
        column for column in plan.layout.columns if column.index in plan.orders and plan.orders[column.index].asked
    ]
    together = [column for column in asked if not plan.orders[column.index].alone]
    for column in asked:
        order = plan.orders[column.index]
        if not order.alone and column is not together[0]:
            continue
        key, names = "date_order", " and ".join(column.name for column in together)
        hint = "The dates can be read in more than one way."
        if order.alone:
            key, names = f"date_orders:{column.index}", column.name
            hint = "Not all of these dates can be read in one order, or not in the one that is usual."
        yield Ask(
            key, f"In which order do the dates of {names} stand?", hint, "choice",
            tuple((one, ORDERS[one]) for one in order.likely), column.index, _doubtful_dates(plan, column),
        )  # fmt: skip


def _doubtful_dates(plan: Plan, column: Column) -> tuple[str, ...]:
    shown = []
    for cell in plan.cells(column):
        found = stamp(cell)
        if not isinstance(found, Unread) and found.parts is not None:
            shown.append(text.shown(cell))
            if len(shown) == _EXAMPLES:
                break
    return tuple(shown)


def _names(plan: Plan) -> Iterator[Ask]:
    names = plan.names_in_doubt
    if names and not plan.layout.name_order:
        yield Ask(
            "name_order", "In which order do names stand?",
            "Names with a comma are read as family name, given name. These have none.", "choice",
            tuple(NAME_ORDERS.items()), plan.columns["name"].index, names[:_EXAMPLES],
        )  # fmt: skip


def _moments(plan: Plan, days: Mapping[str, str]) -> Iterator[Ask]:
    """The day of each group that the sheet does not tell, and the time of day where it matters. It can be left open but
    of groups on one `days`, which nothing else tells apart."""
    for group in plan.groups:
        of = f" of “{group}”" if group else ""
        has_time, has_day = plan.has_time(group), plan.has_day(group)
        if not has_day and group not in plan.answers.days:
            hint = "The sheet tells times but no date." if has_time else "The sheet does not tell when."
            yield Ask(f"days:{group}", f"On which day were the readings{of} taken?", hint, "day")
        key, label = f"times:{group}", f"At what time were the readings{of} taken?"
        if together := plan.together(group, days):
            if not plan.answers.times.get(group):
                yield Ask(key, label, _on_one_day(together), "time")
        elif not has_time and not has_day and group not in plan.answers.times:
            hint = "Leave this empty where it is not known, or differs from patient to patient."
            yield Ask(key, label, hint, "time", optional=True)


def _on_one_day(groups: tuple[str, ...]) -> str:
    named = [f"“{group}”" for group in groups if group]
    names = f"{', '.join(named[:-1])} and {named[-1]}" if len(named) == len(groups) else "Several readings of a patient"
    return (
        f"{names} are on the same day. At what time was each? Without times they cannot be told apart: where nobody "
        "knows, enter an estimated time."
    )


def _units(plan: Plan) -> Iterator[Ask]:
    for field, (units, column, numbers) in plan.units_in_doubt.items():
        hint = (
            "The sheet gives no unit. From its numbers the first one is the more likely." if field == "glucose" else ""
        )
        yield Ask(
            f"units:{field}", f"In which unit is {NUMBERS[field].label.lower()} given?", hint or
            "The sheet gives no unit.", "choice", tuple((unit, unit) for unit in units), column.index,
            tuple(text.shown(number) for number in numbers),
        )  # fmt: skip


def _sex(plan: Plan) -> Iterator[Ask]:
    codes = plan.sex_codes
    if len(codes) > MOST_CODES:
        return
    for code in codes:
        if code in plan.layout.sex:
            continue
        column = plan.columns["sex"]
        legend = tuple(_legend(plan, column))
        hint = f"Elsewhere in this column the sheet says: {'; '.join(legend)}." if legend else ""
        yield Ask(
            f"sex:{code}",
            f"What does “{code}” mean as sex?",
            hint,
            "choice",
            tuple(SEXES.items()),
            column.index,
            legend,
        )


def _legend(plan: Plan, column: Column) -> Iterator[str]:
    for row in plan.rows.ignored:
        cell = plan.sheet.rows[row][column.index]
        if row >= plan.layout.first_row and isinstance(cell, str) and "=" in cell:
            yield text.shown(cell)[:60]


def _everybody(plan: Plan) -> Iterator[Ask]:
    """What NEWS2 needs besides the five numbers and the sheet has not at all: asked only where a score could come of
    it."""
    if not {measure.name for measure in NEWS2} <= plan.fields:
        return
    for measure, words in EVERYBODY.items():
        if measure in plan.fields or measure in plan.answers.everybody:
            continue
        label, hint = _EVERYBODY[measure]
        yield Ask(f"everybody:{measure}", label, hint, "choice", tuple((word, _WORDS[word]) for word in words))
