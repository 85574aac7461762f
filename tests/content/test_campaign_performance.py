"""Hand-countable contacts of campaigns, on both databases."""

from datetime import UTC, date, datetime

from flask import Flask

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_campaign, add_clinic, add_contact, add_patient, add_person, add_report, add_visit
from webapp import audit, clock, content
from webapp.content import Question
from webapp.content.campaign_performance import own_filters
from webapp.extensions import db, snapshot
from webapp.figures import Change, Content
from webapp.models import Campaign, Clinic, Diagnosis, Measurement, Treatment

SOME_TIME = datetime(2026, 10, 20, tzinfo=UTC)


def section_keys(figures: Content) -> list[str]:
    return [section.key for section in figures.sections]


def test_a_clinic_without_anything_is_told_in_words(ask: Ask) -> None:
    figures = ask("campaign_performance")
    assert figures.summary == (
        "Nobody was contacted in October 2026.",
        "The clinic has no campaign contacts on record yet.",
    )
    assert figures.sections == ()
    assert [item.value for item in figures.metrics] == [0, 0, 0, 0]
    assert {(item.change, item.note) for item in figures.metrics} == {(None, "")}


def test_it_counts_contacts_of_the_clinics_days_and_each_patient_once(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    flu, teeth = add_campaign(clinic, "Flu"), add_campaign(clinic, "Teeth", topic="Dental")
    add_contact(flu, ana, "2026-10-01 00:00")
    add_contact(flu, ben, "2026-10-31 23:59")
    add_contact(teeth, ana, "2026-10-31 23:59")
    add_contact(teeth, ben, "2026-11-01 00:00")
    add_contact(add_campaign(clinic), ana, "2026-09-30 23:59")
    elsewhere = add_clinic()
    add_contact(add_campaign(elsewhere), add_patient(elsewhere))

    figures = ask("campaign_performance")

    assert (figures.rows.noun, figures.rows.read, figures.rows.used) == ("contacts", 3, 3)
    assert metric(figures, "contacted").value == 2
    assert metric(figures, "contacted").change == Change(1, None, "September 2026")
    assert rows(figures, "campaigns")["Flu"]["contacts"] == 2
    assert table(figures, "topics").total == ("All", 3, 0, 0, 0, 0.0)
    assert table(figures, "compared").rows[1][1:3] == (1, 3)


def test_a_later_step_stands_for_those_before_it(ask: Ask, clinic: Clinic) -> None:
    flu = add_campaign(clinic, "Flu")
    for steps in ((), ("opened_at",), ("opened_at", "responded_at"), ("attended_at",)):
        add_contact(flu, add_patient(clinic), **dict.fromkeys(steps, SOME_TIME))

    figures = ask("campaign_performance")

    assert table(figures, "funnel").rows == (
        ("Contacted", 4, 100.0, None),
        ("Opened", 3, 75.0, 75.0),
        ("Responded", 2, 50.0, 66.7),
        ("Attended", 1, 25.0, 50.0),
    )
    assert [metric(figures, key).value for key in ("opened", "responded", "attended")] == [3, 2, 1]
    assert metric(figures, "opened").note == "of 4 contacts"
    assert chart(figures, "funnel").title == "1 of 4 contacts led to attendance"
    assert "Of 4 contacts, 3 were opened, 2 responded to and 1 led to attendance." in figures.summary


def test_ten_campaigns_are_named_and_the_rest_told_together(ask: Ask, clinic: Clinic) -> None:
    people = [add_patient(clinic) for _ in range(2)]
    for number in range(12, 0, -1):
        campaign = add_campaign(clinic, f"C{number:02}", topic=f"T{number:02}")
        add_contact(campaign, people[0], attended_at=SOME_TIME)
        if number == 12:
            add_contact(campaign, people[1])

    figures = ask("campaign_performance")

    shown = [row[0] for row in table(figures, "campaigns").rows]
    assert shown == ["C12", *(f"C{number:02}" for number in range(1, 10)), "All others"]
    assert rows(figures, "campaigns")["All others"]["contacts"] == 2
    assert [row[0] for row in table(figures, "topics").rows] == [name.replace("C", "T") for name in shown]
    for key in ("campaigns", "topics"):
        assert sum(row["contacts"] for row in rows(figures, key).values()) == 13


def test_the_dates_of_a_campaign_are_told_also_without_an_end(ask: Ask, clinic: Clinic) -> None:
    add_contact(add_campaign(clinic, "Done", ended_on=date(2026, 11, 15)), add_patient(clinic))
    add_contact(add_campaign(clinic, "Running"), add_patient(clinic))
    found = rows(ask("campaign_performance"), "campaigns")
    assert found["Done"]["dates"] == "1 Oct – 15 Nov 2026"
    assert found["Running"]["dates"] == "from 1 Oct 2026"


def test_names_are_shown_as_written_and_told_apart(ask: Ask, clinic: Clinic) -> None:
    long = "Ж" * 200
    tabbed = "Flu\t shot"
    names = ("All", "Flu", "flu", tabbed, "Flu shot", "", long)
    numbers = {}
    for name in names:
        campaign = Campaign(clinic_id=clinic.id, name=name, topic=name[:100], started_on=date(2026, 10, 1))
        db.session.add(campaign)
        db.session.commit()
        numbers[name] = campaign.id
        add_contact(campaign, add_patient(clinic))

    figures = ask("campaign_performance")

    assert {row[0] for row in table(figures, "campaigns").rows} == {
        f"All (number {numbers['All']})",
        "Flu",
        "flu",
        f"Flu shot (number {numbers[tabbed]})",
        f"Flu shot (number {numbers['Flu shot']})",
        "No name",
        long,
    }
    assert rows(figures, "topics")["Flu shot"]["contacts"] == 2
    assert {row[0] for row in table(figures, "topics").rows} == {
        "All (topic)", "Flu", "flu", "Flu shot", "No topic", long[:100],
    }  # fmt: skip


def add_many(campaign: Campaign, clinic: Clinic, contacts: int, attended: int) -> None:
    for number in range(contacts):
        add_contact(campaign, add_patient(clinic), attended_at=SOME_TIME if number < attended else None)


def test_the_highest_attendance_is_named_where_it_stands_out_and_is_no_handful(ask: Ask, clinic: Clinic) -> None:
    flu, teeth, few = (add_campaign(clinic, name) for name in ("Flu", "Teeth", "Few"))
    add_many(flu, clinic, 20, 5)
    add_many(few, clinic, 2, 2)
    assert chart(ask("campaign_performance"), "campaigns").title == "Attendance by campaign"
    add_many(teeth, clinic, 20, 18)
    figures = ask("campaign_performance")
    assert chart(figures, "campaigns").title == "Teeth had the highest attendance"
    assert metric(figures, "attended").note == "59.5 % of contacts"
    add_many(add_campaign(clinic, "Nearly level"), clinic, 20, 17)
    assert chart(ask("campaign_performance"), "campaigns").title == "Attendance by campaign"


def test_visits_of_60_days_before_and_after_a_contact_are_compared(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    somebody = add_patient(clinic)
    add_visit(somebody, "2026-01-01 10:00")
    add_visit(somebody, "2026-12-31 10:00")
    add_contact(add_campaign(clinic, "Flu"), ana, "2026-10-05 10:00")
    for day, kind in (
        ("2026-08-05", "medical"),  # 61 days before
        ("2026-08-06", "medical"),
        ("2026-10-04", "dental"),
        ("2026-10-05", "dental"),  # on the day
        ("2026-10-06", "medical"),
        ("2026-11-01", "medical"),
        ("2026-12-04", "dental"),
        ("2026-12-05", "dental"),  # 61 days after
    ):
        add_visit(ana, f"{day} 23:30", kind=kind)
    add_visit(ana, "2026-10-07 10:00", status="cancelled")
    add_visit(ana, "2026-10-07 10:00", status="planned")

    figures = ask("campaign_performance")

    assert table(figures, "visits").rows == (("Medical", 1, 2, 1, None), ("Dental", 1, 1, 0, None))
    assert table(figures, "visits").total == ("All", 2, 3, 1, None)
    assert table(figures, "followed_topics").rows == (("Vaccination", 1, 1, 1, 2, 3),)
    assert chart(figures, "visits").title == "After the contact, visits rose from 2 to 3"
    told = "In the 60 days after a contact there were 3 visits, against 2 in the 60 days before."
    assert told in figures.summary


def test_a_visit_near_two_contacts_counts_for_each(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in ("2026-01-01", "2026-10-20", "2026-12-31"):
        add_visit(ana, f"{day} 10:00")
    for at in ("2026-10-05 10:00", "2026-10-06 10:00", "2026-10-25 10:00"):
        add_contact(add_campaign(clinic), ana, at)
    figures = ask("campaign_performance")
    assert table(figures, "visits").total == ("All", 1, 2, 1, None)
    assert table(figures, "followed_topics").total == ("All", 3, 1, 2, 1, 2)


def test_contacts_near_the_ends_of_the_records_are_left_out_of_the_comparison(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-08-10 10:00", status="cancelled")
    add_visit(ana, "2026-12-24 10:00")
    add_visit(ana, "2027-02-01 10:00", status="planned")
    for day in (8, 9, 25, 26):
        add_contact(add_campaign(clinic), ana, f"2026-10-{day:02} 10:00")

    figures = ask("campaign_performance")

    assert table(figures, "basis").rows == (
        ("Compared", 2),
        ("Left out: not followed for 60 days yet", 1),
        ("Left out: less than 60 days of visits on record before", 1),
    )
    assert table(figures, "basis").total == ("All", 4)
    assert any("(2 contacts followed so far)" in sentence for sentence in figures.summary)


def test_a_contact_with_too_few_days_of_records_on_both_sides_is_left_out_once(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in ("2026-10-01", "2026-10-31"):
        add_visit(ana, f"{day} 10:00")
    add_contact(add_campaign(clinic), ana, "2026-10-15 10:00")
    figures = ask("campaign_performance")
    assert table(figures, "basis").rows == (("Compared", 0), ("Left out: not followed for 60 days yet", 1))


def test_contacts_that_nobody_can_follow_yet_are_not_compared(ask: Ask, clinic: Clinic) -> None:
    add_contact(add_campaign(clinic), add_patient(clinic))
    figures = ask("campaign_performance")
    section = next(section for section in figures.sections if section.key == "followed")
    assert section.charts == ()
    assert section.text == "No contact can be followed for 60 days yet."
    assert table(figures, "basis").rows == (("Compared", 0), ("Left out: not followed for 60 days yet", 1))


def test_the_share_reached_is_of_patients_on_the_books_and_those_contacted(ask: Ask, clinic: Clinic) -> None:
    flu = add_campaign(clinic)
    add_contact(flu, add_patient(clinic, birth_date=date(2020, 1, 1)))
    add_contact(flu, add_patient(clinic, registered_on=date(2026, 11, 5), birth_date=None))
    add_patient(clinic, registered_on=date(2026, 11, 5))
    add_patient(clinic, deceased_on=date(2026, 9, 30))
    add_patient(clinic, deceased_on=date(2026, 10, 1), registered_on=None)

    figures = ask("campaign_performance")

    assert metric(figures, "contacted").note == "of 3 patients"
    assert table(figures, "reach").total == ("All", 3, 2, 66.7)
    assert rows(figures, "reach")["5 to 14"]["contacted"] == 1
    assert rows(figures, "reach")["Unknown"]["share"] == 100.0
    by_sex = ask("campaign_performance", age="5-14")
    assert [row[0] for row in table(by_sex, "reach").rows] == ["Female", "Male"]
    assert "reach" not in section_keys(ask("campaign_performance", age="5-14", sex="female"))


def test_each_filter_leaves_out_what_it_should(ask: Ask, clinic: Clinic) -> None:
    flu = add_campaign(clinic, "Flu", topic="Vaccination")
    tetanus = add_campaign(clinic, "Tetanus", topic="Vaccination")
    teeth = add_campaign(clinic, "Teeth", topic="Dental")
    ana, ben = add_patient(clinic), add_patient(clinic, sex="male", birth_date=date(2020, 1, 1))
    other = add_clinic()
    theirs = add_campaign(other, "Flu", topic="Vaccination")
    add_contact(theirs, add_patient(other))
    for campaign, who in ((flu, ana), (flu, ben), (tetanus, ana), (teeth, ben)):
        add_contact(campaign, who)

    def contacts(**chosen: str) -> int:
        return ask("campaign_performance", **chosen).rows.used

    assert contacts(topic=str(flu.id)) == 3
    assert contacts(topic=str(teeth.id)) == 1
    assert contacts(campaign=str(tetanus.id)) == 1
    assert contacts(campaign=str(teeth.id), topic=str(flu.id)) == 0
    assert contacts(sex="male") == contacts(age="5-14") == 2
    for strange in (str(theirs.id), "0", "-1", "x", "²", "99999999999999"):
        assert contacts(campaign=strange) == contacts(topic=strange) == 0
    figures = ask("campaign_performance", topic=str(flu.id))
    assert metric(figures, "contacted").note == "of 2 patients"
    assert ask("campaign_performance", campaign="0").summary[0] == "No contacts in October 2026 matched the filters."


def test_filters_offer_the_clinics_own_topics_and_campaigns(clinic: Clinic) -> None:
    first = add_campaign(clinic, "Flu 2025", topic="Vaccination", started_on=date(2025, 10, 1))
    teeth = add_campaign(clinic, "Teeth", topic="dental")
    flu = add_campaign(clinic, "Flu 2026", topic="Vaccination", started_on=date(2026, 10, 2))
    theirs = add_campaign(add_clinic(), "Theirs", topic="Theirs")
    with snapshot() as connection:
        topics = own_filters.TOPIC.choices(connection, clinic.id)
        assert topics == [(str(teeth.id), "dental"), (str(first.id), "Vaccination")]
        campaigns = own_filters.CAMPAIGN.choices(connection, clinic.id)
        assert [name for _, name in campaigns] == ["Flu 2026", "Teeth", "Flu 2025"]
        for offered, value, name in (
            (own_filters.TOPIC, str(flu.id), "Vaccination"),
            (own_filters.CAMPAIGN, str(flu.id), "Flu 2026"),
            (own_filters.TOPIC, str(theirs.id), "Not recognised"),
            (own_filters.CAMPAIGN, str(theirs.id), "Not recognised"),
            (own_filters.TOPIC, "", "All topics"),
        ):
            assert offered.words(connection, clinic.id, value) == name


def test_people_use_the_system_who_signed_in_or_asked_on_a_day_of_the_period(context_on_each: Flask) -> None:
    clinic = add_clinic()
    long_ago = {"added_at": datetime(2026, 1, 1, tzinfo=UTC)}
    signs_in, asks, does_both, idle = (add_person("staff", clinic, **long_ago) for _ in range(4))
    add_person("clinician", clinic, added_at=datetime(2026, 10, 31, 16, tzinfo=UTC))  # 1 November in Manila
    add_person("staff", clinic, is_active=False, **long_ago)
    manager = add_person("manager", clinic, **long_ago)
    stranger = add_person("staff", **long_ago)
    # The first and the last moment of October in Manila, and those beside them.
    first, last = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 15, 59, tzinfo=UTC)
    before, after = datetime(2026, 9, 30, 15, 59, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
    for person, at in ((signs_in, first), (does_both, last), (does_both, last), (idle, before), (manager, after),
                       (stranger, first)):  # fmt: skip
        with clock.stopped_at(at):
            audit.record("person.signed_in", f"person:{person.id}", person_id=person.id)
    with clock.stopped_at(first):
        audit.record("person.signed_out", f"person:{idle.id}", person_id=idle.id)
    for person, at in ((asks, first), (does_both, last), (idle, after)):
        add_report(person, asked_at=at)

    question = Question("campaign_performance", clinic.id, clinic.timezone, date(2026, 10, 1), date(2026, 10, 31))
    with snapshot() as connection:
        figures = content.build(connection, question)

    assert table(figures, "users").rows == (
        ("Staff", 4, 2, 2, 3, 75.0),
        ("Clinicians", 0, 0, 0, 0, None),
        ("Managers", 1, 0, 0, 0, 0.0),
    )
    assert table(figures, "users").total == ("All", 5, 2, 2, 3, 60.0)
    assert "3 of 5 people with an account used the system." in figures.summary


def test_a_record_is_kept_up_that_is_whole_and_was_added_to_lately(ask: Ask, clinic: Clinic) -> None:
    def add(visited: str = "2026-10-05", recorded: str | None = "2026-10-05", status: str | None = None, **values: str):
        who = add_patient(clinic, **{"mrn": "M1", **values})
        add_visit(who, f"{visited} 10:00")
        if recorded:
            day = date.fromisoformat(recorded)
            of = {"clinic_id": clinic.id, "patient_id": who.id, "name": "Something"}
            db.session.add(Diagnosis(**of, recorded_on=day, verification_status=status))
            db.session.commit()
        return who

    kept = [add(), add("2024-11-01", "2024-11-01", "confirmed")]
    for model, day in ((Measurement, "local_day"), (Treatment, "performed_on")):
        kept.append(add(recorded=None))
        of = {"clinic_id": clinic.id, "patient_id": kept[-1].id, "name": "Something"}
        db.session.add(model(**of, **{day: date(2026, 10, 5)}))
    db.session.commit()
    add(mrn=None)
    add(mrn=" ")
    add(birth_date=None)
    add(birth_date=date(1890, 1, 1))
    add(sex="unknown")
    add(recorded=None)
    add(visited="2024-10-31")
    add(recorded="2024-10-31")
    add(recorded="2026-11-01")
    add(status="entered-in-error")
    add_contact(add_campaign(clinic), kept[0])

    figures = ask("campaign_performance")

    assert table(figures, "kept_up").rows == (
        ("Kept up to date", 4, 28.6, 1, 100.0),
        ("Not kept up to date", 10, 71.4, 0, 0.0),
    )
    assert table(figures, "kept_up").total == ("All", 14, 100.0, 1, 100.0)
    assert table(figures, "record_parts").rows == (
        ("Medical record number", 12, 85.7),
        ("Birth date", 12, 85.7),
        ("Sex", 13, 92.9),
        ("Recent visit and entry", 9, 64.3),
    )
    assert chart(figures, "record_parts").title == "Missing most often: recent visit and entry"
    assert "4 of 14 patients have a record that is kept up to date." in figures.summary


def test_it_compares_with_a_year_earlier_when_asked_to(clinic: Clinic) -> None:
    add_contact(add_campaign(clinic), add_patient(clinic), "2025-10-05 10:00", attended_at=SOME_TIME)
    days = (date(2026, 10, 1), date(2026, 10, 31))
    question = Question("campaign_performance", clinic.id, clinic.timezone, *days, compare="year")
    with snapshot() as connection:
        figures = content.build(connection, question)
    assert metric(figures, "attended").change == Change(-1, None, "October 2025")
    assert table(figures, "compared").title == "Compared with a year earlier"
    assert figures.summary[:2] == ("Nobody was contacted in October 2026.", "1 patient was contacted in October 2025.")


def test_a_contact_with_a_patient_of_another_clinic_is_not_read(ask: Ask, clinic: Clinic) -> None:
    add_contact(add_campaign(clinic), add_patient(add_clinic()))
    assert ask("campaign_performance").rows.read == 0
