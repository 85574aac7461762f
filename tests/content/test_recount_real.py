"""Records as clinics have them, counted twice: of the demo clinics, and other people's FHIR once it is imported.

Random rows have holes of every kind. These have what random ones lack: patients who come again, seasons, campaigns that
work, ends of visits, and names as systems write them.
"""

import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.apps import build_app, close
from tests.clinic_data.demo.loading import END, NOW, SEED
from tests.clinic_data.fhir_cases import SAMPLES, Importer, samples_needed
from tests.content import test_recount_campaign_performance as of_campaigns
from tests.content import test_recount_comprehensive as of_all
from tests.content import test_recount_feedback as of_feedback
from tests.content import test_recount_medical as of_medical
from tests.content import test_recount_treatments as of_treatments
from tests.content.raw_rows import rows_of
from tests.content.recount import Asked, Patients, Visits
from tests.content.recount_campaign_performance import Contacts
from tests.content.recount_comprehensive import Clinic as Whole
from tests.content.recount_dental_statistics import Dental
from tests.content.recount_feedback import Feedbacks
from tests.content.recount_medical import Medical
from tests.content.recount_treatment_outcomes import Treatments
from tests.content.test_recount import assert_numbers_are_told, assert_same_patients, assert_same_visits, build, span
from tests.content.test_recount_comprehensive import add_people
from tests.factories import add_clinic
from webapp import clock
from webapp.clinic_data.demo import load_demo
from webapp.clinic_data.demo.rows import TABLES
from webapp.extensions import db
from webapp.figures import Content
from webapp.models import Clinic


class Records:
    """All rows of one clinic, against which the figures of each template are held."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic, self.rows = clinic, rows_of(clinic)
        self.people = {row["id"]: row for row in self.rows["patients"]}

    def check(self, template: str, asked: Asked) -> Content:
        """Asks for the report, and holds it against the rows."""
        zone, rows, people = self.clinic.timezone, self.rows, self.people
        is_of_feedback = template == "feedback_analysis"
        told = (of_feedback.build if is_of_feedback else partial(build, template))(self.clinic, asked)
        match template:
            case "visit_trends":
                assert_same_visits(told, Visits(rows["visits"], people, zone, asked))
            case "patient_summary":
                assert_same_patients(told, Patients(rows["visits"], people, zone, asked))
            case "dental_statistics":
                of_treatments.assert_same_dental(told, Dental(rows, people, asked))
            case "treatment_outcomes":
                of_treatments.assert_same(told, Treatments(rows, people, asked))
            case "medical_statistics":
                of_medical.assert_same(told, Medical(rows, people, asked))
            case "campaign_performance":
                of_campaigns.assert_same(told, Contacts(rows, zone, asked))
            case "feedback_analysis":
                visits = {row["id"]: row for row in rows["visits"]}
                of_feedback.assert_same(told, Feedbacks(rows["feedback"], visits, people, zone, asked))
            case "comprehensive":
                of_all.assert_same(told, Whole(rows, zone, asked))
        (of_feedback.assert_numbers_are_told if is_of_feedback else assert_numbers_are_told)(told)
        return told


NARROWED = {
    "visit_trends": {"kind": "dental", "sex": "female"},
    "patient_summary": {"sex": "female", "active": "3"},
    "dental_statistics": {"age": "25-44"},
    "treatment_outcomes": {"kind": "medical", "age": "45-64"},
    "medical_statistics": {"sex": "male"},
    "campaign_performance": {"age": "65+"},
    "feedback_analysis": {"kind": "dental"},
    "comprehensive": {},
}
"""Every template, with something by which it can be narrowed; the clinic as a whole cannot be."""


def questions(month: tuple[str, str, str], year: tuple[str, str], chosen: dict[str, str]) -> list[Asked]:
    """One month and 12 months, each with both comparisons, and the 12 months narrowed. `month` has the days, those
    before and those a year earlier; the latter are the same of 12 months."""
    of_month = (*span(month[0]), span(month[1]), span(month[2]), True)
    of_year = (*span(year[0]), span(year[1]), span(year[1]), False)
    asked = [Asked(*days, {}, compare) for days in (of_month, of_year) for compare in ("before", "year")]
    return [*asked, Asked(*of_year, chosen)] if chosen else asked


def of_demo(template: str) -> list[Asked]:
    month = ("2026-02-01 2026-02-28", "2026-01-01 2026-01-31", "2025-02-01 2025-02-28")
    return questions(month, ("2025-03-01 2026-02-28", "2024-03-01 2025-02-28"), NARROWED[template])


def fill_demo() -> list[Records]:
    """The two demo clinics, with people who ask for reports."""
    with clock.stopped_at(NOW):
        load_demo(end=END, seed=SEED)
    clinics = db.session.scalars(select(Clinic).where(Clinic.is_demo).order_by(Clinic.name)).all()
    for clinic in clinics:
        add_people(clinic, random.Random(clinic.name))
    db.session.commit()
    return [Records(clinic) for clinic in clinics]


@pytest.fixture(scope="module")
def demo_on_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[list[Records]]:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(migrated_sqlite, folder / "demo.db")
    app = build_app(folder, f"sqlite:///{folder / 'demo.db'}")
    with app.app_context():
        yield fill_demo()
    close(app)


@pytest.mark.parametrize("template", NARROWED)
def test_every_figure_of_the_demo_is_that_of_a_plain_count(demo_on_sqlite: list[Records], template: str) -> None:
    """The smaller clinic, which comes first, is asked everything; the other, which costs twice as much, only what
    compares with the period before, and what is narrowed."""
    for place, records in enumerate(demo_on_sqlite):
        for asked in of_demo(template)[:: 1 + place]:
            assert records.check(template, asked).rows.used


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_demo_gives_the_same_on_postgresql(demo_on_sqlite: list[Records], database: str) -> None:
    """The smaller clinic, copied there, which takes less time than to load it; of each template another question."""
    at_home = min(demo_on_sqlite, key=lambda records: len(records.people))
    clinic = Clinic.__table__
    db.session.execute(insert(clinic), {column.name: getattr(at_home.clinic, column.name) for column in clinic.columns})
    for model in TABLES:
        if model is not Clinic:
            db.session.execute(insert(model.__table__), at_home.rows[model.__tablename__])
    db.session.commit()
    copied = db.session.get_one(Clinic, at_home.clinic.id)
    add_people(copied, random.Random(1))
    records = Records(copied)
    for place, template in enumerate(NARROWED):
        asked = of_demo(template)
        records.check(template, asked[place % len(asked)])


@samples_needed
def test_every_figure_of_the_sample_bundles_is_that_of_a_plain_count(database: str, tmp_path: Path) -> None:
    clinic = add_clinic(timezone="Asia/Manila")
    Importer(tmp_path, clinic).path(SAMPLES / "synthea-25-bundles")
    records = Records(clinic)
    month = ("2017-05-01 2017-05-31", "2017-04-01 2017-04-30", "2016-05-01 2016-05-31")
    for template, chosen in NARROWED.items():
        for asked in questions(month, ("2016-06-01 2017-05-31", "2015-06-01 2016-05-31"), chosen):
            records.check(template, asked)
