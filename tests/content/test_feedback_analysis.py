"""Hand-countable responses, on both databases, at a clinic in Manila."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.content.responses import number_of, say
from tests.factories import add_clinic, add_feedback, add_patient, add_visit
from webapp import content
from webapp.content import Question
from webapp.content.feedback_analysis.counts import Tally
from webapp.extensions import snapshot
from webapp.figures import Change, Content
from webapp.models import Clinic

OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def begin_records(clinic: Clinic) -> None:
    add_feedback(clinic, "2020-01-01 10:00")


def test_it_scores_ratings_as_the_friends_and_family_test_does(ask: Ask, clinic: Clinic) -> None:
    """2 fives, 3 fours, 2 threes, 1 two and 2 ones: 5 of 10 positive, 3 negative, together 32."""
    say(clinic, [5, 5, 4, 4, 4, 3, 3, 2, 1, 1])

    figures = ask("feedback_analysis")

    assert metric(figures, "responses").value == 10
    assert metric(figures, "mean").value == 3.2
    assert metric(figures, "positive").value == 50.0
    assert rows(figures, "scores")["Negative, % of ratings"]["now"] == 30.0
    assert rows(figures, "scores")["Neither, % of ratings"]["now"] == 20.0
    assert rows(figures, "scores")["Net score, −100 to +100"]["now"] == 20.0
    assert [row[1] for row in table(figures, "ratings").rows] == [2, 3, 2, 1, 2]
    assert figures.summary[1] == "The mean of 10 ratings was 3.2 of 5: 5 positive, 2 neither, 3 negative."
    assert chart(figures, "ratings").title == "5 of 10 ratings were positive"


def test_ratings_missing_or_out_of_range_are_told_and_in_no_mean(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [4, 2, None, None, 0, 6, -1, 2**31 - 1])

    figures = ask("feedback_analysis")

    assert metric(figures, "mean").value == 3.0
    assert metric(figures, "positive").value == 50.0
    found = rows(figures, "ratings")
    assert (found["No rating"]["responses"], found["Out of range"]["responses"]) == (2, 4)
    assert (found["No rating"]["share"], found["4 (positive)"]["share"]) == (None, 50.0)
    assert table(figures, "ratings").total == ("All responses", 8, 100.0)
    assert (figures.rows.read, figures.rows.used, figures.rows.excluded) == (8, 8, ())


def test_responses_without_any_rating_have_no_mean_and_draw_no_zero(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [None, 9], category="Care")
    figures = ask("feedback_analysis")
    assert [item.value for item in figures.metrics] == [2, None, None, 0.0]
    assert figures.summary[1] == "None of them has a rating from 1 to 5."
    assert chart(figures, "ratings").title == "No response has a rating from 1 to 5"
    assert table(figures, "ratings").total == ("All responses", 2, None)


def test_a_month_without_responses_says_so_and_draws_nothing(ask: Ask) -> None:
    figures = ask("feedback_analysis")
    assert figures.summary == (
        "There were no responses in October 2026.",
        "The clinic has no feedback on record yet.",
    )
    assert figures.sections == ()
    assert [item.value for item in figures.metrics] == [0, None, None, None]


def test_an_empty_month_after_a_full_one_is_compared(ask: Ask, clinic: Clinic) -> None:
    begin_records(clinic)
    say(clinic, [5, 4], "2026-09-10 10:00")
    figures = ask("feedback_analysis")
    assert figures.summary == ("There were no responses in October 2026, against 2 in September 2026.",)
    assert metric(figures, "responses").change == Change(-2, None, "September 2026")
    assert metric(figures, "mean").change is None
    assert [section.key for section in figures.sections] == ["by_month", "compared"]


def test_a_response_counts_on_the_clinics_own_day(ask: Ask, clinic: Clinic) -> None:
    """In Manila (UTC+8), the first minutes of 1 October are still September in UTC."""
    for at in ("2026-09-30 23:59", "2026-10-01 00:01", "2026-10-31 23:59", "2026-11-01 00:00"):
        add_feedback(clinic, at)
    assert metric(ask("feedback_analysis"), "responses").value == 2


def test_another_clinics_responses_and_visits_are_not_counted(ask: Ask, clinic: Clinic) -> None:
    other = add_clinic()
    visit = add_visit(add_patient(clinic), "2026-10-05 10:00")
    add_feedback(clinic, "2026-10-06 10:00", 5, category="Care")
    say(other, [1, 1, 1], category="Care", visit_id=visit.id, patient_id=visit.patient_id, comment="Theirs.")
    figures = ask("feedback_analysis")
    assert (metric(figures, "responses").value, metric(figures, "mean").value) == (1, 5.0)
    assert rows(figures, "visits")["Medical"] == {"kind": "Medical", "visits": 1, "named": 0, "rate": 0.0}
    care, theirs = number_of(clinic, "Care"), number_of(other, "Care")
    for chosen in ({"category": care}, {"category": theirs}, {"sex": "female"}, {"kind": "medical"}):
        expected = 1 if chosen == {"category": care} else 0
        assert metric(ask("feedback_analysis", **chosen), "responses").value == expected


def test_a_response_that_names_another_clinics_visit_names_none(ask: Ask, clinic: Clinic) -> None:
    theirs = add_visit(add_patient(add_clinic()), "2026-10-05 10:00")
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    add_feedback(clinic, "2026-10-06 10:00", 5, visit_id=theirs.id)
    assert rows(ask("feedback_analysis"), "visits")["Medical"] == {
        "kind": "Medical", "visits": 1, "named": 0, "rate": 0.0
    }  # fmt: skip


def test_each_filter_counts_only_responses_that_name_what_it_speaks_of(ask: Ask, clinic: Clinic) -> None:
    girl = add_patient(clinic, sex="female", birth_date=date(2020, 1, 1))
    man = add_patient(clinic, sex="male", birth_date=date(1980, 1, 1))
    dental = add_visit(girl, "2026-10-05 09:00", kind="dental")
    add_feedback(clinic, "2026-10-06 10:00", 5, category="Care", patient_id=girl.id, visit_id=dental.id)
    add_feedback(clinic, "2026-10-06 10:00", 3, category=" Care ", patient_id=man.id)
    add_feedback(clinic, "2026-10-06 10:00", 1, category="care")
    add_feedback(clinic, "2026-10-06 10:00", 1)
    care = number_of(clinic, "Care")
    for chosen, expected in (
        ({}, 4), ({"sex": "female"}, 1), ({"sex": "male"}, 1), ({"age": "5-14"}, 1), ({"age": "unknown"}, 0),
        ({"kind": "dental"}, 1), ({"kind": "medical"}, 0), ({"category": care}, 2), ({"category": "none"}, 1),
        ({"category": number_of(clinic, "care")}, 1), ({"category": care, "sex": "male"}, 1), ({"category": "Care"}, 0),
    ):  # fmt: skip
        question = Question("feedback_analysis", clinic.id, clinic.timezone, *OCTOBER, filters=chosen)
        with snapshot() as connection:
            assert content.matching(connection, question) == (expected, "responses"), chosen
        assert metric(ask("feedback_analysis", **chosen), "responses").value == expected, chosen


def test_the_response_rate_is_of_visits_that_took_place_in_the_period(ask: Ask, clinic: Clinic) -> None:
    """4 visits took place; two of them are named, one of those twice and one by a response of the next month."""
    ana = add_patient(clinic)
    visits = [add_visit(ana, f"2026-10-0{day} 10:00") for day in (1, 2, 3)]
    tooth = add_visit(ana, "2026-10-04 10:00", kind="dental")
    cancelled = add_visit(ana, "2026-10-05 10:00", status="cancelled")
    earlier = add_visit(ana, "2026-09-05 10:00")
    for visit, at in (
        (visits[0], "2026-10-02"), (visits[0], "2026-10-03"), (tooth, "2026-11-02"), (cancelled, "2026-10-05"),
        (earlier, "2026-10-01"),
    ):  # fmt: skip
        add_feedback(clinic, f"{at} 10:00", visit_id=visit.id)

    figures = ask("feedback_analysis")

    assert table(figures, "visits").rows == (("Medical", 3, 1, 33.3), ("Dental", 1, 1, 100.0))
    assert table(figures, "visits").total == ("All visits", 4, 2, 50.0)
    assert metric(figures, "responses").note == "2 of 4 visits drew one"
    assert "2 of 4 visits drew a response." in figures.summary


def test_one_category_has_no_response_rate(ask: Ask, clinic: Clinic) -> None:
    visit = add_visit(add_patient(clinic), "2026-10-01 10:00")
    add_feedback(clinic, "2026-10-02 10:00", category="Care", visit_id=visit.id)
    figures = ask("feedback_analysis", category=number_of(clinic, "Care"))
    assert metric(figures, "responses").note == ""
    assert [item.key for section in figures.sections for item in section.tables] == [
        "ratings", "scores", "months", "waits",
    ]  # fmt: skip


def test_the_time_to_answer_is_in_days_of_24_hours(ask: Ask, clinic: Clinic) -> None:
    """Waits of 0 and just under 24 hours, 24 and just under 72, 72 and just under 168, 168; the middle one is of 71
    whole hours, which are 3.0 days."""
    for answered in (
        "01 10:00", "02 09:59:59", "02 10:00", "04 09:59:59", "04 10:00", "08 09:59:59", "08 10:00", "01 09:59:59"
    ):  # fmt: skip
        add_feedback(clinic, "2026-10-01 10:00", answered=f"2026-10-{answered}")
    add_feedback(clinic, "2026-10-01 10:00", 1)

    figures = ask("feedback_analysis")

    assert [(row[0], row[1], row[3]) for row in table(figures, "waits").rows] == [
        ("Within 1 day", 2, 0),
        ("2 to 3 days", 2, 0),
        ("4 to 7 days", 2, 0),
        ("Over a week", 1, 0),
        ("Not answered", 1, 1),
        ("Answered before sent", 1, 0),
    ]
    assert rows(figures, "scores")["Median time to answer, days"]["now"] == 3.0
    assert metric(figures, "answered_soon").value == 44.4
    assert figures.summary[2] == (
        "4 of 9 responses were answered within 3 days; half of those answered waited 3.0 days or less."
    )


def test_a_wait_is_elapsed_time_where_clocks_change_and_may_last_a_century(database: str) -> None:
    """In New York clocks go back on 1 November 2026: from noon to noon are 25 hours."""
    clinic = add_clinic(timezone="America/New_York")
    add_feedback(clinic, "2026-10-31 12:30", answered="2026-11-01 12:00")
    add_feedback(clinic, "2026-10-30 12:30", answered="2026-10-31 12:00")
    add_feedback(clinic, "2026-10-30 12:00", answered="2126-10-30 12:00")
    question = Question("feedback_analysis", clinic.id, clinic.timezone, *OCTOBER)
    with snapshot() as connection:
        figures = content.build(connection, question)
    assert [row[1] for row in table(figures, "waits").rows] == [1, 1, 0, 1, 0]


def test_the_months_before_the_first_response_are_left_out(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [4], "2026-08-15 10:00")
    say(clinic, [2, 3, None], "2026-10-05 10:00")
    figures = ask("feedback_analysis")
    assert table(figures, "months").rows == (
        ("2026-08", 1, 1, 4.0, 100.0, 0.0, 100.0),
        ("2026-09", 0, 0, None, None, None, None),
        ("2026-10", 3, 2, 2.5, 0.0, 50.0, -50.0),
    )
    assert metric(figures, "responses").trend == (1, 0, 3)
    assert metric(figures, "mean").trend == (4.0, None, 2.5)
    assert chart(figures, "means").title == "Mean rating by month"
    assert chart(figures, "responses").title == "Responses rose from none to 3"


@pytest.mark.parametrize(
    ("september", "october", "told", "against"),
    [
        (
            [5] * 10 + [3] * 10,
            [5] * 9 + [3] * 11,
            "changed little, from 4.0 in September 2026 to 3.9",
            "little changed from 4.0 in",
        ),
        ([5] * 20, [3] * 10 + [5] * 10, "fell from 5.0 in September 2026 to 4.0", "down from 5.0 in"),
        ([3] * 20, [4] * 20, "rose from 3.0 in September 2026 to 4.0", "up from 3.0 in"),
        ([3] * 20, [3] * 20, "stayed at 3.0", "as in"),
    ],
)
def test_a_mean_rises_or_falls_only_by_more_than_chance_explains(
    ask: Ask, clinic: Clinic, september: list[int | None], october: list[int | None], told: str, against: str
) -> None:
    begin_records(clinic)
    say(clinic, september, "2026-09-05 10:00")
    say(clinic, october)
    figures = ask("feedback_analysis")
    assert chart(figures, "means").title == f"The mean rating {told}"
    assert f"of 5, {against} September 2026:" in figures.summary[1]


def test_a_longer_period_names_its_best_month(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [3] * 20, "2026-07-05 10:00")
    say(clinic, [4] * 20, "2026-08-05 10:00")
    say(clinic, [5] * 3, "2026-09-05 10:00")
    figures = ask("feedback_analysis", date(2026, 7, 1), date(2026, 9, 30))
    assert chart(figures, "means").title == "The mean rating was highest in August 2026"
    say(clinic, [4] * 19 + [3], "2026-09-05 10:00")
    figures = ask("feedback_analysis", date(2026, 7, 1), date(2026, 9, 30))
    assert chart(figures, "means").title == "Mean rating by month"


def test_it_compares_with_the_period_before_where_there_are_records(ask: Ask, clinic: Clinic) -> None:
    begin_records(clinic)
    say(clinic, [5, 1], "2026-09-05 10:00", answered="2026-09-06 10:00")
    say(clinic, [5, 5, 3, None], "2026-10-05 10:00")

    figures = ask("feedback_analysis")

    assert table(figures, "compared").rows == (
        ("All responses", 2, 4, 2, None),
        ("Positive ratings", 1, 2, 1, None),
        ("Neither", 0, 1, 1, None),
        ("Negative ratings", 1, 0, -1, None),
        ("Not rated", 0, 1, 1, None),
    )
    assert rows(figures, "scores")["Mean rating, 1 to 5"] == {
        "what": "Mean rating, 1 to 5", "then": 3.0, "now": 4.3, "change": 1.3,
    }  # fmt: skip
    assert metric(figures, "mean").change == Change(1.3, None, "September 2026")
    assert metric(figures, "answered_soon").change == Change(-100.0, None, "September 2026")
    assert figures.summary[0] == "There were 4 responses in October 2026, against 2 in September 2026."
    assert figures.summary[-1] == "No response has been answered."


def test_it_compares_with_a_year_earlier_when_asked(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [4], "2025-10-31 10:00")
    say(clinic, [5], "2026-09-05 10:00")
    say(clinic, [5])
    figures = ask("feedback_analysis", compare="year")
    assert table(figures, "compared").title == "Compared with a year earlier"
    assert metric(figures, "mean").change == Change(1.0, None, "October 2025")


def test_nothing_is_compared_with_days_before_the_first_response(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [5], "2026-10-05 10:00")
    figures = ask("feedback_analysis")
    assert all(item.change is None for item in figures.metrics)
    assert [column.key for column in table(figures, "scores").columns] == ["what", "now"]
    assert "compared" not in [section.key for section in figures.sections]
    assert figures.summary[-1] == (
        "There is nothing to compare with: the clinic's records of feedback begin on 5 October 2026."
    )


def test_a_period_before_the_first_response_has_no_response_rate(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    say(clinic, [5], "2026-11-05 10:00")
    figures = ask("feedback_analysis")
    assert figures.sections == ()
    assert figures.summary[-1] == "The clinic's records of feedback begin on 5 November 2026."


def test_the_same_rows_say_the_same_in_whatever_order_they_came(ask: Ask, clinic: Clinic) -> None:
    said: list[Content] = []
    for names in (("B", "A", "C"), ("C", "A", "B")):
        theirs = add_clinic(timezone=clinic.timezone)
        for name in names:
            add_feedback(theirs, "2026-10-05 10:00", category=name)
        with snapshot() as connection:
            said.append(content.build(connection, Question("feedback_analysis", theirs.id, theirs.timezone, *OCTOBER)))
    assert said[0] == said[1]


def test_a_tally_of_nothing_has_no_shares() -> None:
    nothing = Tally()
    assert (nothing.mean, nothing.net, nothing.share(0)) == (None, None, None)
