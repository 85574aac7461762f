"""What a report says: SQL in, plain figures out. One folder per report template, one row each in CATALOGUE.

What lies beside the folders is what several templates share; none of it imports a template. Among it:

    question.py   what is asked              periods.py   which days, and which to compare with
    filters.py    what narrows it            findings.py  sentences about figures that are true by rule
    coverage.py   since when it has records  counting.py  the SQL that templates share
    answer.py     what all answers know of their question
    columns/      records by column          sources.py   which records, and how they are read
    suppression/  which small counts are withheld, and what else would tell them

All is read on the one connection given, which should be a snapshot (extensions.snapshot): then all figures of a report
are of the same moment. Most is read by column (columns/, sources.py) and counted here; what an index answers at once is
counted by the database.
"""

from sqlalchemy import Connection

from webapp.content import (
    campaign_performance,
    comprehensive,
    daily_patients,
    dental_statistics,
    feedback_analysis,
    findings,
    medical_statistics,
    patient_summary,
    periods,
    suppression,
    treatment_outcomes,
    visit_trends,
)
from webapp.content.filters import Filter
from webapp.content.question import Question
from webapp.content.template import Step, Template
from webapp.errors import FiguresFailed
from webapp.figures import Choice, Content

__all__ = ["CATALOGUE", "TEMPLATES", "Filter", "Question", "Template", "build", "choices", "matching", "title", "told"]

CATALOGUE: dict[str, Template] = {
    template.name: template
    for template in (
        patient_summary.TEMPLATE,
        visit_trends.TEMPLATE,
        treatment_outcomes.TEMPLATE,
        feedback_analysis.TEMPLATE,
        comprehensive.TEMPLATE,
        medical_statistics.TEMPLATE,
        dental_statistics.TEMPLATE,
        campaign_performance.TEMPLATE,
    )
}
"""What may be asked for by period and filters."""

TEMPLATES = {**CATALOGUE, daily_patients.TEMPLATE.name: daily_patients.TEMPLATE}
"""All there are: also the one that is made from an uploaded sheet."""

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""The years a report can be about: far from the ends of the calendar, so that periods can be compared."""


def build(connection: Connection, question: Question, step: Step = lambda done, total: None) -> Content:
    """The figures, those that the question asks to withhold withheld. The same rows and the same question give equal
    Content on every database.

    Raises FiguresFailed for a question that has no answer, and whatever `step` raises.
    """
    template = _template(question)
    body = template.build(connection, question, step)
    rule = periods.rule(*question.days, is_year=question.compare == "year")
    said = Content(
        template=template.name,
        title=title(question),
        summary=body.summary,
        metrics=body.metrics,
        sections=tuple(section for section in body.sections if section),
        rows=body.rows,
        definitions=tuple(
            findings.change_definition(rule) if item == findings.CHANGE_DEFINITION else item
            for item in body.definitions
        ),
    )
    if template.steps:
        step(template.steps, template.steps)
    if template.audience == "patients":
        return said
    return suppression.protect(said, question.suppress_below, template.ties)


def matching(connection: Connection, question: Question) -> tuple[int, str]:
    """How many rows the report would use, and what they are: (1204, "visits"). Raises FiguresFailed as build()."""
    return _template(question).count(connection, question)


def told(count: int, noun: str, question: Question) -> str:
    """What may be said of what matching() found, to whoever asks: "1,204 visits"."""
    return suppression.told(count, noun, question.suppress_below)


def title(question: Question) -> str:
    """Visit trends, October 2026. Raises FiguresFailed for an unknown template."""
    return f"{_template(question).title}, {periods.label(question.start, question.end)}"


def choices(connection: Connection, question: Question) -> tuple[Choice, ...]:
    """Every filter of the template as a reader sees it, also those that leave nothing out; or where its figures come
    from."""
    template = _template(question)
    if template.origin:
        return template.origin(connection, question)
    return tuple(
        Choice(
            narrowing.label, narrowing.words(connection, question.clinic_id, question.chosen.get(narrowing.name, ""))
        )
        for narrowing in template.filters
    )


def _template(question: Question) -> Template:
    """The template that can answer. A filter it does not have is refused, for to ignore it would widen the answer."""
    template = TEMPLATES.get(question.template)
    if template is None:
        raise FiguresFailed(f"no template {question.template!r}", "There is no such report. Choose one from the list.")
    strange = question.chosen.keys() - {narrowing.name for narrowing in template.filters}
    if strange:
        raise FiguresFailed(
            f"{template.name} has no filter {', '.join(sorted(strange))}",
            "This report cannot be narrowed in that way. Choose it again from the list.",
        )
    if question.start > question.end or question.start.year < FIRST_YEAR or question.end.year > LAST_YEAR:
        raise FiguresFailed(
            f"no figures from {question.start} to {question.end}",
            f"A report begins no later than it ends, in the years {FIRST_YEAR} to {LAST_YEAR}. Choose its dates again.",
        )
    return template
