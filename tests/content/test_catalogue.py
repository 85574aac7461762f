from datetime import date

import pytest

from tests.factories import add_feedback, add_patient, add_visit
from webapp import content
from webapp.content import CATALOGUE, Question
from webapp.errors import FiguresFailed
from webapp.extensions import snapshot
from webapp.figures import Content, as_plain, freeze, thaw
from webapp.models import Clinic


def question(clinic: Clinic, template: str, start: date, end: date) -> Question:
    return Question(template, clinic.id, clinic.timezone, start, end)


def test_a_template_stands_under_its_own_name_and_number_prefix() -> None:
    names = [
        "patient_summary",
        "visit_trends",
        "treatment_outcomes",
        "feedback_analysis",
        "comprehensive",
        "medical_statistics",
        "dental_statistics",
        "campaign_performance",
    ]
    assert list(CATALOGUE) == [template.name for template in CATALOGUE.values()] == names
    assert len({template.number_prefix for template in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("template", ["", "no_such", "Visit_Trends"])
def test_an_unknown_template_is_refused_in_words(clinic: Clinic, template: str) -> None:
    asked = question(clinic, template, date(2026, 10, 1), date(2026, 10, 31))
    with snapshot() as connection:
        for call in (content.build, content.matching, content.choices):
            with pytest.raises(FiguresFailed, match="no template"):
                call(connection, asked)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 10, 31), date(2026, 10, 1)),
        (date.min, date(2026, 10, 1)),
        (date(2026, 10, 1), date.max),
    ],
)
def test_days_that_no_report_can_be_about_are_refused_in_words(clinic: Clinic, start: date, end: date) -> None:
    with snapshot() as connection, pytest.raises(FiguresFailed) as refused:
        content.build(connection, question(clinic, "visit_trends", start, end))
    assert "Choose its dates again" in refused.value.plain


@pytest.mark.parametrize("template", list(CATALOGUE))
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(1900, 1, 1), date(2200, 12, 31)),
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2026, 10, 5), date(2026, 10, 5)),
        (date(2030, 1, 1), date(2030, 12, 31)),
    ],
)
def test_any_days_give_figures_that_agree_with_the_live_count(
    clinic: Clinic, template: str, start: date, end: date
) -> None:
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    asked = question(clinic, template, start, end)
    with snapshot() as connection:
        figures = content.build(connection, asked)
        assert content.matching(connection, asked) == (figures.rows.used, figures.rows.noun)
    assert figures.title == content.title(asked)
    assert thaw(Content, freeze(figures)) == figures


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_figures_are_whole_and_drawn_from_tables_that_are_there(clinic: Clinic, template: str) -> None:
    for sex in ("female", "male"):
        patient = add_patient(clinic, sex=sex)
        visit = add_visit(patient, "2026-10-05 10:00")
        add_feedback(clinic, "2026-10-06 10:00", category=sex, patient_id=patient.id, visit_id=visit.id)
    with snapshot() as connection:
        figures = content.build(connection, question(clinic, template, date(2026, 10, 1), date(2026, 10, 31)))
    assert figures.rows.read == figures.rows.used + sum(item.count for item in figures.rows.excluded)
    for section in figures.sections:
        for table in section.tables:
            keys = [column.key for column in table.columns]
            assert len(set(keys)) == len({column.label for column in table.columns}) == len(keys)
            assert {len(row) for row in (*table.rows, table.total or table.rows[0])} == {len(keys)}
            assert len({row[0] for row in table.rows}) == len(table.rows)
        for chart in section.charts:
            drawn = section.table(chart.table)
            assert {chart.category, *chart.series} <= {column.key for column in drawn.columns}


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_patient_can_be_told_from_the_figures(clinic: Clinic, template: str) -> None:
    who = add_patient(clinic, given_name="Corazon", family_name="Villanueva", mrn="MRN-4711", source_id="urn:xyz")
    visit = add_visit(who, "2026-10-05 10:00", source_id="encounter-1")
    add_feedback(clinic, "2026-10-06 10:00", patient_id=who.id, visit_id=visit.id, comment="I am Corazon.")
    with snapshot() as connection:
        figures = content.build(connection, question(clinic, template, date(2026, 10, 1), date(2026, 10, 31)))
    said = str(as_plain(figures))
    assert not [
        word for word in ("Corazon", "Villanueva", "4711", "urn:xyz", "encounter-1", "1990-05-20") if word in said
    ]
