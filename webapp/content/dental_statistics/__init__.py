"""Dental statistics: who came to the dentist, how often, what was done, and who is new.

    dental visits       of the dental kind, that took place on a day of the period
    patients            who had at least one of them; by age on the last day (bands: filters.py) and by sex
    new                 patients whose first dental visit on record lies in the period, in a row of a month in that
                        month; returning are all others; share: new / patients
    how often           patients by number of dental visits in the period; share: / patients
    visits a patient    dental visits / patients
    procedures          dental treatments given on a day of the period; share: / all of them
    procedures a visit  procedures / dental visits
    categories          procedures by the ranges of their codes in the American Dental Association's CDT: Code on Dental
                        Procedures and Nomenclature
    months              the 12 calendar months up to the last day, or all of a longer period
    change              against the question's earlier period

Days are the clinic's own. From how many visits on patients are counted together is a rule of this system.
"""

from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings, named, periods
from webapp.content.dental_statistics.counts import FILTERS, MOST_VISITS, NOT_CDT, STEPS, Answer, Seen, ask, count
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.figures import Change, Chart, Column, Definition, Metric, Section, Table


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    sections = (
        _by_month(answer), _new(answer), _who(answer), _frequency(answer), _procedures(answer), _compared(answer),
    )  # fmt: skip
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=sections,
        rows=answer.rows,
        definitions=DEFINITIONS,
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    now, before = answer.now, answer.before

    def step(came: int, was: int) -> Change | None:
        return findings.change(came, was, answer.earlier) if answer.is_compared else None

    share = findings.share(now.new, now.patients)
    many = share is not None and now.patients >= findings.SMALL
    among = f"{words.number(share or 0, 1)} % of patients" if many else f"of {words.plural(now.patients, 'patient')}"
    return (
        Metric("visits", "Dental visits", now.visits, change=step(now.visits, before.visits)),
        Metric("patients", "Patients", now.patients, change=step(now.patients, before.patients)),
        Metric("new", "New patients", now.new, change=step(now.new, before.new), note=among if now.patients else ""),
        Metric("procedures", "Procedures", answer.procedures.records,
               change=step(answer.procedures.records, answer.procedures_before)),
    )  # fmt: skip


def _by_month(answer: Answer) -> Section | None:
    months, question = answer.months, answer.question
    if not any(seen.visits for seen in months.values()):
        return None
    notes = (
        periods.months_note(months, question.start, question.end), coverage.months_note(months, answer.records_begin),
        "Who came in several months is counted in each." if len(months) > 1 else "",
    )  # fmt: skip
    table = Table(
        "months",
        "Dental visits and patients by month",
        (
            Column("month", "Month", "month"),
            Column("visits", "Visits", "count"),
            Column("patients", "Patients", "count"),
            Column("new", "New", "count"),
            Column("returning", "Returning", "count"),
        ),
        tuple(
            (month, seen.visits, seen.patients, seen.new, seen.returning)
            for month, seen in zip(periods.month_cells(months, question.end), months.values(), strict=True)
        ),
        note=" ".join(filter(None, notes)),
    )
    if len(months) < 2:
        return Section("by_month", "By month", (), (table,))
    visits = {key: seen.visits for key, seen in months.items()}
    title = findings.months_title("Dental visits", visits, answer.period, answer.records_begin)
    told = periods.months_label(months, question.end)
    chart = Chart("months", "line", title, f"Dental visits a month, {told}", table.key, "month", ("visits",))
    return Section("by_month", "By month", (chart,), (table,))


def _shown(answer: Answer) -> list[tuple[str, Seen, int]]:
    """The earlier period, where it can be compared and somebody came, and this: its name, who came, and procedures."""
    shown = [(answer.period, answer.now, answer.procedures.records)]
    if answer.is_compared and answer.before.patients:
        shown.insert(0, (answer.earlier, answer.before, answer.procedures_before))
    return [(periods.full_label(*period), seen, procedures) for period, seen, procedures in shown]


def _new(answer: Answer) -> Section | None:
    if not answer.now.patients:
        return None
    columns = (
        Column("period", "Period"),
        Column("patients", "Patients", "count"),
        Column("new", "New", "count"),
        Column("returning", "Returning", "count"),
        Column("share", "Share new", "percent", decimals=1),
    )
    rows = tuple(
        (name, seen.patients, seen.new, seen.returning, findings.share(seen.new, seen.patients))
        for name, seen, _ in _shown(answer)
    )
    table = Table("new", "New and returning patients", columns, rows)
    chart = Chart(
        "new", "stack", _new_title(answer.now), "Patients by whether they had come before", "new", "period",
        ("new", "returning"),
    )  # fmt: skip
    return Section("new", "New and returning", (chart,), (table,))


def _new_title(seen: Seen) -> str:
    if not seen.returning:
        return "All patients were new" if seen.new > 1 else "The one patient was new"
    if not seen.new:
        return "No patient was new" if seen.patients > 1 else "The one patient had come before"
    be = "was" if seen.new == 1 else "were"
    return f"{words.number(seen.new)} of {words.plural(seen.patients, 'patient')} {be} new"


def _who(answer: Answer) -> Section | None:
    now, chosen = answer.now, answer.question.chosen
    if not now.patients:
        return None
    tables = []
    if "age" not in chosen:
        found = {group.band for group in answer.groups}
        bands = {
            label: answer.seen(band=band).patients
            for band, label in filters.AGE_WORDS.items()
            if band in found or band != filters.UNKNOWN_AGE
        }
        tables.append(_shares("ages", "Patients by age", "Age", bands))
    if "sex" not in chosen:
        present = {group.sex for group in answer.groups} | {"female", "male"}
        sexes = {label: answer.seen(sex=sex).patients for sex, label in filters.SEX_WORDS.items() if sex in present}
        tables.append(_shares("sexes", "Patients by sex", "Sex", sexes))
    if not tables:
        return None
    title = f"{words.plural(now.patients, 'patient')} came to the dentist"
    subtitle = f"{tables[0].title}, {periods.label(*answer.period)}"
    chart = Chart("who", "bar", title, subtitle, tables[0].key, "group", ("patients",))
    return Section("who", "Who came", (chart,), tuple(tables))


def _shares(key: str, title: str, label: str, patients: dict[str, int]) -> Table:
    """Patients by group, with their share."""
    everybody = sum(patients.values())
    columns = (
        Column("group", label),
        Column("patients", "Patients", "count"),
        Column("share", "Share", "percent", decimals=1),
    )
    rows = tuple((name, found, findings.share(found, everybody)) for name, found in patients.items())
    return Table(key, title, columns, rows, (findings.ALL, everybody, 100.0))


def _frequency(answer: Answer) -> Section | None:
    now = answer.now
    if not now.patients:
        return None
    times = {
        f"{number}" if number < MOST_VISITS else f"{number} or more": answer.seen(times=number).patients
        for number in range(1, MOST_VISITS + 1)
    }
    table = _shares("frequency", "Patients by number of dental visits", "Visits in the period", times)
    subtitle = f"Patients by how often they came to the dentist, {periods.label(*answer.period)}"
    title = _frequency_title(times["1"], now.patients)
    chart = Chart("frequency", "bar", title, subtitle, table.key, "group", ("patients",))
    return Section("frequency", "How often patients came", (chart,), (table, _a_patient(answer)))


def _frequency_title(once: int, patients: int) -> str:
    if once == patients:
        return "Everyone came once" if patients > 1 else "The one patient came once"
    if not once:
        return "Everyone came more than once" if patients > 1 else "The one patient came more than once"
    return f"{words.number(once)} of {words.plural(patients, 'patient')} came once"


def _a_patient(answer: Answer) -> Table:
    columns = (
        Column("period", "Period"),
        Column("patients", "Patients", "count"),
        Column("visits", "Visits", "count"),
        Column("mean", "Visits a patient", "number", decimals=1),
        Column("procedures", "Procedures", "count"),
        Column("a_visit", "Procedures a visit", "number", decimals=1),
    )
    rows = tuple(
        (name, seen.patients, seen.visits, seen.visits_a_patient, found, findings.ratio(found, seen.visits))
        for name, seen, found in _shown(answer)
    )
    return Table("a_patient", "Visits a patient and procedures a visit", columns, rows)


def _procedures(answer: Answer) -> Section | None:
    top = answer.procedures
    if not top.records:
        return None
    tables = [named.table("procedures", "Procedure", top)]
    charts = []
    if answer.categories:
        rows = tuple((name, count, findings.share(count, top.records)) for name, count in answer.categories.items())
        columns = (
            Column("category", "Category"),
            Column("count", "Procedures", "count"),
            Column("share", "Share", "percent", decimals=1),
        )
        table = Table("categories", "Procedures by category", columns, rows, (findings.ALL, top.records, 100.0))
        tables.append(table)
        subtitle = f"Procedures by CDT category, {periods.label(*answer.period)}"
        title = _categories_title(answer.categories)
        charts.append(Chart("categories", "bar", title, subtitle, "categories", "category", ("count",)))
    told = named.finding("Procedure", "procedures", top)
    return Section("procedures", "Procedures", tuple(charts), tuple(tables), text=told)


def _categories_title(categories: dict[str, int]) -> str:
    first = findings.leaders({name: found for name, found in categories.items() if name != NOT_CDT})
    return f"{first[0]} was the most common category" if len(first) == 1 else "No category stood out as the most common"


def _compared(answer: Answer) -> Section | None:
    now, then = answer.now, answer.before
    steps = {
        "Dental visits": (then.visits, now.visits),
        "Patients": (then.patients, now.patients),
        "New patients": (then.new, now.new),
        "Returning patients": (then.returning, now.returning),
        "Procedures": (answer.procedures_before, answer.procedures.records),
    }
    if not (answer.is_compared and any(map(any, steps.values()))):
        return None
    title, begin = f"Compared with {answer.earlier_name}", answer.records_begin
    table = findings.comparison("compared", title, "Figures", answer.period, answer.earlier, steps, begin)
    return Section("compared", "What changed", tables=(table,))


def _summary(answer: Answer) -> tuple[str, ...]:
    now, before, is_narrowed = answer.now, answer.before, bool(answer.question.chosen)
    visits = words.plural(now.visits, "dental visit") if now.visits else "no dental visits"
    told = f", {findings.compared(now.visits, before.visits, answer.earlier)}" if answer.is_compared else ""
    be = "was" if now.visits == 1 else "were"
    if is_narrowed:
        sentences = [f"{visits[0].upper()}{visits[1:]} {answer.when} matched the filters{told}."]
    else:
        sentences = [f"There {be} {visits} {answer.when}{told}."]
    if now.patients:
        sentences += [_who_came(now), f"{_frequency_title(answer.seen(times=1).patients, now.patients)}."]
    sentences += _procedure_sentences(answer)
    uncompared = coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records of visits")
    return tuple(filter(None, [*sentences, _new_by_record(answer), uncompared]))


def _who_came(seen: Seen) -> str:
    if seen.patients == 1:
        return "One patient came, for the first time." if seen.new else "One patient came, who had come before."
    patients = words.plural(seen.patients, "patient")
    if not (seen.new and seen.returning):
        return (
            f"{patients} came, {'all of them for the first time' if seen.new else 'none of them for the first time'}."
        )
    return f"{patients} came: {words.number(seen.new)} new and {words.number(seen.returning)} returning."


def _procedure_sentences(answer: Answer) -> list[str]:
    top = answer.procedures
    if not top.records:
        return []
    be = "was" if top.records == 1 else "were"
    counted = f"{words.plural(top.records, 'dental procedure')} {be} recorded"
    first = findings.leaders(top.named)
    if len(first) != 1:
        return [f"{counted}."]
    return [f"{counted}; the most common was {first[0]}, {words.number(top.named[first[0]])} times."]


def _new_by_record(answer: Answer) -> str:
    """What makes patients look new who are not."""
    begin = answer.records_begin
    if not answer.now.new or begin is None or begin <= periods.shifted(answer.question.start, -12):
        return ""
    return f"Who came before the clinic's records begin, on {words.day(begin)}, and not since, is told as new."


DEFINITIONS = (
    Definition(
        "Dental visits",
        "Visits of the dental kind that took place in the period, by the clinic's days. Visits that were planned, "
        "cancelled or entered in error do not count.",
    ),
    Definition(
        "New and returning",
        "New are patients whose first dental visit on record lies in the period; all others who came are returning. "
        "In a row of a month, new are those whose first dental visit lies in that month. What came before the clinic's "
        "records begin is not known, so where they begin late, patients are told as new who are not. With a provider "
        "chosen, the first visit is still that to any provider.",
    ),
    Definition(
        "Procedures",
        "Treatments of the dental kind given in the period, whether or not a visit on record goes with them. With a "
        "provider chosen, those of the visits to that provider. Procedures without a day are in no period.",
    ),
    named.NAMES_DEFINITION,
    Definition(
        "Categories",
        "Categories of service of the American Dental Association's Code on Dental Procedures and Nomenclature (CDT), "
        "by the procedure's code. Procedures in other code systems are not sorted into them, and the table is left "
        "out where no procedure has a CDT code.",
    ),
    Definition(
        "Visits a patient",
        "Dental visits divided by the patients who had them. Procedures a visit: all procedures divided by all visits.",
    ),
    coverage.months_definition("visit on record"),
    findings.CHANGE_DEFINITION,
    filters.AGE_DEFINITION,
)

TIES = (
    "metric:visits = rows:used = months:latest:visits = a_patient:last:visits = compared:Dental visits:now",
    "metric:visits:then = months:earlier:visits = a_patient:first:visits = compared:Dental visits:then",
    "metric:patients = months:last:patients = new:last:patients = ages:all:patients = sexes:all:patients"
    " = frequency:all:patients = a_patient:last:patients = compared:Patients:now",
    "metric:patients:then = months:before:patients = new:first:patients = a_patient:first:patients"
    " = compared:Patients:then",
    "metric:new = months:last:new = new:last:new = compared:New patients:now",
    "metric:new:then = months:before:new = new:first:new = compared:New patients:then",
    "new:last:returning = months:last:returning = compared:Returning patients:now",
    "new:first:returning = months:before:returning = compared:Returning patients:then",
    "metric:procedures = a_patient:last:procedures = procedures:all:records = categories:all:records"
    " = compared:Procedures:now",
    "metric:procedures:then = a_patient:first:procedures = compared:Procedures:then",
    "compared:Patients:now = compared:New patients:now + compared:Returning patients:now",
    "compared:Patients:then = compared:New patients:then + compared:Returning patients:then",
)
"""content/suppression/ties.py reads them."""

TEMPLATE = Template(
    name="dental_statistics",
    title="Dental statistics",
    number_prefix="DS",
    sentence="Dental visits, who is new and who returns, how often patients come, and what was done.",
    pages="About 4 pages",
    audience="aggregate",
    version=1,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(hours=1),
    ties=TIES,
)
