"""The sections of the patient summary: age and sex, registrations, who is active, how often they come."""

from webapp import words
from webapp.content import coverage, filters, findings, periods
from webapp.content.patient_summary.counts import MOST_VISITS, Answer, Group
from webapp.figures import Cell, Chart, Column, Section, Table

ENOUGH = 10
"""Patients an age group must have for its share to be named in a title."""
STANDS_OUT = 5.0
"""Percentage points by which its share must pass that of all patients."""


def sections_of(answer: Answer) -> tuple[Section | None, ...]:
    return _by_age(answer), _by_month(answer), _activity(answer), _visits(answer), _compared(answer)


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
    return Table("ages", title, tuple(columns), rows, cells(findings.ALL))


def _sex_table(answer: Answer) -> Table:
    """The patients of one age band."""
    columns = (
        Column("sex", "Sex"), Column("all", "Patients", "count"), Column("share", "Share", "percent", decimals=1),
    )  # fmt: skip
    counts = {label: answer.part(sex).patients for sex, label in answer.parts().items()}
    rows = tuple((label, count, findings.share(count, answer.patients)) for label, count in counts.items())
    return Table("sexes", "Patients by sex", columns, rows, (findings.ALL, answer.patients, 100.0))


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
    title = age_title(answer)
    if has_two_sides:
        subtitle = f"Patients by age and sex, {day}{_not_drawn(answer)}"
        return Chart("ages", "pyramid", title, subtitle, "ages", "age", ("female", "male"))
    return Chart("ages", "bar", title, f"Patients by age, {day}", "ages", "age", ("all",))


def _not_drawn(answer: Answer) -> str:
    """Those who have no side in the pyramid; the table counts them."""
    rest = sum(answer.total(sex=sex).patients for sex in filters.SEX_WORDS if sex not in ("female", "male"))
    return f"; {words.number(rest)} of other or unknown sex {'is' if rest == 1 else 'are'} not drawn" if rest else ""


def age_title(answer: Answer) -> str:
    """Tells the middle of the ages, not the largest group: groups span from 5 to 20 years or more, and a wide one
    would lead for its width alone."""
    unknown = answer.total(filters.UNKNOWN_AGE).patients
    if answer.median_age is None or 2 * unknown >= answer.patients:
        return f"The age of {words.plural(unknown, 'patient')} is unknown"
    for band in filters.BANDS:
        if answer.total(band.name).patients == answer.patients:
            return f"All patients are aged {band.label}"
    return f"The median age is {median_words(answer.median_age)}"


def median_words(age: float) -> str:
    return words.number(age, age_decimals(age))


def age_decimals(age: float | None) -> int:
    """The mean of two ages may end in a half."""
    return 1 if age and age % 1 else 0


def _by_month(answer: Answer) -> Section | None:
    if not any(answer.months.values()):
        return None
    question = answer.question
    table = Table(
        "registrations",
        "New registrations by month",
        (Column("month", "Month", "month"), Column("new", "New registrations", "count")),
        tuple(zip(periods.month_cells(answer.months, question.end), answer.months.values(), strict=True)),
        note=_months_note(answer),
    )
    return Section("by_month", "New registrations", _months_charts(answer), (table,))


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
        _activity_row(findings.ALL, answer.total()),
    )
    each = "each age group" if answer.by == "age" else "each sex"
    since = words.dates(*answer.active_in)
    subtitle = f"Patients with a visit in the {answer.span} from {since}, percent of {each}"
    chart = Chart("active", "bar", _activity_title(answer), subtitle, table.key, answer.by, ("share",))
    return Section("active", "Active patients", (chart,) if answer.active else (), (table,))


def _activity_row(label: str, group: Group) -> tuple[Cell, ...]:
    return label, group.patients, group.active, findings.share(group.active, group.patients)


def _activity_title(answer: Answer) -> str:
    """Names the age group or sex with the largest share active, where one stands out and is not a handful."""
    groups = {name: group for name in answer.parts() if (group := answer.part(name)).patients}
    shares = {name: 100 * group.active / group.patients for name, group in groups.items()}
    top = max(shares, key=lambda name: shares[name])
    stands_out = shares[top] >= 100 * answer.active / answer.patients + STANDS_OUT
    is_alone = list(shares.values()).count(shares[top]) == 1
    if stands_out and is_alone and groups[top].patients >= ENOUGH and top not in ("unknown", "other"):
        label = answer.parts()[top]
        named = f"Patients aged {label}" if answer.by == "age" else f"{label} patients"
        return f"{named} had the largest share active"
    if answer.active == answer.patients:
        return "All patients were active"
    be = "was" if answer.active == 1 else "were"
    return f"{words.number(answer.active)} of {words.plural(answer.patients, 'patient')} {be} active"


def _visits(answer: Answer) -> Section | None:
    came = answer.times.came
    if not came:
        return None
    groups = answer.times.grouped()
    rows = [
        (f"{times}" if times < MOST_VISITS else f"{times} or more", patients, findings.share(patients, came), visits)
        for times, (patients, visits) in groups.items()
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
        ("All who came", came, 100.0, answer.times.visits),
    )
    subtitle = f"Patients by how often they came, {periods.label(*answer.period)}"
    chart = Chart("visits", "bar", _visits_title(answer), subtitle, table.key, "visits", ("patients",))
    return Section("visits", "How often patients came", (chart,), (table, _visits_a_patient(answer)))


def _visits_a_patient(answer: Answer) -> Table:
    """A row for the earlier period, where it can be compared and somebody came, and one for this."""
    shown = [(answer.period, answer.times)]
    if answer.are_visits_compared and answer.before.times.came:
        shown.insert(0, (answer.earlier, answer.before.times))
    return Table(
        "visits_a_patient",
        "Visits a patient",
        (
            Column("period", "Period"),
            Column("patients", "Patients who came", "count"),
            Column("visits", "Visits", "count"),
            Column("mean", "Visits a patient, mean", "number", decimals=1),
            Column("median", "Visits a patient, median", "number", decimals=1),
        ),
        tuple(
            (periods.full_label(*period), times.came, times.visits, times.mean, times.median) for period, times in shown
        ),
    )


def _visits_title(answer: Answer) -> str:
    once, came = answer.times.patients.get(1, 0), answer.times.came
    if once == came:
        return "Everyone who came, came once" if once > 1 else "One patient came, once"
    if 2 * once > came:
        return "Most of those who came, came once"
    if 2 * (came - once) > came:
        everyone = "Everyone who came, came more than once" if came > 1 else "One patient came, more than once"
        return "Most of those who came, came more than once" if once else everyone
    return "Half of those who came, came once"


def _compared(answer: Answer) -> Section | None:
    """The period beside the earlier one, as each stood on its last day; only what is on record of both."""
    before = answer.before
    if not answer.is_compared:
        return None
    steps = {"Patients": (before.patients, answer.patients)}
    if answer.is_active_compared:
        steps["Active patients"] = (before.active, answer.active)
    steps["New registrations"] = (before.new, answer.new)
    if answer.are_visits_compared:
        steps["Patients who came"] = (before.times.came, answer.times.came)
    if not any(map(any, steps.values())):
        return None
    title = f"Compared with {answer.earlier_name}"
    table = findings.comparison(
        "compared", title, "Figures", answer.period, answer.earlier, steps, answer.records_begin
    )
    return Section("compared", "What changed", tables=(table,))
