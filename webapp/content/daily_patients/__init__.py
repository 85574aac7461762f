"""Daily patient reports: of each patient of an uploaded sheet the latest vital signs with their score, the readings of
the day, and how they compare with the days before.

    sheet         the measurements that came with it, with what was kept of its rows when it was accepted
    set           readings of one patient at one time, or on one day where the time is not known
    score         NEWS2 (vitals/news2.py) of the patient's latest set that has any sign of it, by the age on its day
                  and the scale of oxygen saturation of the reading, else of the patient
    at least      the points of a set that lacks a sign: patients are ordered and judged by them
    was           the last score within 24 hours, where the latest set lacks signs and has fewer points: judged by it
    highest       the gravest set of the sheet's days, told where it is graver than the one judged by
    readings      the sheet's sets and those on record of its days; where they are fewer than 12, those on record of up
                  to 7 days before fill them up
    days before   sets on record of the 7 days before the patient's first day in the sheet, one row a day
    change        against the latest reading of the day before
    order         the highest score, or what it is at least, first; then those of whom nothing can be said; by name

Upload.told has, as JSON, what the report says of the sheet: {"read": rows of data, "used": those of them,
"readings": how many were put on record or were there, "left_out": {reason: rows}, "converted": {measure: unit in the
sheet}, "assumed": {measure: word said of all of it}}. Where it lacks something, nothing is said of that.

The modules of this folder:

    readings.py   what is read           cases.py      each patient's sets, scored
    sections.py   what each page has     tables.py, charts.py      its parts
    verdicts.py   how a patient stands, in words
    sentences.py  the first page, rows and definitions
"""

from datetime import timedelta

from sqlalchemy import Connection

from webapp.content.daily_patients import sections, sentences
from webapp.content.daily_patients.cases import case
from webapp.content.daily_patients.readings import brought_by, count, of_clinic, read
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.figures import Choice

MOST_STEPS = 20
"""So many times it is told at most how many patients are done: each time is a write to the database."""


def build(connection: Connection, question: Question, step: Step) -> Body:
    found = read(connection, question)
    cases = sorted(map(case, found.patients), key=lambda one: one.order)
    patients = []
    every = -(-len(cases) // MOST_STEPS)
    for place, one in enumerate(cases, 1):
        patients.append(sections.patient(one, place, found))
        if place % every == 0 or place == len(cases):
            step(place, len(cases))
    return Body(
        summary=sentences.summary(cases, found.last_day),
        metrics=sentences.metrics(cases),
        sections=(sections.overview(cases, found.last_day), *patients),
        rows=sentences.rows(found.told, cases),
        definitions=sentences.definitions(found, cases),
    )


def origin(connection: Connection, question: Question) -> tuple[Choice, ...]:
    """The sheet, and who brought it."""
    sheet = of_clinic(connection, question)
    return Choice("Sheet", sheet.file_name), Choice("Brought by", brought_by(sheet, question.timezone))


TEMPLATE = Template(
    name="daily_patients",
    title="Daily patients",
    number_prefix="DP",
    sentence="Each patient’s vital signs of the day with their NEWS2 score, from a sheet that you upload.",
    pages="a page a patient",
    audience="patients",
    version=1,
    filters=(),
    steps=0,
    build=build,
    count=count,
    fresh_for=timedelta(0),
    origin=origin,
    steps_noun="patients",
)
