"""Patient summary: who the clinic's patients are, who is new, and who came."""

from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings, periods
from webapp.content.patient_counts import FILTERS, MOST_MONTHS, MOST_VISITS, STEPS, Answer, Group, ask, count
from webapp.content.question import Question
from webapp.content.template import Step, Template
from webapp.figures import Cell, Chart, Column, Content, Definition, Metric, Rows, Section, Table

ENOUGH = 10
"""Patients an age group must have for its share to be named in a title."""
STANDS_OUT = 5.0
"""Percentage points by which its share must pass that of all patients."""
ALL = "All"
"""The name of a row of totals."""


def build(connection: Connection, question: Question, step: Step) -> Content:
    answer = ask(connection, question, step)
    sections = (_by_age(answer), _by_month(answer), _activity(answer), _visits(answer))
    content = Content(
        template=TEMPLATE.name,
        title=f"{TEMPLATE.title}, {periods.label(question.start, question.end)}",
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=tuple(section for section in sections if section),
        rows=answer.rows,
        definitions=DEFINITIONS,
    )
    step(STEPS, STEPS)
    return content


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    part, patients = findings.share(answer.active, answer.patients), words.plural(answer.patients, "patient")
    among = f"{words.number(part or 0, 1)} % of patients" if answer.patients >= findings.SMALL else f"of {patients}"
    median = answer.median_age
    years = "" if median is None else "year" if median == 1 else "years"
    return (
        Metric("patients", "Patients", answer.patients),
        Metric("active", "Active patients", answer.active, note=among if answer.patients else ""),
        Metric("new", "New registrations", answer.new,
               change=findings.change(answer.new, answer.new_before, answer.earlier) if answer.is_compared else None),
        Metric("median_age", "Median age", median, "number", years, decimals=_decimals(median)),
    )  # fmt: skip


def _decimals(age: float | None) -> int:
    """The mean of two ages may end in a half."""
    return 1 if age and age % 1 else 0


def _by_age(answer: Answer) -> Section | None:
    if not (answer.patients and answer.by):
        return None
    if answer.by == "sex":
        return Section("by_age", "Sex", (_sex_chart(answer),), (_sex_table(answer),))
    table = _age_table(answer)
    return Section("by_age", "Age and sex" if _sexes(answer) else "Age", (_age_chart(answer),), (table,))


def _age_table(answer: Answer) -> Table:
    sexes = _sexes(answer)
    columns = [Column("age", "Age"), *(Column(sex, label, "count") for sex, label in sexes.items())]
    columns += [Column("all", "All" if sexes else "Patients", "count"), Column("share", "Share", "percent", decimals=1)]

    def cells(label: str, band: str = "") -> tuple[Cell, ...]:
        everyone = answer.total(band).patients
        of_sexes = (answer.total(band, sex).patients for sex in sexes)
        return (label, *of_sexes, everyone, findings.share(everyone, answer.patients))

    rows = tuple(cells(label, band) for band, label in answer.parts().items())
    title = "Patients by age and sex" if sexes else "Patients by age"
    return Table("ages", title, tuple(columns), rows, cells(ALL))


def _sex_table(answer: Answer) -> Table:
    """The patients of one age band."""
    columns = (
        Column("sex", "Sex"), Column("all", "Patients", "count"), Column("share", "Share", "percent", decimals=1),
    )  # fmt: skip
    counts = {label: answer.part(sex).patients for sex, label in answer.parts().items()}
    rows = tuple((label, count, findings.share(count, answer.patients)) for label, count in counts.items())
    return Table("sexes", "Patients by sex", columns, rows, (ALL, answer.patients, 100.0))


def _sex_chart(answer: Answer) -> Chart:
    female, male = (words.plural(answer.part(sex).patients, f"{sex} patient") for sex in ("female", "male"))
    female = female.removesuffix(" patients").removesuffix(" patient")
    subtitle = f"Patients by sex, {words.day(answer.question.end)}"
    return Chart("sexes", "bar", f"{female} and {male}", subtitle, "sexes", "sex", ("all",))


def _sexes(answer: Answer) -> dict[str, str]:
    """The columns of the table of ages: none where the report is of one sex alone."""
    if answer.question.chosen.get("sex"):
        return {}
    labels = dict(filters.SEX_WORDS)
    labels["unknown"] = "Sex unknown"
    return labels


def _age_chart(answer: Answer) -> Chart:
    has_two_sides = _sexes(answer) and (answer.total(sex="female").patients or answer.total(sex="male").patients)
    day = words.day(answer.question.end)
    title = _age_title(answer)
    if has_two_sides:
        subtitle = f"Patients by age and sex, {day}{_not_drawn(answer)}"
        return Chart("ages", "pyramid", title, subtitle, "ages", "age", ("female", "male"))
    return Chart("ages", "bar", title, f"Patients by age, {day}", "ages", "age", ("all",))


def _not_drawn(answer: Answer) -> str:
    """Those who have no side in the pyramid; the table counts them."""
    rest = sum(answer.total(sex=sex).patients for sex in filters.SEX_WORDS if sex not in ("female", "male"))
    return f"; {words.number(rest)} of other or unknown sex {'is' if rest == 1 else 'are'} not drawn" if rest else ""


def _age_title(answer: Answer) -> str:
    """Tells the middle of the ages, not the largest group: groups span from 5 to 20 years or more, and a wide one
    would lead for its width alone."""
    unknown = answer.total(filters.UNKNOWN_AGE).patients
    if answer.median_age is None or 2 * unknown >= answer.patients:
        return f"The age of {words.plural(unknown, 'patient')} is unknown"
    for band in filters.BANDS:
        if answer.total(band.name).patients == answer.patients:
            return f"All patients are aged {band.label}"
    return f"The median age is {_median(answer.median_age)}"


def _median(age: float) -> str:
    return words.number(age, _decimals(age))


def _by_month(answer: Answer) -> Section | None:
    if not (any(answer.months.values()) or answer.new_before):
        return None
    question = answer.question
    table = Table(
        "registrations",
        "New registrations by month",
        (Column("month", "Month", "month"), Column("new", "New registrations", "count")),
        tuple(zip(periods.month_cells(answer.months, question.end), answer.months.values(), strict=True)),
        note=_months_note(answer),
    )
    return Section("by_month", "New registrations", _months_charts(answer), (table, *_compared(answer)))


def _months_charts(answer: Answer) -> tuple[Chart, ...]:
    if len(answer.months) < 2 or not any(answer.months.values()):
        return ()
    chart = Chart(
        "registrations",
        "bar",
        findings.months_title("New registrations", answer.months, answer.period, answer.records_begin),
        f"New registrations a month, {periods.months_label(answer.months, answer.question.end)}",
        "registrations",
        "month",
        ("new",),
    )
    return (chart,)


def _months_note(answer: Answer) -> str:
    question = answer.question
    notes = [
        periods.months_note(answer.months, question.start, question.end),
        coverage.months_note(answer.months, answer.records_begin),
    ]
    if answer.undated:
        has, stands = ("has", "stands") if answer.undated == 1 else ("have", "stand")
        patients = words.plural(answer.undated, "patient")
        notes.append(f"{patients} {has} no date of registration and {stands} in no month.")
    return " ".join(filter(None, notes))


def _compared(answer: Answer) -> tuple[Table, ...]:
    if not answer.is_compared:
        return ()
    title, steps = f"Compared with {answer.earlier_name}", {"New registrations": (answer.new_before, answer.new)}
    return (
        findings.comparison(
            "compared", title, "Registrations", answer.period, answer.earlier, steps, answer.records_begin
        ),
    )


def _activity(answer: Answer) -> Section | None:
    if not (answer.patients and answer.by):
        return None
    rows = tuple(_activity_row(label, answer.part(name)) for name, label in answer.parts().items())
    table = Table(
        "active",
        f"Active patients by {answer.by}",
        (
            Column(answer.by, answer.by.capitalize()),
            Column("patients", "Patients", "count"),
            Column("active", "Active", "count"),
            Column("share", "Share active", "percent", decimals=1),
        ),
        rows,
        _activity_row(ALL, answer.total()),
    )
    since = words.dates(*periods.year_up_to(answer.question.end))
    each = "each age group" if answer.by == "age" else "each sex"
    subtitle = f"Patients with a visit in the 12 months from {since}, percent of {each}"
    chart = Chart("active", "bar", _activity_title(answer), subtitle, table.key, answer.by, ("share",))
    return Section("active", "Active patients", (chart,) if answer.active else (), (table,))


def _activity_row(label: str, group: Group) -> tuple[Cell, ...]:
    return label, group.patients, group.active, findings.share(group.active, group.patients)


def _activity_title(answer: Answer) -> str:
    """Names the age group or sex that is most likely to come, where one stands out and is not a handful."""
    groups = {name: group for name in answer.parts() if (group := answer.part(name)).patients}
    shares = {name: 100 * group.active / group.patients for name, group in groups.items()}
    top = max(shares, key=lambda name: shares[name])
    stands_out = shares[top] >= 100 * answer.active / answer.patients + STANDS_OUT
    is_alone = list(shares.values()).count(shares[top]) == 1
    if stands_out and is_alone and groups[top].patients >= ENOUGH and top not in ("unknown", "other"):
        label = answer.parts()[top]
        named = f"Patients aged {label}" if answer.by == "age" else f"{label} patients"
        return f"{named} were the most likely to come"
    if answer.active == answer.patients:
        return "All patients were active"
    be = "was" if answer.active == 1 else "were"
    return f"{words.number(answer.active)} of {words.plural(answer.patients, 'patient')} {be} active"


def _visits(answer: Answer) -> Section | None:
    if not answer.came:
        return None
    labels = {times: f"{times}" if times < MOST_VISITS else f"{times} or more" for times in answer.by_visits}
    rows = [
        (labels[times], patients, findings.share(patients, answer.came), visits)
        for times, (patients, visits) in answer.by_visits.items()
    ]
    table = Table(
        "visits",
        "Patients by number of visits",
        (
            Column("visits", "Visits in the period"),
            Column("patients", "Patients", "count"),
            Column("share", "Share", "percent", decimals=1),
            Column("all", "Visits in all", "count"),
        ),
        tuple(rows),
        ("All who came", answer.came, 100.0, sum(visits for _, visits in answer.by_visits.values())),
    )
    subtitle = f"Patients by how often they came, {periods.label(answer.question.start, answer.question.end)}"
    chart = Chart("visits", "bar", _visits_title(answer, labels), subtitle, table.key, "visits", ("patients",))
    return Section("visits", "How often patients came", (chart,), (table,))


def _visits_title(answer: Answer, labels: dict[int, str]) -> str:
    once = answer.by_visits[1][0]
    if once == answer.came:
        return "Everyone who came, came once" if once > 1 else "One patient came, once"
    if 2 * once > answer.came:
        return "Most of those who came, came once"
    if 2 * (answer.came - once) > answer.came:
        everyone = "Everyone who came, came more than once" if answer.came > 1 else "One patient came, more than once"
        return "Most of those who came, came more than once" if once else everyone
    return "Half of those who came, came once"


def _summary(answer: Answer) -> tuple[str, ...]:
    day = words.day(answer.question.end)
    chosen = answer.question.chosen
    if not answer.patients:
        none = (
            f"Up to {day}, no patients matched the filters." if chosen else f"Up to {day} the clinic had no patients."
        )
        return (none, *_left_out(answer.rows))
    patients = words.plural(answer.patients, "patient")
    had = f"Up to {day}, {patients} matched the filters" if chosen else f"Up to {day} the clinic had {patients}"
    sentences = [f"{had}{_how_active(answer)} in the 12 months to that day."]
    uncompared = coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records")
    if not (uncompared and answer.visits_begin == answer.records_begin):
        sentences.append(_visits_on_record(answer))
    if answer.new or answer.new_before:
        told = f", {findings.compared(answer.new, answer.new_before, answer.earlier)}" if answer.is_compared else ""
        new = words.number(answer.new) if answer.new else "Nobody"
        sentences.append(f"{new} registered {answer.when}{told}.")
    sentences.append(uncompared)
    if answer.median_age is not None:
        title, median = _age_title(answer), f"he median age is {_median(answer.median_age)}."
        is_said = title.startswith("The median") or "age" in chosen
        sentences.append(f"T{median}" if is_said else f"{title}; t{median}")
    if answer.came:
        sentences.append(f"{words.plural(answer.came, 'patient')} came {answer.when}, {_how_often(answer)}.")
    return tuple(filter(None, sentences))


def _visits_on_record(answer: Answer) -> str:
    """What keeps patients from being told as active who were."""
    if answer.visits_begin is None:
        return "The clinic has no visits on record yet."
    if coverage.is_whole(periods.year_up_to(answer.question.end), answer.visits_begin):
        return ""
    return f"The clinic's records of visits begin only on {words.day(answer.visits_begin)}."


def _how_active(answer: Answer) -> str:
    if answer.active == 0:
        return ", none of them with a visit" if answer.patients > 1 else ", without a visit"
    if answer.active == answer.patients:
        return "; all of them were active, with a visit" if answer.active > 1 else "; this one was active, with a visit"
    share = findings.share(answer.active, answer.patients)
    part = f" ({words.number(share, 1)} %)" if share is not None and answer.patients >= findings.SMALL else ""
    be = "was" if answer.active == 1 else "were"
    return f"; {words.number(answer.active)} of them{part} {be} active, with a visit"


def _how_often(answer: Answer) -> str:
    once = answer.by_visits[1][0]
    if answer.came == 1:
        return "once" if once else "more than once"
    if once == answer.came:
        return "all of them once"
    return f"{words.number(once)} of them once" if once else "each of them more than once"


def _left_out(rows: Rows) -> tuple[str, ...]:
    if not rows.read:
        return ()
    be = "is" if rows.read == 1 else "are"
    left_out = f"{words.plural(rows.read, 'patient')} on record {be} left out"
    if len(rows.excluded) == 1:
        return (f"{left_out}: they {rows.excluded[0].reason}.",)
    reasons = words.listed([f"{words.number(item.count)} {item.reason}" for item in rows.excluded])
    return (f"{left_out}: {reasons}.",)


DEFINITIONS = (
    Definition(
        "Patients",
        "Everybody the clinic has a record of, without those who registered after the period or died before it. Who "
        "has no date of registration is counted.",
    ),
    Definition(
        "Active patients",
        "Patients with at least one visit, medical or dental, in the 12 months up to the last day of the period. "
        "Visits that were planned, cancelled or entered in error do not count. Shares are of the patients of the "
        "same row.",
    ),
    Definition(
        "New registrations",
        "Patients whose day of registration lies in the period or month, whether or not they have died since: that of "
        "the clinic's records, else the day of the first visit. By month: the 12 calendar months up to the last day of "
        f"the period, or all of a longer period up to {MOST_MONTHS} months, whole months except the last. Months "
        "before the clinic's first registration or visit are left out.",
    ),
    findings.CHANGE_DEFINITION,
    Definition(
        "Median age",
        "Half of the patients whose age is known are this old or younger.",
    ),
    Definition(
        "Visits a patient",
        "Visits of the patients counted that took place in the period; patients without any are not in this table.",
    ),
    filters.AGE_DEFINITION,
    Definition("Sex", "As the patient's record says; records that say nothing are unknown."),
)

TEMPLATE = Template(
    name="patient_summary",
    title="Patient summary",
    number_prefix="PS",
    sentence="Who your patients are: age and sex, new registrations, active patients and how often they come.",
    pages="About 3 pages",
    audience="aggregate",
    version=1,
    filters=FILTERS,
    build=build,
    count=count,
    fresh_for=timedelta(hours=1),
)
