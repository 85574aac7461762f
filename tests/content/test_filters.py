from datetime import date

import pytest
from sqlalchemy import func, select

from tests.content.reading import Ask, metric
from tests.factories import add_campaign, add_clinic, add_feedback, add_patient, add_provider, add_visit
from webapp import content
from webapp.content import CATALOGUE, Question, filters
from webapp.content.feedback_analysis.counts import LEAST_USED
from webapp.content.patient_summary.counts import ACTIVE
from webapp.errors import FiguresFailed
from webapp.extensions import db, snapshot
from webapp.figures import Choice
from webapp.models import Clinic, Patient

AGES = (
    ("2021-11-01", "2026-10-31", "0-4"),
    ("2021-10-31", "2026-10-31", "5-14"),
    ("2011-11-01", "2026-10-31", "5-14"),
    ("2011-10-31", "2026-10-31", "15-24"),
    ("2001-10-31", "2026-10-31", "25-44"),
    ("1981-10-31", "2026-10-31", "45-64"),
    ("1961-11-01", "2026-10-31", "45-64"),
    ("1961-10-31", "2026-10-31", "65+"),
    ("1906-10-31", "2026-10-31", "65+"),
    ("1896-11-01", "2026-10-31", "65+"),
    ("1896-10-31", "2026-10-31", "unknown"),
    ("0001-01-01", "2026-10-31", "unknown"),
    ("2026-10-31", "2026-10-31", "0-4"),
    ("2026-11-01", "2026-10-31", "unknown"),
    (None, "2026-10-31", "unknown"),
    ("2024-02-29", "2029-02-28", "0-4"),
    ("2024-02-29", "2029-03-01", "5-14"),
    ("2023-02-28", "2028-02-29", "5-14"),
    ("2023-03-01", "2028-02-29", "0-4"),
)
"""Day of birth, last day of the period, age band."""


def test_an_age_is_that_in_completed_years_on_the_last_day(database: str) -> None:
    for born, on, band in AGES:
        birth_date, day = date.fromisoformat(born) if born else None, date.fromisoformat(on)
        patient = add_patient(add_clinic(), birth_date=birth_date)
        found = {
            value: db.session.scalar(
                select(func.count()).where(Patient.id == patient.id, filters.AGE.condition(value, day))
            )
            for value in filters.AGE_WORDS
        }
        assert found == {value: int(value == band) for value in filters.AGE_WORDS}, (born, on)
        assert db.session.scalar(select(filters.band_column(day)).where(Patient.id == patient.id)) == band


def test_an_age_in_words_is_that_of_its_band() -> None:
    for born, on, name in AGES:
        band = next((band for band in filters.BANDS if band.name == name), None)
        if born and band:
            age = filters.age(date.fromisoformat(born), date.fromisoformat(on))
            assert band.first <= age <= (band.last or filters.OLDEST)


def test_bands_cover_every_age_once() -> None:
    ends = [(band.first, band.last) for band in filters.BANDS]
    assert ends[0][0] == 0
    assert ends[-1][1] is None
    assert [last + 1 for _, last in ends[:-1] if last] == [first for first, _ in ends[1:]]


def of_october(clinic: Clinic, chosen: dict[str, str]) -> Question:
    return Question("visit_trends", clinic.id, clinic.timezone, date(2026, 10, 1), date(2026, 10, 31), filters=chosen)


STRANGE = ["x", "-1", "0", "99999999999999999999", "2147483648", "1.5", "²", "١", "' OR 1=1 --", "\x00", "\ud800"]


def test_a_value_that_is_not_offered_matches_nothing_and_breaks_nothing(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 10:00", provider_id=add_provider(clinic).id)
    for narrowing in CATALOGUE["visit_trends"].filters:
        for value in STRANGE:
            question = of_october(clinic, {narrowing.name: value})
            with snapshot() as connection:
                assert content.matching(connection, question) == (0, "visits")
                assert "Not recognised" in [choice.value for choice in content.choices(connection, question)]
            assert metric(ask("visit_trends", **{narrowing.name: value}), "visits").value == 0


def test_a_filter_that_the_template_lacks_is_refused_rather_than_ignored(ask: Ask) -> None:
    with pytest.raises(FiguresFailed):
        ask("patient_summary", provider="1")


def test_the_choices_are_told_in_the_readers_words(clinic: Clinic) -> None:
    doctor = add_provider(clinic, "Ana Reyes")
    chosen = {"provider": f"{doctor.id}", "age": "65+"}
    question = of_october(clinic, chosen)
    with snapshot() as connection:
        assert content.choices(connection, question) == (
            Choice("Visits", "Medical and dental"),
            Choice("Provider", "Ana Reyes"),
            Choice("Age", "65 or over"),
            Choice("Sex", "All"),
        )


def test_every_choice_offered_has_the_words_it_is_offered_with(clinic: Clinic) -> None:
    for name in ("Ana Reyes", "Ana Reyes", "  ", "=1+1"):
        add_provider(clinic, name)
        for _ in range(LEAST_USED):
            add_feedback(clinic, "2026-10-05 10:00", category=name)
    for name in ("Flu", "flu", "All"):
        add_campaign(clinic, name, topic=name)
    with snapshot() as connection:
        for template in CATALOGUE.values():
            for narrowing in template.filters:
                offered = narrowing.choices(connection, clinic.id)
                assert len({words for _, words in offered}) == len(offered) > 1
                for value, words in offered:
                    assert narrowing.words(connection, clinic.id, value) == words


def test_a_choice_can_be_told_without_its_label(clinic: Clinic) -> None:
    doctor = add_provider(clinic, "Ana Reyes")
    told = {
        filters.KIND: {"dental": "Dental"},
        filters.SEX: {"female": "Female", "other": "sex other", "unknown": "sex unknown", "x": "Sex not recognised"},
        filters.AGE: {"5-14": "aged 5 to 14", "65+": "aged 65 or over", "unknown": "age unknown"},
        filters.PROVIDER: {
            f"{doctor.id}": "Ana Reyes", "none": "no provider recorded", "0": "Provider not recognised",
        },
        ACTIVE: {"6": "active within 6 months", "7": "Counted as active not recognised"},
    }  # fmt: skip
    with snapshot() as connection:
        for narrowing, phrases in told.items():
            for value, phrase in phrases.items():
                assert narrowing.phrase(connection, clinic.id, value) == phrase


def test_every_choice_of_every_filter_is_told_apart_without_labels(clinic: Clinic) -> None:
    with snapshot() as connection:
        phrases = [
            narrowing.phrase(connection, clinic.id, value)
            for narrowing in CATALOGUE["visit_trends"].filters
            for value, _ in narrowing.choices(connection, clinic.id)
        ]
    assert len(set(phrases)) == len(phrases)


def test_providers_are_the_clinics_own(clinic: Clinic) -> None:
    theirs = add_provider(add_clinic(), "Somebody else")
    mine = add_provider(clinic, "Ana Reyes")
    with snapshot() as connection:
        offered = filters.PROVIDER.choices(connection, clinic.id)
        assert offered == [(f"{mine.id}", "Ana Reyes"), ("none", "Nobody recorded")]
        assert filters.PROVIDER.words(connection, clinic.id, f"{theirs.id}") == "Not recognised"


def test_of_very_many_providers_the_busiest_are_offered(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST_PROVIDERS", 2)
    idle, busy, busier = (add_provider(clinic, name) for name in ("Idle", "Zoe", "Ana"))
    ana = add_patient(clinic)
    for hour, provider in ((8, busy), (9, busier), (10, busier)):
        add_visit(ana, f"2026-10-05 {hour:02}:00", provider_id=provider.id)
    with snapshot() as connection:
        names = [words for _, words in filters.PROVIDER.choices(connection, clinic.id)]
        assert names == ["Ana", "Zoe", "Nobody recorded"]
        assert filters.PROVIDER.words(connection, clinic.id, f"{idle.id}") == "Idle"
