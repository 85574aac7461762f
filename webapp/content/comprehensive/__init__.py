"""Comprehensive analytics: the clinic on one page, and what stands behind each headline figure.

    visits              medical and dental, that took place on a day of the period
    patients            known by the last day and alive on the first
    active              of these, with a visit that took place in the 12 months up to the last day
    new registrations   day of registration in the period
    mean rating         sum / number of ratings from 1 to 5 that were given in the period
    success rate        treatments of the period, successful or improved / those with a known outcome
    overdue             follow-ups due before the last day and not done at its end, whenever the treatment was
    reports made        reports asked for on a day of the period that were made, of those not deleted
    blood pressure      readings of adults from 130/80 mm Hg on / readings with a class, by month (2017 ACC/AHA
                        guideline, Table 6: vitals/bands.py)
    visits a day        visits / days with any; a provider: visits with a provider / days on which each of these had any
    minutes, seconds    medians of the visits that were timed, and of the reports made
    people              who signed in or asked for a report in the period / accounts added by then and open now
    trends, months      trends: 12 months up to the last day, whatever day that is; tables: calendar months
    change              against the question's earlier period, with figures as of its own last day

Days are the clinic's own. The 12 months of active patients are a rule of this system.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import adoption, coverage, findings, named
from webapp.content.comprehensive.counts import (
    FILTERS,
    KNOWN,
    RATINGS,
    STEPS,
    SUCCEEDED,
    Answer,
    ask,
    count,
    mean_rating,
    success_rate,
    within,
)
from webapp.content.comprehensive.sections import (
    activity,
    compared,
    diagnoses,
    efficiency,
    pressures,
    reports,
    treatments,
    users,
)
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.content.vitals.bands import PRESSURE_AGE
from webapp.figures import Cell, Change, Definition, Metric

LEAST_POINTS = 3
"""Fewer points are no trend."""


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    parts = (activity, diagnoses, treatments, pressures, efficiency, reports, users, compared)
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=tuple(part(answer) for part in parts),
        rows=answer.rows,
        definitions=DEFINITIONS,
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    now, earlier, shown = answer.period, answer.earlier, answer.steps()
    patients, before, *at_steps = answer.patients
    rated, known = within(answer.ratings, now, RATINGS), within(answer.outcomes, now, KNOWN)

    def since_records(points: Sequence[Cell]) -> tuple[Cell, ...]:
        return _trend(points, shown, answer.records_begin)

    def change(came: int, was: int) -> Change | None:
        return findings.change(came, was, earlier) if answer.is_compared else None

    def points(came: float | None, was: float | None) -> Change | None:
        return findings.difference(came, was, earlier) if answer.is_compared else None

    visits, new = (within(some, now) for some in (answer.visits, answer.registered))
    rating, success = mean_rating(answer.ratings, now), success_rate(answer.outcomes, now)
    succeeded = within(answer.outcomes, now, SUCCEEDED)
    few = f"{words.number(succeeded)} " if 0 < known < findings.SMALL else ""
    return (
        Metric("visits", "Visits", visits, change=change(visits, within(answer.visits, earlier)),
               trend=since_records([within(answer.visits, step) for step in shown])),
        Metric("patients", "Patients", patients.known, change=change(patients.known, before.known),
               trend=since_records([each.known for each in at_steps])),
        Metric("active", "Active patients", patients.active, change=change(patients.active, before.active),
               trend=since_records([each.active for each in at_steps])),
        Metric("new", "New registrations", new, change=change(new, within(answer.registered, earlier)),
               trend=since_records([within(answer.registered, step) for step in shown])),
        Metric("mean_rating", "Mean rating", rating, "number", decimals=1, note=_of(rated, "rating"),
               change=points(rating, mean_rating(answer.ratings, earlier)),
               trend=since_records([mean_rating(answer.ratings, step) for step in shown])),
        Metric("success_rate", "Success rate", success, "percent", decimals=1, note=few + _of(known, "treatment"),
               change=points(success, success_rate(answer.outcomes, earlier)),
               trend=since_records([success_rate(answer.outcomes, step) for step in shown])),
        Metric("overdue", "Follow-ups overdue", answer.overdue[0], change=change(*answer.overdue[:2]),
               trend=since_records(answer.overdue[2:])),
        Metric("reports", "Reports made", answer.work.made, change=_more_reports(answer),
               trend=_trend(answer.made, shown, answer.reports_begin)),
    )  # fmt: skip


def _of(number: int, noun: str) -> str:
    return f"of {words.plural(number, noun)}" if number else ""


def _more_reports(answer: Answer) -> Change | None:
    if not coverage.is_in_part(answer.earlier, answer.reports_begin):
        return None
    return findings.change(answer.work.made, answer.work_before.made, answer.earlier)


def _trend(points: Sequence[Cell], shown: Sequence[Period], begin: date | None) -> tuple[Cell, ...]:
    """Those of the steps that records cover from their first day; none where they are few, or nothing but zeros."""
    covered = tuple(point for point, step in zip(points, shown, strict=True) if coverage.is_whole(step, begin))
    known = [point for point in covered if point is not None]
    return covered if len(known) >= LEAST_POINTS and any(known) else ()


def _summary(answer: Answer) -> tuple[str, ...]:
    sentences = [_visits(answer), _patients(answer), _registered(answer), _limits(answer), _quality(answer)]
    sentences += [_overdue(answer), adoption.used_sentence(answer.team), _reports(answer)]
    return tuple(filter(None, sentences))


def _visits(answer: Answer) -> str:
    visits = within(answer.visits, answer.period)
    if not visits:
        return f"There were no visits {answer.when}."
    be = "was" if visits == 1 else "were"
    before = within(answer.visits, answer.earlier)
    told = f", {findings.compared(visits, before, answer.earlier)}" if answer.is_compared else ""
    return f"There {be} {words.plural(visits, 'visit')} {answer.when}{told}."


def _patients(answer: Answer) -> str:
    patients = answer.patients[0]
    if not patients.known:
        return "The clinic had no patients."
    active = words.number(patients.active) if patients.active else "none"
    known = words.plural(patients.known, "patient")
    return f"Of the clinic's {known}, {active} {_be(patients.active)} active."


def _registered(answer: Answer) -> str:
    """A sentence by itself: after that of the active patients, whoever registered would be taken for some of them."""
    new = within(answer.registered, answer.period)
    if not answer.patients[0].known:
        return ""
    return f"{words.plural(new, 'patient')} registered {answer.when}." if new else f"Nobody registered {answer.when}."


def _limits(answer: Answer) -> str:
    if answer.records_begin is None:
        return "The clinic has no patients or visits on record yet."
    return coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records")


def _quality(answer: Answer) -> str:
    rating, success = mean_rating(answer.ratings, answer.period), success_rate(answer.outcomes, answer.period)
    parts = []
    if rating is not None:
        parts.append(f"the mean rating was {words.number(rating, 1)}")
    if success is not None:
        known = within(answer.outcomes, answer.period, KNOWN)
        treatments, succeeded = words.plural(known, "treatment"), within(answer.outcomes, answer.period, SUCCEEDED)
        told = f"the success rate of {treatments} with a known outcome was {words.number(success, 1)} %"
        few = f"{words.number(succeeded)} of {treatments} with a known outcome succeeded"
        parts.append(few if known < findings.SMALL else told)
    told = words.listed(parts)
    return f"{told[0].upper()}{told[1:]}." if told else ""


def _overdue(answer: Answer) -> str:
    overdue = answer.overdue[0]
    if not overdue:
        return ""
    be = "was" if overdue == 1 else "were"
    return f"{words.plural(overdue, 'follow-up')} {be} overdue on {words.day(answer.question.end)}."


def _reports(answer: Answer) -> str:
    work = answer.work
    if not work.asked:
        return ""
    be = "was" if work.asked == 1 else "were"
    failed = f", and {words.number(work.failed)} failed" if work.failed else ""
    made = words.number(work.made) if work.made else "none"
    return f"{words.plural(work.asked, 'report')} {be} asked for; {made} of them {_be(work.made)} made{failed}."


def _be(number: int) -> str:
    return "was" if number == 1 else "were"


DEFINITIONS = (
    Definition(
        "Visits",
        "Medical and dental visits that took place on a day of the period, by the clinic's own clock. Planned and "
        "cancelled visits and those entered in error are read and left out.",
    ),
    Definition(
        "Patients, active patients",
        "Patients are those known by the last day of the period and alive on the first. Active are those of them with "
        "a visit that took place in the 12 months up to the last day.",
    ),
    Definition("New registrations", "Patients whose day of registration lies in the period."),
    Definition(
        "Mean rating",
        "Of all ratings from 1 to 5 that patients gave in the period; others are out of range and left out.",
    ),
    Definition(
        "Success rate",
        "Treatments of the period whose outcome is successful or improved, of all with a known outcome.",
    ),
    Definition(
        "Follow-ups overdue",
        "As it stood at the end of the last day: due before it and not done by then, whenever the treatment was. Those "
        "of patients who had died by then are left out.",
    ),
    Definition(
        "Small lines",
        "The 12 months up to the last day of the period, a month at a time; patients, active patients and follow-ups "
        "as they stood at the end of each. Months before the clinic's first registration or visit are left out.",
    ),
    findings.CHANGE_DEFINITION,
    coverage.months_definition("registration or visit"),
    Definition("Diagnoses", "Recorded on a day of the period, without those refuted or entered in error."),
    named.NAMES_DEFINITION,
    Definition(
        "Blood pressure",
        f"Readings of adults from age {PRESSURE_AGE} on, high from 130/80 mm Hg on: 2017 ACC/AHA guideline, Table 6. "
        "One reading is no diagnosis. The report on medical statistics tells which readings have no class.",
    ),
    Definition(
        "Visits a day, minutes of a visit",
        "Visits a day: visits divided by the days with at least one. A provider and day: visits with a provider on "
        "record, divided by the days on which each provider had one. Minutes: half of the visits whose beginning and "
        "end are on record were this long or shorter; under a minute and over a day are taken for mistakes.",
    ),
    Definition(
        "Reports",
        "Asked for on a day of the period by anybody, about this clinic. Reports that were deleted are not counted, "
        "nor are their downloads. Seconds: from asking to the finished report, half of them this or less.",
    ),
    adoption.PEOPLE_DEFINITION,
)

TIES = (
    "metric:visits = rows:used = months:latest:all = compared:Visits:now",
    "metric:visits:then = months:earlier:all = compared:Visits:then",
    "metric:new = months:latest:new = compared:New registrations:now",
    "metric:new:then = months:earlier:new = compared:New registrations:then",
    "metric:patients = compared:Patients:now",
    "metric:patients:then = compared:Patients:then",
    "metric:active = compared:Active patients:now",
    "metric:active:then = compared:Active patients:then",
    "metric:overdue = compared:Follow-ups overdue:now",
    "metric:overdue:then = compared:Follow-ups overdue:then",
    "compared:Diagnoses:now = diagnoses:all:now",
    "compared:Diagnoses:then = diagnoses:all:then",
    "compared:Treatments:now = outcomes:latest:treatments",
    "compared:Treatments:then = outcomes:earlier:treatments",
    "metric:reports = reports:all:reports = templates:all:reports",
    "metric:patients = metric:patients:then + metric:new",
    "metric:success_rate <- outcomes:last:succeeded + outcomes:last:known",
    "metric:success_rate:then <- outcomes:before:succeeded + outcomes:before:known",
    "metric:mean_rating <- compared:Responses with a rating:now",
    "metric:mean_rating:then <- compared:Responses with a rating:then",
)
"""content/suppression/ties.py reads them."""

TEMPLATE = Template(
    name="comprehensive",
    title="Comprehensive analytics",
    number_prefix="CA",
    sentence="The clinic on one page: headline figures and their trends, activity, health, efficiency and who uses it.",
    pages="About 5 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(minutes=15),
    ties=TIES,
)
