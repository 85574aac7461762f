"""The parts of the medical statistics that are about vital signs: their tables and charts."""

from collections import Counter
from collections.abc import Iterable, Mapping

from webapp import words
from webapp.content import coverage, findings, intervals, periods
from webapp.content.medical_statistics.counts import Answer
from webapp.content.vitals.bands import (
    BMI,
    BMI_CLASSES,
    HIGH,
    HIGH_PRESSURES,
    NEWS2,
    PRESSURE_CLASSES,
    SCORES,
    SINGLE,
    Measure,
)  # fmt: skip
from webapp.content.vitals.counts import AGES, REASONS
from webapp.figures import Cell, Change, Chart, Column, Section, Table

ALL = "All ages"
PRESSURE = "pressure"
PRESSURE_LABEL = "Blood pressure"
LABELS = {PRESSURE: PRESSURE_LABEL} | {measure.name: measure.label for measure in SINGLE}
SIGNS = tuple(measure.name for measure in NEWS2)
_READINGS = Column("readings", "Readings", "count")


def sections(answer: Answer) -> tuple[Section | None, ...]:
    return _outside(answer), _pressures(answer), _scores(answer), _bmi(answer)


def outside(answer: Answer, measure: str, is_earlier: bool = False) -> tuple[int, int]:
    """Readings with a class, and those of them outside of the reference band; of blood pressures those that are
    high."""
    return _of_these(measure, answer.classed(measure, is_earlier=is_earlier))


def high_by_month(answer: Answer) -> dict[str, tuple[int, int]]:
    """Blood pressures of each month shown, and those of them that are high."""
    return {month: _of_these(PRESSURE, answer.classed(PRESSURE, month=month)) for month in answer.months}


def _of_these(measure: str, classed: Mapping[str, int]) -> tuple[int, int]:
    if measure == PRESSURE:
        return sum(classed.values()), sum(classed[name] for name in HIGH_PRESSURES)
    grades = _grades(_MEASURES[measure], classed)
    return sum(grades.values()), sum(count for grade, count in grades.items() if grade != _MEASURES[measure].usual)


_MEASURES = {measure.name: measure for measure in SINGLE}


def _grades(measure: Measure, classed: Mapping[str, int]) -> Counter[str]:
    """Readings by the score or class that their bands give."""
    grades: Counter[str] = Counter()
    for place, band in enumerate(measure.bands):
        grades[band.grade] += classed[f"{place}"]
    return grades


# -- outside of the reference bands ------------------------------------------------------------------------------------


def outside_labels() -> dict[str, str]:
    """What is outside of the band of each measure: "Pulse, score 1 to 3"."""
    labels = {measure.name: f"{measure.label}, {measure.unusual}" for measure in SINGLE}
    return {PRESSURE: f"{PRESSURE_LABEL}, {HIGH}"} | labels


def _outside(answer: Answer) -> Section | None:
    found = {name: outside(answer, name) for name in LABELS}
    found = {name: pair for name, pair in found.items() if pair[0]}
    if not found:
        return None
    columns = [
        Column("measure", "Outside the reference band"),
        _READINGS,
        Column("outside", "Outside", "count"),
        Column("share", "Share", "percent", decimals=1),
    ]
    if answer.are_vitals_compared:
        columns += [
            Column("readings_then", "Readings then", "count"),
            Column("outside_then", "Outside then", "count"),
            Column("share_then", "Share then", "percent", decimals=1),
            Column("points", "Change in points", "number", decimals=1),
        ]
    labels = outside_labels()
    rows = tuple((labels[name], *_outside_cells(answer, name)) for name in found)
    note = _then(answer) if answer.are_vitals_compared else ""
    table = Table("outside", "Readings outside the reference bands", tuple(columns), rows, note=note)
    subtitle = f"Readings outside, percent of those with a class, {periods.label(*answer.period)}"
    chart = Chart("outside", "bar", _outside_title(found), subtitle, "outside", "measure", ("share",))
    charts = (chart,) if len(found) > 1 else ()
    return Section("outside", "Readings outside the reference bands", charts, (table,))


def _then(answer: Answer) -> str:
    """What the columns of the earlier period are of."""
    told = f"Then: {periods.full_label(*answer.earlier)}, {answer.earlier_name}."
    return f"{told} {coverage.comparison_note(answer.earlier, answer.vitals_begin)}".rstrip()


def _outside_cells(answer: Answer, measure: str) -> tuple[Cell, ...]:
    """Both periods stand in one row, so that whoever withholds a count sees each share that would tell it."""
    readings, found = outside(answer, measure)
    now = readings, found, findings.share(found, readings)
    if not answer.are_vitals_compared:
        return now
    were, then = outside(answer, measure, is_earlier=True)
    moved = step(answer, measure)
    return (*now, were, then, findings.share(then, were), moved.difference if moved else None)


def step(answer: Answer, measure: str) -> Change | None:
    """By how many percentage points more readings were outside than in the earlier period; None where either has too
    few for a share to be compared."""
    (readings, found), (were, then) = outside(answer, measure), outside(answer, measure, is_earlier=True)
    if min(readings, were) < findings.SMALL:
        return None
    return findings.difference(findings.share(found, readings), findings.share(then, were), answer.earlier)


def _outside_title(found: Mapping[str, tuple[int, int]]) -> str:
    if not any(pair[1] for pair in found.values()):
        return "No reading was outside its reference band"
    leader = most_often(found)
    return f"{LABELS[leader]} was outside its band most often" if leader else "Readings outside the reference bands"


def most_often(found: Mapping[str, tuple[int, int]]) -> str:
    """The one whose share stands out as the highest; empty where none does."""
    return intervals.leader({name: (part, whole) for name, (whole, part) in found.items()})


# -- blood pressure and body mass index, by age ------------------------------------------------------------------------


def _pressures(answer: Answer) -> Section | None:
    by_age = {age: answer.classed(PRESSURE, age) for age in AGES}
    everybody = answer.classed(PRESSURE)
    months = high_by_month(answer)
    if not everybody:
        return None
    table = _class_table(
        "pressures", "Blood pressure of adults by age", "Age", PRESSURE_CLASSES, HIGH, HIGH_PRESSURES, by_age, everybody
    )
    readings, high = outside(answer, PRESSURE)
    title = _part_title(high, readings, "blood pressure", HIGH)
    subtitle = f"Blood pressures of adults by category, percent of each age group, {periods.label(*answer.period)}"
    charts = [Chart("pressures", "stack", title, subtitle, "pressures", "group", tuple(reversed(PRESSURE_CLASSES)))]
    tables = [table]
    if sum(1 for whole, _ in months.values() if whole) > 1:
        tables.append(_month_table(answer))
        charts.append(_month_chart(answer, months))
    return Section("pressures", PRESSURE_LABEL, tuple(charts), tuple(tables))


def _part_title(part: int, whole: int, noun: str, what: str) -> str:
    """How many of the readings are so; in counts, where they are too few for a percentage."""
    if not part:
        return f"No {noun} was {what}"
    if whole < findings.SMALL:
        return f"{words.number(part)} of {words.plural(whole, noun)} {'was' if part == 1 else 'were'} {what}"
    return f"{words.number(findings.share(part, whole) or 0, 1)} % of {noun}s were {what}"


def _class_table(
    key: str,
    title: str,
    label: str,
    classes: Mapping[str, str],
    high_label: str,
    high: Iterable[str],
    groups: Mapping[str, Mapping[str, int]],
    everybody: Mapping[str, int],
) -> Table:
    """Groups of adults with readings, by class, with the share of the classes that are `high`."""
    columns = (
        Column("group", label),
        *(Column(name, told, "count") for name, told in classes.items()),
        Column("all", "All", "count"),
        Column("share", high_label, "percent", decimals=1),
    )

    def cells(name: str, counts: Mapping[str, int]) -> tuple[Cell, ...]:
        whole = sum(counts[item] for item in classes)
        return (name, *(counts[item] for item in classes), whole, findings.share(sum(counts[i] for i in high), whole))

    rows = tuple(cells(AGES[age], counts) for age, counts in groups.items() if any(counts.values()))
    return Table(key, title, columns, rows, cells(ALL, everybody))


def _month_table(answer: Answer) -> Table:
    columns = (
        Column("month", "Month", "month"),
        *(Column(name, told, "count") for name, told in PRESSURE_CLASSES.items()),
        Column("all", "All", "count"),
        Column("share", HIGH, "percent", decimals=1),
    )
    rows = []
    for month, cell in zip(answer.months, periods.month_cells(answer.months, answer.question.end), strict=True):
        counts = answer.classed(PRESSURE, month=month)
        whole, high = _of_these(PRESSURE, counts)
        rows.append((cell, *(counts[name] for name in PRESSURE_CLASSES), whole, findings.share(high, whole)))
    begin = answer.vitals_begin
    notes = [
        periods.months_note(answer.months, answer.question.start, answer.question.end),
        coverage.months_note(dict.fromkeys(answer.months), begin),
    ]
    title = "Blood pressure of adults by month"
    return Table("pressure_months", title, columns, tuple(rows), note=" ".join(filter(None, notes)))


def _month_chart(answer: Answer, months: Mapping[str, tuple[int, int]]) -> Chart:
    leader = most_often(months)
    title = (
        f"The share {HIGH} was largest in {words.month(leader, short=False)}"
        if leader
        else f"The share {HIGH} by month"
    )
    stretch = periods.months_label(answer.months, answer.question.end)
    subtitle = f"Blood pressures of adults {HIGH}, percent of each month, {stretch}"
    return Chart("pressure_months", "line", title, subtitle, "pressure_months", "month", ("share",))


def _bmi(answer: Answer) -> Section | None:
    everybody = answer.classed(BMI.name)
    if not everybody:
        return None
    groups = {age: _grades(BMI, answer.classed(BMI.name, age)) for age in AGES}
    grades = _grades(BMI, everybody)
    by_age = _class_table(
        "bmi", "Body mass index of adults by age", "Age", BMI_CLASSES, "25.0 or more", ("overweight", "obese"), groups,
        grades,
    )  # fmt: skip
    readings = sum(grades.values())
    heavy = grades["overweight"] + grades["obese"]
    title = _part_title(heavy, readings, "reading", "25.0 or more")
    subtitle = f"Body mass index of adults by class, percent of each age group, {periods.label(*answer.period)}"
    chart = Chart("bmi", "stack", title, subtitle, "bmi", "group", tuple(reversed(BMI_CLASSES)))
    columns = (Column("band", "Class, kg/m²"), _READINGS, Column("share", "Share", "percent", decimals=1))
    rows = tuple(
        (band.label, everybody[f"{place}"], findings.share(everybody[f"{place}"], readings))
        for place, band in enumerate(BMI.bands)
    )
    classes = Table("bmi_classes", "Body mass index by class", columns, rows, ("All classes", readings, 100.0))
    return Section("bmi", "Body mass index", (chart,), (by_age, classes))


# -- NEWS2 -------------------------------------------------------------------------------------------------------------


def _scores(answer: Answer) -> Section | None:
    found = {measure.name: outside(answer, measure.name) for measure in NEWS2}
    found = {name: pair for name, pair in found.items() if pair[0]}
    if not found:
        return None
    measures = [measure for measure in NEWS2 if measure.name in found]
    columns = (
        Column("sign", "Vital sign"),
        *(Column(f"score_{score}", f"Score {score}", "count") for score in SCORES),
        _READINGS,
        Column("share", "Score 1 to 3", "percent", decimals=1),
    )
    rows = []
    for measure in measures:
        grades, (whole, part) = _grades(measure, answer.classed(measure.name)), found[measure.name]
        counts = (grades[score] for score in SCORES)
        rows.append((measure.label, *counts, whole, findings.share(part, whole)))
    table = Table("scores", "Vital signs by NEWS2 score", columns, tuple(rows))
    title = "No reading scored more than 0"
    if any(part for _, part in found.values()):
        leader = most_often(found)
        title = f"{LABELS[leader]} scored 1 to 3 most often" if leader else "Readings by score"
    subtitle = f"Readings by NEWS2 score of the single sign, percent, {periods.label(*answer.period)}"
    series = tuple(f"score_{score}" for score in reversed(SCORES))
    chart = Chart("scores", "stack", title, subtitle, "scores", "sign", series)
    return Section("scores", "Early warning (NEWS2)", (chart,), (table, _bands(answer, measures)))


def _bands(answer: Answer, measures: Iterable[Measure]) -> Table:
    columns = (
        Column("band", "Band"),
        Column("unit", "Unit"),
        Column("score", "Score"),
        _READINGS,
        Column("share", "Share of the sign", "percent", decimals=1),
    )
    rows: list[tuple[Cell, ...]] = []
    for measure in measures:
        classed = answer.classed(measure.name)
        for place, band in enumerate(measure.bands):
            count = classed[f"{place}"]
            label = f"{measure.label} {band.label}"
            rows.append((label, measure.unit, band.grade, count, findings.share(count, sum(classed.values()))))
    return Table("bands", "Vital signs by band", columns, tuple(rows))


# -- without a class ---------------------------------------------------------------------------------------------------


def troubles(answer: Answer) -> list[str]:
    """Why readings of people old enough have no class."""
    found: Counter[str] = Counter()
    for name in LABELS:
        found.update(answer.verdicts(name))
    return [told for reason, told in REASONS.items() if reason != "too_young" and found[reason]]


def unclassed(answer: Answer) -> Section | None:
    """How many readings of each measure have no class, and why; None where all have one."""
    found = {name: answer.verdicts(name) for name in LABELS}
    found = {name: verdicts for name, verdicts in found.items() if verdicts}
    reasons = {reason: told for reason, told in REASONS.items() if any(verdicts[reason] for verdicts in found.values())}
    if not reasons:
        return None
    columns = (
        Column("measure", "Measure"),
        _READINGS,
        Column("classed", "With a class", "count"),
        *(Column(reason, told, "count") for reason, told in reasons.items()),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, verdicts in found.items():
        left_out = tuple(verdicts[reason] for reason in reasons)
        readings = sum(verdicts.values())
        rows.append((LABELS[name], readings, readings - sum(left_out), *left_out))
    table = Table(
        "unclassed",
        "Readings with and without a class",
        columns,
        tuple(rows),
        note="Each systolic pressure is read twice: alone, and with the diastolic one.",
    )
    return Section("unclassed", "Readings without a class", (), (table,))
