"""The sections of the comprehensive analytics: tables, and the charts that show them."""

from collections import Counter

from webapp import words
from webapp.content import adoption, coverage, findings, named, periods
from webapp.content.comprehensive.counts import KNOWN, RATINGS, SUCCEEDED, Answer, success_rate, within
from webapp.content.comprehensive.workload import FORMATS, Asked, Work
from webapp.content.vitals.bands import HIGH
from webapp.figures import Cell, Chart, Column, Section, Table


def activity(answer: Answer) -> Section | None:
    months = answer.months
    if not any(within(answer.visits, month) for month in months.values()):
        return None
    rows = [
        (
            *(within(answer.visits, month, (kind,)) for kind in ("medical", "dental")),
            within(answer.visits, month),
            within(answer.registered, month),
        )
        for month in months.values()
    ]
    columns = (
        Column("month", "Month", "month"),
        Column("medical", "Medical", "count"),
        Column("dental", "Dental", "count"),
        Column("all", "All visits", "count"),
        Column("new", "New registrations", "count"),
    )
    cells = zip(periods.month_cells(months, answer.question.end), rows, strict=True)
    note = " ".join(filter(None, _months_notes(answer)))
    table = Table(
        "months", "Visits and registrations by month", columns, tuple((month, *row) for month, row in cells), note=note
    )
    if len(rows) < 2:
        return Section("activity", "Activity", (), (table,))
    visits = {month: within(answer.visits, days) for month, days in months.items()}
    title = findings.months_title("Visits", visits, answer.period, answer.records_begin)
    subtitle = f"Visits a month, {periods.months_label(months, answer.question.end)}"
    chart = Chart("months", "line", title, subtitle, table.key, "month", ("medical", "dental"))
    return Section("activity", "Activity", (chart,), (table,))


def _months_notes(answer: Answer) -> tuple[str, str]:
    question, months = answer.question, answer.months
    return (
        periods.months_note(months, question.start, question.end),
        coverage.months_note(months, answer.records_begin),
    )


def diagnoses(answer: Answer) -> Section | None:
    table = _diagnoses(answer)
    return Section("diagnoses", "Diagnoses", tables=(table,)) if table else None


def treatments(answer: Answer) -> Section | None:
    table = _outcomes(answer)
    if table is None:
        return None
    charts: tuple[Chart, ...] = ()
    if sum(row[-1] is not None for row in table.rows) > 1:
        shown = periods.months_label(answer.months, answer.question.end)
        subtitle = f"Treatments of known outcome that succeeded, percent, {shown}"
        charts = (
            Chart("outcomes", "line", _rates_title(table, "The success rate"), subtitle, table.key, "month", ("rate",)),
        )
    return Section("treatments", "Treatments", charts, (table,))


def _diagnoses(answer: Answer) -> Table | None:
    now, then = answer.diagnoses
    ranked = named.ranked(now)
    if not ranked:
        return None
    before: Counter[named.Key] = Counter()
    for spelling, number in then.items():
        before[named.key_of(spelling)] += number
    total, total_before = sum(now.values()), sum(then.values())

    def cells(label: str, came: int, was: int) -> tuple[Cell, ...]:
        return (label, *((was,) if answer.is_compared else ()), came, findings.share(came, total))

    top = ranked[: named.MOST]
    rows = [cells(item.label, item.count, before[item.key]) for item in top]
    others = total - sum(item.count for item in top)
    others_before = total_before - sum(before[item.key] for item in top)
    if others or (others_before and answer.is_compared):
        rows.append(cells(findings.ALL_OTHERS, others, others_before))
    columns = [Column("name", "Diagnosis")]
    if answer.is_compared:
        columns.append(Column("then", periods.full_label(*answer.earlier), "count"))
    columns.append(Column("now", periods.full_label(*answer.period), "count"))
    columns.append(Column("share", "Share", "percent", decimals=1))
    return Table(
        "diagnoses", "Most common diagnoses", tuple(columns), tuple(rows), cells(findings.ALL, total, total_before)
    )


def pressures(answer: Answer) -> Section | None:
    found = {month: answer.pressures.get(month, (0, 0)) for month in answer.months}
    if not any(readings for readings, _ in found.values()):
        return None
    rows = tuple(
        (cell, readings, high, findings.share(high, readings))
        for cell, (readings, high) in zip(periods.month_cells(found, answer.question.end), found.values(), strict=True)
    )
    columns = (
        Column("month", "Month", "month"),
        Column("readings", "Readings", "count"),
        Column("high", HIGH.capitalize(), "count"),
        Column("share", "Share", "percent", decimals=1),
    )
    table = Table("pressures", "Blood pressures of adults by month", columns, rows)
    charts: tuple[Chart, ...] = ()
    if sum(readings > 0 for readings, _ in found.values()) > 1:
        subtitle = f"Readings of {HIGH}, percent, {periods.months_label(found, answer.question.end)}"
        title = _rates_title(table, "The share of high blood pressures")
        charts = (Chart("pressures", "line", title, subtitle, table.key, "month", ("share",)),)
    return Section("pressures", "Blood pressure", charts, (table,))


def _outcomes(answer: Answer) -> Table | None:
    months = answer.months
    if not any(within(answer.outcomes, month) for month in months.values()):
        return None
    rows = tuple(
        (
            label,
            within(answer.outcomes, month),
            within(answer.outcomes, month, KNOWN),
            within(answer.outcomes, month, SUCCEEDED),
            success_rate(answer.outcomes, month),
        )
        for label, month in zip(periods.month_cells(months, answer.question.end), months.values(), strict=True)
    )
    columns = (
        Column("month", "Month", "month"),
        Column("treatments", "Treatments", "count"),
        Column("known", "Outcome known", "count"),
        Column("succeeded", "Succeeded", "count"),
        Column("rate", "Success rate", "percent", decimals=1),
    )
    return Table("outcomes", "Treatments and success by month", columns, rows)


def _rates_title(table: Table, what: str) -> str:
    """Between which figures the last column lay."""
    rates = [row[-1] for row in table.rows if isinstance(row[-1], int | float)]
    low, high = (words.number(end(rates), 1) for end in (min, max))
    return f"{what} stayed at {low} %" if low == high else f"{what} lay between {low} and {high} %"


def efficiency(answer: Answer) -> Section | None:
    stretches = [(answer.period, answer.work)]
    if answer.is_compared:
        stretches.insert(0, (answer.earlier, answer.work_before))
    if not any(work.visits for _, work in stretches):
        return None
    columns = (
        Column("period", "Period"),
        Column("days", "Days with visits", "number"),
        Column("a_day", "Visits a day", "number", decimals=1),
        Column("a_provider", "Visits a provider and day", "number", decimals=1),
        Column("minutes", "Minutes of a visit, median", "number", decimals=1),
        Column("timed", "Visits of known length", "count"),
    )
    rows = tuple(
        (periods.full_label(*period), work.days, work.a_day, work.a_provider, work.minutes, work.timed)
        for period, work in stretches
    )
    return Section(
        "efficiency", "Efficiency", tables=(Table("efficiency", "Visits a day and their length", columns, rows),)
    )


def reports(answer: Answer) -> Section | None:
    if not (answer.work.asked or answer.work_before.asked):
        return None
    stretches = [(answer.period, answer.work)]
    if coverage.is_in_part(answer.earlier, answer.reports_begin):
        stretches.insert(0, (answer.earlier, answer.work_before))
    columns = (
        Column("period", "Period"),
        Column("asked", "Asked for", "count"),
        Column("made", "Made", "count"),
        Column("failed", "Failed", "count"),
        Column("seconds", "Seconds to make, median", "number", decimals=1),
        Column("downloads", "Downloads", "count"),
    )
    rows = tuple((periods.full_label(*period), *_reports_row(work)) for period, work in stretches)
    tables = [Table("reports", "Reports about this clinic", columns, rows)]
    if answer.asked:
        tables += [_by_template(answer.asked), _by_format(answer)]
    return Section("reports", "Reports", tables=tuple(tables))


def _reports_row(work: Work) -> tuple[Cell, ...]:
    return work.asked, work.made, work.failed, work.seconds, sum(work.downloads.values())


def _by_template(asked: tuple[Asked, ...]) -> Table:
    counts: dict[str, list[int]] = {}
    for one in asked:
        sums = counts.setdefault(one.template.replace("_", " ").capitalize(), [0, 0, 0])
        for at, number in enumerate((one.asked, one.made, one.failed)):
            sums[at] += number
    columns = (
        Column("template", "Report"),
        Column("asked", "Asked for", "count"),
        Column("made", "Made", "count"),
        Column("failed", "Failed", "count"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *counts[name]) for name in sorted(counts, key=lambda name: (-counts[name][0], name))
    )
    total: tuple[Cell, ...] = (findings.ALL, *(sum(row[at] for row in counts.values()) for at in range(3)))
    return Table("templates", "Reports asked for, by kind", columns, rows, total)


def _by_format(answer: Answer) -> Table:
    columns = (
        Column("format", "Format"),
        Column("asked", "Reports asked for", "count"),
        Column("downloads", "Downloads", "count"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (label, sum(one.asked for one in answer.asked if one.format == name), answer.work.downloads[name])
        for name, label in FORMATS.items()
    )
    total: tuple[Cell, ...] = (findings.ALL, answer.work.asked, sum(answer.work.downloads.values()))
    return Table("formats", "Reports and downloads by format", columns, rows, total)


def users(answer: Answer) -> Section | None:
    if not answer.team.people:
        return None
    return Section("users", "Who uses the system", tables=(adoption.people_table(answer.teams),))


def compared(answer: Answer) -> Section | None:
    if not answer.is_compared:
        return None
    now, then = answer.period, answer.earlier
    (patients, before), (overdue, overdue_before) = answer.patients[:2], answer.overdue[:2]
    diagnoses, diagnoses_before = (sum(found.values()) for found in answer.diagnoses)
    steps = {
        "Visits": (within(answer.visits, then), within(answer.visits, now)),
        "Patients": (before.known, patients.known),
        "Active patients": (before.active, patients.active),
        "New registrations": (within(answer.registered, then), within(answer.registered, now)),
        "Diagnoses": (diagnoses_before, diagnoses),
        "Treatments": (within(answer.outcomes, then), within(answer.outcomes, now)),
        "Responses with a rating": (within(answer.ratings, then, RATINGS), within(answer.ratings, now, RATINGS)),
        "Follow-ups overdue": (overdue_before, overdue),
    }
    table = findings.comparison(
        "compared", f"Compared with {answer.earlier_name}", "What", now, then, steps, answer.records_begin
    )
    return Section("compared", "What changed", tables=(table,))
