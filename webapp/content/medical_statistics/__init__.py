"""Medical statistics: what is on record, how complete it is, and what vital signs say against reference bands.

    records           medical visits that took place, diagnoses not refuted and at no dental visit, measurements, and
                      medical treatments; each by its own day in the period
    completeness      patients seen at these visits, or the visits, with the item on record / all of them; a diagnosis
                      by the last day, blood pressure and body mass index measured in the period, of those old enough
    high pressure     readings of 130/80 mm Hg or higher / readings with a class, from 18 years on: 2017 ACC/AHA
                      guideline, Table 6
    NEWS2             readings that score 1 to 3 / readings with a class, from 16 years on: Royal College of Physicians,
                      NEWS 2 (2017), chart 1, each sign alone
    body mass index   readings by class / those with a class, from 20 years on: WHO, Technical Report Series 894 (2000)
    without a class   readings in an unknown unit, too young, or implausible (MIMIC Code Repository, JAMIA 2018;
                      growthcleanr, JAMIA 2017)
    most common       measurements and treatments of the period by code, else by name; share: / all of them
    months            the 12 calendar months up to the last day, or all of a longer period, by the day of the reading
    change            against the question's earlier period; of shares in percentage points

Ages are those on the day of a reading; in completeness those on the last day. vitals/bands.py has every band and limit
with its source.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings, intervals, named, periods
from webapp.content.medical_statistics import vital_signs
from webapp.content.medical_statistics.counts import RECORDS, STEPS, Answer, Part, ask, count
from webapp.content.medical_statistics.ties import TIES
from webapp.content.medical_statistics.vital_signs import PRESSURE
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.content.vitals.bands import BMI_AGE, HIGH, NEWS2_AGE, PRESSURE_AGE
from webapp.content.vitals.counts import FILTERS
from webapp.figures import Cell, Chart, Column, Definition, Metric, Section, Table

OF_PATIENTS = {
    "birth_date": "Birth date",
    "sex": "Sex",
    "mrn": "Medical record number",
    "diagnosis": "A diagnosis",
    "pressure": f"Blood pressure, from age {PRESSURE_AGE}",
    "bmi": f"Body mass index, from age {BMI_AGE}",
}
OF_VISITS = {
    "provider": "Provider",
    "ended": "End of the visit",
    "diagnosis": "A diagnosis",
    "vitals": "A vital sign",
    "pressure": "Blood pressure",
}


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    sections = (
        *vital_signs.sections(answer),
        _records(answer),
        _completeness(answer),
        vital_signs.unclassed(answer),
        named.section("observations", "Observation", answer.observations),
        named.section("treatments", "Treatment", answer.treatments),
    )
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=sections,
        rows=answer.rows,
        definitions=DEFINITIONS,
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    def counted(kind: str) -> Metric:
        found = answer.records[kind]
        change = findings.change(found.count, found.earlier, answer.earlier) if answer.is_compared else None
        return Metric(kind, RECORDS[kind], found.count, change=change)

    with_vitals = answer.of_visits["vitals"]
    visits = f"{words.number(with_vitals.have)} of {words.plural(with_vitals.of, 'medical visit')}"
    readings, high = vital_signs.outside(answer, PRESSURE)
    pressures = f"{words.number(high)} of {words.plural(readings, 'reading')} of adults {HIGH}"
    change = vital_signs.step(answer, PRESSURE) if answer.are_vitals_compared else None
    return (
        counted("visits"),
        counted("measurements"),
        Metric("with_vitals", "Visits with vital signs", findings.share(with_vitals.have, with_vitals.of), "percent",
               decimals=1, note=visits if with_vitals.of else ""),
        Metric("high_pressure", "High blood pressure", findings.share(high, readings), "percent", decimals=1,
               change=change, note=pressures if readings else "", trend=_trend(answer)),
    )  # fmt: skip


def _trend(answer: Answer) -> tuple[Cell, ...]:
    """The share of high blood pressures by month, where more than one month has any."""
    shares = [findings.share(high, whole) for whole, high in vital_signs.high_by_month(answer).values()]
    return tuple(shares) if sum(1 for share in shares if share is not None) > 1 else ()


def _records(answer: Answer) -> Section | None:
    if not any(found.count or found.earlier for found in answer.records.values()):
        return None
    columns = (
        Column("kind", "Records"), Column("count", "On record", "count"), Column("patients", "Patients", "count"),
    )  # fmt: skip
    rows = tuple((RECORDS[kind], found.count, found.patients) for kind, found in answer.records.items())
    table = Table("records", "Medical records", columns, rows, ("All records", answer.rows.used, None))
    if not answer.is_compared:
        return Section("records", "Medical records", (), (table,))
    compared = findings.comparison(
        "records_compared",
        f"Compared with {answer.earlier_name}",
        "Records",
        answer.period,
        answer.earlier,
        {RECORDS[kind]: (found.earlier, found.count) for kind, found in answer.records.items()},
        answer.records_begin,
    )
    return Section("records", "Medical records", (), (table, compared))


# -- completeness ------------------------------------------------------------------------------------------------------


def _completeness(answer: Answer) -> Section | None:
    if not answer.records["visits"].count:
        return None
    patients = _parts("complete_patients", "On record of the patients seen", "Patients", OF_PATIENTS,
                      answer.of_patients)  # fmt: skip
    visits = _parts("complete_visits", "On record of medical visits", "Visits", OF_VISITS,
                    answer.of_visits)  # fmt: skip
    subtitle = f"On record, percent of the patients seen at medical visits {answer.when}"
    title = _completeness_title(answer.of_patients)
    chart = Chart("complete_patients", "bar", title, subtitle, patients.key, "what", ("share",))
    return Section("completeness", "Completeness", (chart,), (patients, visits))


def _parts(key: str, title: str, noun: str, labels: Mapping[str, str], parts: Mapping[str, Part]) -> Table:
    columns = (
        Column("what", "What is on record"),
        Column("of", noun, "count"),
        Column("have", "On record", "count"),
        Column("missing", "Missing", "count"),
        Column("share", "Share on record", "percent", decimals=1),
    )
    found = ((labels[name], parts[name]) for name in labels)
    rows = tuple(
        (label, part.of, part.have, part.of - part.have, findings.share(part.have, part.of)) for label, part in found
    )
    return Table(key, title, columns, rows)


def _completeness_title(parts: Mapping[str, Part]) -> str:
    missing = {name: 1000 * (part.of - part.have) // part.of for name, part in parts.items() if part.of}
    if all(part.have == part.of for part in parts.values()):
        return "Nothing is missing from the records of the patients seen"
    top = findings.leaders(missing)
    if len(top) != 1:
        return "What is on record of the patients seen"
    return f"Missing most often: {OF_PATIENTS[top[0]][0].lower()}{OF_PATIENTS[top[0]][1:]}"


# -- in words ----------------------------------------------------------------------------------------------------------


def _summary(answer: Answer) -> tuple[str, ...]:
    uncompared = coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records")
    if not answer.rows.used:
        none = "No medical records matched the filters" if answer.question.chosen else "There are no medical records"
        return tuple(filter(None, (f"{none} {answer.when}.", uncompared)))
    sentences = [_visits_sentence(answer), uncompared, _pressure_sentence(answer)]
    sentences += [_scores_sentence(answer), _missing_sentence(answer), _unclassed_sentence(answer)]
    return tuple(filter(None, sentences))


def _visits_sentence(answer: Answer) -> str:
    found, vitals = answer.records["visits"], answer.of_visits["vitals"]
    told = f", {findings.compared(found.count, found.earlier, answer.earlier)}" if answer.is_compared else ""
    if not found.count:
        return f"There were no medical visits {answer.when}{told}."
    there = f"There {_be(found.count)} {words.plural(found.count, 'medical visit')} {answer.when}{told}"
    if found.count == 1:
        return f"{there}, {'with' if vitals.have else 'without'} vital signs on record."
    some = f"{words.number(vitals.have)} of them {'has' if vitals.have == 1 else 'have'}" if vitals.have else "none has"
    return f"{there}; {some} vital signs on record."


def _be(count: int) -> str:
    return "was" if count == 1 else "were"


def _pressure_sentence(answer: Answer) -> str:
    readings, high = vital_signs.outside(answer, PRESSURE)
    if not readings:
        return ""
    share = findings.share(high, readings)
    part = f" ({words.number(share, 1)} %)" if share is not None and readings >= findings.SMALL else ""
    some, be = words.number(high) if high else "none", "were" if high > 1 else "was"
    moved = vital_signs.step(answer, PRESSURE) if answer.are_vitals_compared else None
    told = ""
    if moved:
        when, way = periods.within(*answer.earlier), "more" if moved.difference > 0 else "less"
        points = words.number(abs(moved.difference), 1)
        told = f", {points} percentage points {way} than {when}" if moved.difference else f", the same share as {when}"
    return f"Of {words.plural(readings, 'blood pressure')} of adults, {some}{part} {be} {HIGH}{told}."


def _scores_sentence(answer: Answer) -> str:
    """The vital sign that stood out, where one did."""
    found = {name: vital_signs.outside(answer, name) for name in vital_signs.SIGNS}
    leader = vital_signs.most_often(found)
    if not leader:
        return ""
    readings, outside = found[leader]
    share = words.number(findings.share(outside, readings) or 0, 1)
    label = vital_signs.LABELS[leader]
    return f"Of the signs of NEWS2, {label.lower()} scored 1 to 3 most often: in {share} % of readings."


def _missing_sentence(answer: Answer) -> str:
    """Told of what should never be missing."""
    phrases = {
        "birth_date": ("has no birth date", "have no birth date"),
        "sex": ("is of unknown sex", "are of unknown sex"),
        "mrn": ("has no medical record number", "have no medical record number"),
    }
    gaps = {name: answer.of_patients[name].of - answer.of_patients[name].have for name in phrases}
    told = [f"{words.number(gap)} {phrases[name][gap > 1]}" for name, gap in gaps.items() if gap]
    if not told:
        return ""
    return f"Of {words.plural(answer.of_patients['sex'].of, 'patient')} seen at medical visits, {words.listed(told)}."


def _unclassed_sentence(answer: Answer) -> str:
    troubles = [trouble.lower() for trouble in vital_signs.troubles(answer)]
    return f"Some readings have no class: {words.listed(troubles)}." if troubles else ""


DEFINITIONS = (
    Definition(
        "Medical records",
        "Medical visits that took place; diagnoses recorded at no dental visit and not refuted; measurements of any "
        "kind; treatments of the medical kind. Each by its own day; those without a day stand in no period. Visits "
        "that were planned, cancelled or entered in error do not count.",
    ),
    Definition(
        "Patients seen",
        "Patients with at least one medical visit that took place in the period. A diagnosis is on record when it was "
        "recorded by the last day of the period, or without a day; blood pressure and body mass index when they were "
        "measured in the period, of those old enough on its last day. A vital sign of a visit is one measured in the "
        "period that names the visit.",
    ),
    Definition(
        "Blood pressure",
        "Normal: under 120/80 mm Hg. Elevated: systolic 120 to 129 and diastolic under 80. Stage 1: 130 to 139 or 80 "
        "to 89. Stage 2: 140 or 90 and higher. Of two categories the higher counts. 2017 ACC/AHA guideline for high "
        f"blood pressure in adults, Table 6, for people of {PRESSURE_AGE} and over. One reading is no diagnosis: the "
        "guideline asks for the average of two or more on two or more occasions. The systolic and the diastolic value "
        "of one observation belong together, or else those of one patient at one moment; of several the highest.",
    ),
    Definition(
        "NEWS2",
        "What a single sign scores in chart 1 of the National Early Warning Score (NEWS) 2, Royal College of "
        f"Physicians 2017, for people of {NEWS2_AGE} and over; oxygen saturation by scale 1. Finer readings are "
        "rounded as the chart is written: to whole numbers, temperature to tenths. The reference band scores 0. The "
        "chart is not meant for pregnancy, which is not told apart here. The sum of a whole set is not worked out.",
    ),
    Definition(
        "Body mass index",
        "Classes of the WHO for adults (Technical Report Series 894, 2000), for people of "
        f"{BMI_AGE} and over, because WHO has growth references up to 19 years. Readings of a body mass index; none is "
        "worked out from weight and height.",
    ),
    Definition(
        "Readings without a class",
        "In another unit or none: units are read as UCUM writes them (mm[Hg], /min, %, Cel, kg/m2), with their usual "
        "spellings; degrees Fahrenheit are turned into Celsius. Too young: under the age from which the bands hold, "
        "on the day of the reading. Implausible: respiration from 70, pulse from 300, pressure from 400/300, 0 or "
        "less, oxygen saturation over 100 %, temperature up to 10 or from 50 °C (limits of the MIMIC Code Repository, "
        "JAMIA 2018), body mass index under 12 or over 65 (growthcleanr), diastolic not under systolic pressure.",
    ),
    Definition(
        "Shares",
        "Of readings with a class in the same row. A patient measured twice counts twice. Changes in percentage points "
        f"are left out where either period has under {findings.SMALL} readings. {intervals.LEADER_RULE}",
    ),
    coverage.months_definition("vital sign"),
    named.NAMES_DEFINITION,
    findings.CHANGE_DEFINITION,
    filters.AGE_DEFINITION,
)

TEMPLATE = Template(
    name="medical_statistics",
    title="Medical statistics",
    number_prefix="MS",
    sentence="What is on record, how complete it is, and vital signs against blood pressure, NEWS2 and BMI bands.",
    pages="About 7 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(hours=1),
    ties=TIES,
)
