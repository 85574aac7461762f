"""The sections of the comprehensive analytics: tables, and the charts that show them."""

from collections import Counter
from collections.abc import Iterable, Mapping

from webapp import words
from webapp.content import adoption, coverage, findings, periods
from webapp.content.comprehensive_counts import KNOWN, RATINGS, SUCCEEDED, Answer, success_rate, within
from webapp.content.comprehensive_work import FORMATS, Asked, Work
from webapp.figures import Cell, Chart, Column, Section, Table

MOST_SHOWN = 10
LONGEST = 60
"""Characters of a name that are shown."""
ALL, OTHERS, NO_NAME = "All", "All others", "No name recorded"


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
        charts = (Chart("outcomes", "line", _rates_title(table), subtitle, table.key, "month", ("rate",)),)
    return Section("treatments", "Treatments", charts, (table,))


def _diagnoses(answer: Answer) -> Table | None:
    now, then = (_grouped(found) for found in answer.diagnoses)
    if not now:
        return None
    labels = _labels(answer.diagnoses[0], now)
    ranked = sorted(now, key=lambda name: (-now[name], not name, name))
    total, total_then = sum(now.values()), sum(then.values())

    def cells(label: str, names: Iterable[str]) -> tuple[Cell, ...]:
        names = tuple(names)
        came, was = (sum(found.get(name, 0) for name in names) for found in (now, then))
        return (label, *((was,) if answer.is_compared else ()), came, findings.share(came, total))

    rows = [cells(labels[name], (name,)) for name in ranked[:MOST_SHOWN]]
    rest = ranked[MOST_SHOWN:]
    others = [name for name in (now | then) if name not in ranked[:MOST_SHOWN]]
    if rest or (answer.is_compared and any(then.get(name) for name in others)):
        rows.append(cells(OTHERS, others))
    columns = [Column("name", "Diagnosis")]
    if answer.is_compared:
        columns.append(Column("then", periods.full_label(*answer.earlier), "count"))
    columns += [
        Column("now", periods.full_label(*answer.period), "count"),
        Column("share", "Share", "percent", decimals=1),
    ]
    all_of_them = (ALL, *((total_then,) if answer.is_compared else ()), total, 100.0)
    return Table("diagnoses", "Diagnoses recorded most", tuple(columns), tuple(rows), all_of_them)


def _grouped(found: Mapping[str, int]) -> dict[str, int]:
    """Names that differ only in case or spacing are one."""
    together: Counter[str] = Counter()
    for name, count in found.items():
        together[_plain(name)] += count
    return dict(together)


def _plain(name: str) -> str:
    return " ".join(words.printable(name).split()).casefold()


def _labels(found: Mapping[str, int], kept: Iterable[str]) -> dict[str, str]:
    """Each under the spelling used most, cut where it is long, and no two alike."""
    spellings: dict[str, Counter[str]] = {name: Counter() for name in kept}
    for name, count in found.items():
        spellings[_plain(name)][" ".join(words.printable(name).split())] += count
    labels: dict[str, str] = {}
    taken = {ALL.casefold(), OTHERS.casefold()}
    for name in sorted(spellings):
        label = short = _usual(spellings[name])
        number = 1
        while label.casefold() in taken:
            number += 1
            label = f"{short} ({number})"
        taken.add(label.casefold())
        labels[name] = label
    return labels


def _usual(spellings: Mapping[str, int]) -> str:
    """The one used most, cut where it is long."""
    best = min(spellings, key=lambda spelling: (-spellings[spelling], spelling)) or NO_NAME
    return best if len(best) <= LONGEST else f"{best[: LONGEST - 1].rstrip()}…"


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


def _rates_title(table: Table) -> str:
    rates = [row[-1] for row in table.rows if isinstance(row[-1], int | float)]
    low, high = (words.number(end(rates), 1) for end in (min, max))
    return f"The success rate stayed at {low} %" if low == high else f"The success rate lay between {low} and {high} %"


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
    total: tuple[Cell, ...] = (ALL, *(sum(row[at] for row in counts.values()) for at in range(3)))
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
    total: tuple[Cell, ...] = (ALL, answer.work.asked, sum(answer.work.downloads.values()))
    return Table("formats", "Reports and downloads by format", columns, rows, total)


def users(answer: Answer) -> Section | None:
    if not answer.team.people:
        return None
    return Section("users", "Who uses the system", tables=(adoption.people_table(answer.teams),))


def compared(answer: Answer) -> Section | None:
    if not answer.is_compared:
        return None
    now, then = answer.period, answer.earlier
    (people, before), (overdue, overdue_before) = answer.people[:2], answer.overdue[:2]
    diagnoses, diagnoses_before = (sum(found.values()) for found in answer.diagnoses)
    steps = {
        "Visits": (within(answer.visits, then), within(answer.visits, now)),
        "Patients": (before.patients, people.patients),
        "Active patients": (before.active, people.active),
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
