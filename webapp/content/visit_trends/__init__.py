"""Visit trends: how many visits there were, when, and what changed.

    visits         that took place and began on a day of the period; planned, cancelled and mistaken ones are left out
    dental         visits whose record says so; medical are all others
    visits a day   visits / days with at least one visit
    weekdays       visits of each weekday, with its share of all visits of the period
    hours          visits by the weekday and hour in which they began, without those of which only the day is known
    busiest        the hour, weekday, day or whole month with the most visits; times: / the mean of the weekday hours
                   that have any
    parts          quarters of the day from midnight; two are named together from busy_times.CLOSE of the highest on
    months         the 12 calendar months up to the last day, or all of a longer period
    change         against the question's earlier period, and against the other that it may be compared with

Days, weekdays and hours are the clinic's own. There is no standard for what is busy: the rules are of this system.
"""

from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings, periods
from webapp.content.answer import A_YEAR_EARLIER
from webapp.content.counting import month_key
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.content.visit_trends import busy_times
from webapp.content.visit_trends.counts import FILTERS, STEPS, Answer, Counts, ask, count
from webapp.figures import Cell, Chart, Column, Definition, Metric, Rows, Section, Table


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    sections = (_by_month(answer), _by_time(answer), _compared(answer))
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=sections,
        rows=answer.rows,
        definitions=DEFINITIONS,
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    earlier, now, before = answer.earlier, answer.now, answer.before

    def metric(key: str, label: str) -> Metric:
        was, came = getattr(before, key), getattr(now, key)
        name = "visits" if key == "all" else f"{key}_visits"
        change = findings.change(came, was, earlier) if answer.is_compared else None
        return Metric(name, label, came, change=change)

    def a_day() -> Metric:
        came, was = (findings.ratio(counts.all, counts.days) for counts in (now, before))
        change = findings.difference(came, was, earlier) if answer.is_compared else None
        note = "on days with visits" if now.days else ""
        return Metric("visits_a_day", "Visits a day", came, "number", decimals=1, change=change, note=note)

    busiest = busy_times.busiest_hour(answer.hours)
    told, note = (busiest.short, busiest.note) if busiest else (None, "no hour stood out" if answer.hours else "")
    kinds = [metric(kind, filters.KIND_WORDS[kind]) for kind in answer.kinds]
    return (
        metric("all", answer.noun),
        *(kinds or [a_day()]),
        Metric("busiest_hour", "Busiest hour", told, "text", note=note),
    )


def _count_columns(answer: Answer) -> tuple[Column, ...]:
    kinds = [Column(kind, filters.KIND_WORDS[kind], "count") for kind in answer.kinds]
    return (*kinds, Column("all", "All visits" if kinds else answer.noun, "count"))


_A_DAY = (Column("days", "Days with visits", "number"), Column("a_day", "Visits a day", "number", decimals=1))


def _cells(answer: Answer, counts: Counts) -> tuple[Cell, ...]:
    """A row for _count_columns() and _A_DAY."""
    return (*counts.of(answer.kinds), counts.all, counts.days, findings.ratio(counts.all, counts.days))


def _by_month(answer: Answer) -> Section | None:
    if not any(counts.all for counts in answer.months.values()):
        return None
    question = answer.question
    notes = (
        periods.months_note(answer.months, question.start, question.end),
        coverage.months_note(answer.months, answer.records_begin),
    )
    table = Table(
        "months",
        f"{answer.noun} by month",
        (Column("month", "Month", "month"), *_count_columns(answer), *_A_DAY),
        tuple(
            (month, *_cells(answer, counts))
            for month, counts in zip(
                periods.month_cells(answer.months, question.end), answer.months.values(), strict=True
            )
        ),
        note=" ".join(filter(None, notes)),
    )
    if len(answer.months) < 2:
        return Section("by_month", "By month", (), (table,))
    all_visits = {key: counts.all for key, counts in answer.months.items()}
    chart = Chart(
        "months",
        "line",
        findings.months_title(answer.noun, all_visits, answer.period, answer.records_begin),
        f"{answer.noun} a month, {periods.months_label(answer.months, question.end)}",
        table.key,
        "month",
        answer.kinds or ("all",),
    )
    return Section("by_month", "By month", (chart,), (table,))


def _by_time(answer: Answer) -> Section | None:
    if not answer.now.all:
        return None
    peaks = _peaks_table(answer)
    weekdays = (_weekdays_table(answer), *((peaks,) if peaks else ()))
    if not answer.hours:
        return Section("by_time", "By weekday", (), weekdays)
    without_hour = answer.now.all - sum(answer.hours.values())
    return Section(
        "by_time",
        "By weekday and hour",
        (busy_times.heat_map(answer.hours, answer.question, answer.noun, without_hour),),
        (busy_times.hours_table(answer.hours, answer.noun, without_hour), *weekdays),
    )


def _weekdays_table(answer: Answer) -> Table:
    rows = [
        (words.WEEKDAYS[weekday - 1], *_cells(answer, counts), findings.share(counts.all, answer.now.all))
        for weekday, counts in answer.weekdays.items()
    ]
    columns = (Column("weekday", "Weekday"), *_count_columns(answer), *_A_DAY)
    return Table(
        "weekdays",
        f"{answer.noun} by weekday",
        (*columns, Column("share", "Share", "percent", decimals=1)),
        tuple(rows),
        total=("All days", *_cells(answer, answer.now), 100.0),
    )


def _peaks_table(answer: Answer) -> Table | None:
    question = answer.question
    months: dict[str, int] = {}
    if periods.is_whole_months(question.start, question.end) and len(answer.months) < periods.MOST_MONTHS:
        asked = {month_key(day) for day in periods.months_in(question.start, question.end)}
        months = {key: counts.all for key, counts in answer.months.items() if key in asked}
    weekdays = {words.WEEKDAYS[number - 1]: counts.all for number, counts in answer.weekdays.items()}
    return busy_times.peaks_table(answer.hours, weekdays, answer.busiest_day, answer.now.days, months)


def _compared(answer: Answer) -> Section | None:
    """The period beside the earlier one, where that has records, and beside the other that it may be compared with,
    where there were visits then."""
    tables = []
    if answer.is_compared and (answer.now.all or answer.before.all):
        tables.append(_comparison(answer, answer.earlier, answer.before, answer.earlier_name))
    if answer.other and answer.other.all:
        tables.append(_comparison(answer, answer.other_period, answer.other, answer.other_name))
    return Section("compared", "What changed", tables=tuple(tables)) if tables else None


def _comparison(answer: Answer, earlier: Period, then: Counts, name: str) -> Table:
    key = "compared_year_before" if name == A_YEAR_EARLIER else "compared_before"
    steps = {
        filters.KIND_WORDS.get(kind, "All visits" if answer.kinds else answer.noun): (
            getattr(then, kind),
            getattr(answer.now, kind),
        )
        for kind in (*answer.kinds, "all")
    }
    begin = answer.records_begin
    return findings.comparison(key, f"Compared with {name}", "Visits", answer.period, earlier, steps, begin)


def _summary(answer: Answer) -> tuple[str, ...]:
    sentences = [*(_counted(answer) if answer.now.all else _nothing(answer)), *_limits(answer)]
    return tuple(sentences)


def _counted(answer: Answer) -> list[str]:
    """What can be said of a period with visits."""
    now, before, one = answer.now, answer.before, answer.noun.lower().removesuffix("s")
    told = f", {findings.compared(now.all, before.all, answer.earlier)}" if answer.is_compared else ""
    be = "was" if now.all == 1 else "were"
    visits = words.plural(now.all, one)
    if answer.is_narrowed:
        sentences = [f"{visits} {answer.when} matched the filters{told}."]
    else:
        sentences = [f"There {be} {visits} {answer.when}{told}."]
    if answer.kinds and answer.is_compared:
        medical, dental = (findings.moved_to(getattr(now, kind), getattr(before, kind)) for kind in answer.kinds)
        sentences.append(f"Medical visits {medical}; dental visits {dental}.")
    elif answer.kinds:
        sentences.append(f"Medical visits: {words.number(now.medical)}; dental visits: {words.number(now.dental)}.")
    busiest = busy_times.busiest_hour(answer.hours)
    if busiest:
        sentences.append(busiest.sentence)
    elif max(answer.hours.values(), default=0) > 1:
        sentences.append("No hour stood out.")
    if answer.other and answer.other.all:
        sentences.append(_other(answer, answer.other.all))
    return sentences


def _other(answer: Answer, visits: int) -> str:
    then, begin = answer.other_period, answer.records_begin
    is_year, when = answer.other_name == A_YEAR_EARLIER, periods.within(*then)
    told = f"A year earlier, {when}" if is_year else f"{when[:1].upper()}{when[1:]}, the period before"
    be = "was" if visits == 1 else "were"
    part = f", in records that begin on {words.day(begin)}" if begin and not coverage.is_whole(then, begin) else ""
    return f"{told}, there {be} {words.number(visits)}{part}."


def _nothing(answer: Answer) -> list[str]:
    """What can be said of a period without visits."""
    noun = answer.noun.lower()
    matched = f"No {noun} {answer.when} matched the filters."
    sentences = [matched if answer.is_narrowed else f"There were no {noun} {answer.when}."]
    if answer.rows.read:
        sentences.append(_left_out(answer.rows))
    if answer.before.all:
        be = "was" if answer.before.all == 1 else "were"
        sentences.append(f"There {be} {words.number(answer.before.all)} {periods.within(*answer.earlier)}.")
    return sentences


def _left_out(rows: Rows) -> str:
    """Why none of the visits read counts."""
    visits = words.plural(rows.read, "visit")
    if len(rows.excluded) == 1:
        reason = rows.excluded[0].reason
        if reason == "planned":
            return f"{visits} {'is' if rows.read == 1 else 'are'} planned."
        return f"{visits} on record {'was' if rows.read == 1 else 'were'} {reason}."
    reasons = words.listed([f"{words.number(item.count)} {item.reason}" for item in rows.excluded])
    return f"{visits} on record did not take place: {reasons}."


def _limits(answer: Answer) -> list[str]:
    """Where the clinic has no records, or none of the days compared with."""
    if answer.records_begin is None:
        return ["The clinic has no visits on record yet."]
    begin = answer.records_begin
    if answer.now.all and answer.other and answer.other.all and not answer.is_compared:
        return [f"There is nothing from a year earlier: the clinic's records of visits begin on {words.day(begin)}."]
    told = coverage.comparison_sentence(answer.period, answer.earlier, begin, "records of visits")
    return [told] if told else []


DEFINITIONS = (
    Definition(
        "Visits",
        "Encounters that began on a day of the period, by the clinic's own clock. Planned and cancelled visits and "
        "those entered in error did not take place: they are read and left out.",
    ),
    Definition(
        "Medical, dental",
        "A visit is dental when its record says so; every other visit is medical.",
    ),
    findings.CHANGE_DEFINITION,
    coverage.months_definition("visit on record"),
    Definition(
        "Visits a day",
        "Visits divided by the days on which there was at least one of them, so that days closed do not count.",
    ),
    Definition(
        "Hours",
        "The hour in which a visit began: 9:00 is 9:00 to 9:59. Shown are the weekdays with visits, from the first "
        "hour with a visit to the last. The average hour is that of the weekday hours with at least one visit. A visit "
        "of which only the day is recorded is in none of them.",
    ),
    Definition(
        "Busiest",
        "The hour, weekday, day or month with the most visits, or the two that share that place. Where more share it, "
        "or it has one visit, none stood out.",
    ),
    Definition(
        "Parts of the day",
        "Night is 0:00 to 5:59, morning 6:00 to 11:59, afternoon 12:00 to 17:59, evening 18:00 to 23:59. Two parts of "
        f"the week with nearly as many visits, at least {round(100 * busy_times.CLOSE)} % of the highest, are named "
        "together. Where more are that close, or the busiest hour lies in neither, the busiest hour is named instead.",
    ),
    filters.AGE_DEFINITION,
)

TIES = (
    "metric:visits = rows:used = months:latest:all = weekdays:all:all = compared_before:All visits:now"
    " = compared_year_before:All visits:now",
    "metric:visits:then = compared_before:All visits:then = months:earlier:all",
    "metric:medical_visits = months:latest:medical = weekdays:all:medical = compared_before:Medical:now"
    " = compared_year_before:Medical:now",
    "metric:medical_visits:then = compared_before:Medical:then = months:earlier:medical",
    "metric:dental_visits = months:latest:dental = weekdays:all:dental = compared_before:Dental:now"
    " = compared_year_before:Dental:now",
    "metric:dental_visits:then = compared_before:Dental:then = months:earlier:dental",
    "compared_before:All visits:then = compared_before:Medical:then + compared_before:Dental:then",
    "compared_before:All visits:now = compared_before:Medical:now + compared_before:Dental:now",
    "compared_year_before:All visits:then = compared_year_before:Medical:then + compared_year_before:Dental:then",
    "compared_year_before:All visits:now = compared_year_before:Medical:now + compared_year_before:Dental:now",
    "metric:visits = metric:medical_visits + metric:dental_visits",
    "metric:visits:then = metric:medical_visits:then + metric:dental_visits:then",
)
"""content/suppression/ties.py reads them."""

TEMPLATE = Template(
    name="visit_trends",
    title="Visit trends",
    number_prefix="VT",
    sentence="When people come: medical and dental visits by month, weekday and hour, with peaks and what changed.",
    pages="About 3 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(minutes=30),
    ties=TIES,
)
