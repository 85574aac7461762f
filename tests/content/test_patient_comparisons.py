"""Who is active is for the reader to say, and every headline figure is set against an earlier period."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_patient, add_visit
from webapp.errors import FiguresFailed
from webapp.figures import Change
from webapp.models import Clinic

OCTOBER_31 = date(2026, 10, 31)


YEARS = [("", "12 months", 2), ("3", "3 months", 1), ("6", "6 months", 1), ("24", "24 months", 3)]


@pytest.mark.parametrize(("chosen", "span", "active"), YEARS)
def test_how_long_ago_an_active_patient_came_is_for_the_reader_to_say(
    ask: Ask, clinic: Clinic, chosen: str, span: str, active: int
) -> None:
    for at in ("2024-11-01 09:00", "2025-11-01 09:00", "2026-08-01 09:00", "2024-10-31 09:00"):
        add_visit(add_patient(clinic), at)

    figures = ask("patient_summary", active=chosen)

    assert metric(figures, "active").value == table(figures, "active").total[2] == active
    assert figures.rows.used == 4
    assert figures.summary[0].endswith(f"with a visit in the {span} to 31 October 2026.")
    assert f"visit in the {span} from" in chart(figures, "active").subtitle
    told = next(item.meaning for item in figures.definitions if item.term == "Active patients")
    assert told.count(f"in the {span} up to") == told.count(f"of the {span} up to") == 1
    others = {f"{number} months" for number in (3, 6, 12, 24)} - {span}
    assert not [other for other in others if other in told + figures.summary[0] + chart(figures, "active").subtitle]


@pytest.mark.parametrize("chosen", ["12", "0", "x", "3 months", "-3"])
def test_a_length_that_is_not_offered_is_refused_in_words(ask: Ask, clinic: Clinic, chosen: str) -> None:
    with pytest.raises(FiguresFailed) as refused:
        ask("patient_summary", active=chosen)
    assert "Choose it again" in refused.value.plain


def test_every_headline_figure_is_set_against_the_earlier_period(ask: Ask, clinic: Clinic) -> None:
    """On 30 September: Ana, Bea and Cora, of whom Ana and Bea had come. On 31 October: Bea, who came, Cora and Dora."""
    ana = add_patient(clinic, deceased_on=date(2026, 9, 30), birth_date=date(1956, 9, 1))
    bea = add_patient(clinic, birth_date=date(1990, 10, 15))
    add_patient(clinic, birth_date=date(2000, 10, 15))
    add_patient(clinic, birth_date=date(2010, 10, 15), registered_on=date(2026, 10, 5))
    for person, at in ((ana, "2025-10-01"), (ana, "2026-09-05"), (bea, "2026-09-06"), (bea, "2026-10-05")):
        add_visit(person, f"{at} 09:00")
    add_visit(bea, "2026-10-05 10:00")

    figures = ask("patient_summary")

    september = "September 2026"
    assert [(item.value, item.change) for item in figures.metrics] == [
        (3, Change(0, None, september)),
        (1, Change(-1, None, september)),
        (1, Change(1, None, september)),
        (26, Change(-9, None, september)),
    ]
    assert table(figures, "compared").rows == (
        ("Patients", 3, 3, 0, None),
        ("Active patients", 2, 1, -1, None),
        ("New registrations", 0, 1, 1, None),
        ("Patients who came", 2, 1, -1, None),
    )
    assert table(figures, "visits_a_patient").rows == (
        ("September 2026", 2, 2, 1.0, 1.0),
        ("October 2026", 1, 2, 2.0, 2.0),
    )
    assert "Since 30 September 2026 the number of active patients fell from 2 to 1." in figures.summary


def test_a_year_earlier_is_compared_with_and_named_where_it_is_asked_for(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic, registered_on=date(2024, 1, 1))
    for at in ("2024-10-01 09:00", "2025-10-05 09:00"):
        add_visit(ana, at)
    add_patient(clinic, registered_on=date(2026, 9, 1))

    figures = ask("patient_summary", compare="year")

    assert table(figures, "compared").title == "Compared with a year earlier"
    assert [column.label for column in table(figures, "compared").columns[1:3]] == ["October 2025", "October 2026"]
    assert rows(figures, "compared")["Active patients"]["then"] == 1
    assert rows(figures, "compared")["Patients"]["then"] == 1
    assert metric(figures, "patients").change == Change(1, None, "October 2025")
    assert not [sentence for sentence in figures.summary if "before" in sentence]


def test_active_patients_are_compared_only_where_visits_are_on_record_for_long_enough(ask: Ask, clinic: Clinic) -> None:
    """Those of 30 September came on 1 October of the year before or later."""
    ana = add_patient(clinic)
    add_visit(ana, "2025-10-02 09:00")
    assert metric(ask("patient_summary"), "active").change is None
    assert "Active patients" not in rows(ask("patient_summary"), "compared")
    assert metric(ask("patient_summary", active="6"), "active").change == Change(0, None, "September 2026")
    add_visit(ana, "2025-10-01 09:00", status="cancelled")
    assert metric(ask("patient_summary"), "active").change == Change(-1, None, "September 2026")


def test_who_came_is_compared_only_with_days_that_have_records_of_visits(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-09-02 09:00")
    add_visit(ana, "2026-10-05 09:00")
    assert "Patients who came" not in rows(ask("patient_summary"), "compared")
    assert table(ask("patient_summary"), "visits_a_patient").rows == (("October 2026", 1, 1, 1.0, 1.0),)
    add_visit(ana, "2026-09-01 09:00", status="cancelled")
    assert rows(ask("patient_summary"), "compared")["Patients who came"]["then"] == 1


@pytest.mark.parametrize(
    ("visits", "mean", "median"),
    [((1,), 1.0, 1.0), ((1, 2), 1.5, 1.5), ((1, 1, 2, 7), 2.8, 1.5), ((1, 2, 2), 1.7, 2.0), ((6, 6, 6), 6.0, 6.0)],
)
def test_mean_and_median_are_of_the_patients_who_came(
    ask: Ask, clinic: Clinic, visits: tuple[int, ...], mean: float, median: float
) -> None:
    add_patient(clinic)
    for times in visits:
        ana = add_patient(clinic)
        for hour in range(times):
            add_visit(ana, f"2026-10-05 {hour + 8:02}:00")
    row = table(ask("patient_summary"), "visits_a_patient").rows[-1]
    assert row == ("October 2026", len(visits), sum(visits), mean, median)


def test_of_one_age_the_median_is_not_compared(ask: Ask, clinic: Clinic) -> None:
    """They would be the same people, a month younger."""
    add_patient(clinic)
    assert metric(ask("patient_summary"), "median_age").change == Change(0, None, "September 2026")
    assert metric(ask("patient_summary", age="25-44"), "median_age").change is None


def test_a_half_in_the_step_of_the_median_age_is_shown(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, birth_date=date(1996, 1, 1))
    add_patient(clinic, birth_date=date(1994, 1, 1), registered_on=date(2026, 10, 5))
    add_patient(clinic, birth_date=date(1995, 1, 1), deceased_on=date(2026, 9, 30))
    median = metric(ask("patient_summary"), "median_age")
    assert (median.value, median.change, median.decimals) == (31, Change(0.5, None, "September 2026"), 1)
