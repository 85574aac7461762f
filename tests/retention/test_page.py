"""The retention page: use, what stays, what went, and its pages."""

import re

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select

from tests.retention.conftest import NIGHT, add_ready, again
from webapp import audit, clock, report_requests, retention
from webapp.extensions import db
from webapp.models import Clinic, File, Person, Report
from webapp.retention import keeping, records


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


@pytest.fixture
def reports(app: Flask) -> list[Report]:
    """One of each of two clinics, with a file of 1.2 MB and one of 300 bytes."""
    with app.app_context():
        both = [add_ready(factories.add_clinic(name)) for name in ("Riverside", "Harbour")]
        for report, size in zip(both, (1_200_000, 300), strict=True):
            db.session.scalars(select(File).where(File.report_id == report.id)).one().size = size
        db.session.commit()
        for report in both:
            db.session.refresh(report)
        return both


def manager_of(app: Flask, report: Report) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(factories.add_person("manager", db.session.get_one(Report, report.id).clinic))


def administrator(app: Flask) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(factories.add_person("administrator"))


def test_where_there_is_nothing_each_list_says_so(app: Flask) -> None:
    told = words_of(administrator(app).get("/retention").text)
    for sentence in (
        "There are no rules yet: every report stays for 30 days.",
        "No report is ready, so nothing is stored.",
        "No report is kept or held.",
        "Nothing has expired or been deleted yet.",
    ):
        assert sentence in told


def test_it_stands_in_the_bar_of_those_whose_it_is(app: Flask, reports: list[Report]) -> None:
    for client in (manager_of(app, reports[0]), administrator(app)):
        assert re.search(r'href="/retention"\s+aria-current="page">Retention</a>', client.get("/retention").text)


def test_use_is_told_by_clinic_and_person(app: Flask, reports: list[Report]) -> None:
    told = words_of(administrator(app).get("/retention").text)
    assert "Riverside 1 1.2 MB Harbour 1 300 bytes" in told
    with app.app_context():
        people = [db.session.get_one(Person, report.requester_id).name for report in reports]
    assert f"{people[0]} Riverside 1 1.2 MB {people[1]} Harbour 1 300 bytes" in told


def test_a_report_with_several_files_counts_once(app: Flask, reports: list[Report]) -> None:
    manager_of(app, reports[1]).get(f"/reports/{reports[1].id}/files/json")
    with app.app_context():
        use = records.use_by_clinic(reports[1].clinic_id, 1).items[0]
        size = sum(db.session.scalars(select(File.size).where(File.report_id == reports[1].id)))
    assert use.reports == "1"
    assert size > 300
    assert use.size == f"{size / 1000:.0f} kB"


def test_a_manager_sees_their_clinic_alone(app: Flask, reports: list[Report]) -> None:
    with app.app_context():
        for report in reports:
            person = db.session.get_one(Person, report.requester_id)
            keeping.keep(again(report.id), person, f"reason of {report.clinic_id}", 3)
            again(report.id)
        third = add_ready(db.session.get_one(Clinic, reports[1].clinic_id))
        report_requests.delete(third, third.requester)
    told = manager_of(app, reports[0]).get("/retention").text
    assert "Harbour" not in told
    assert f"reason of {reports[1].clinic_id}" not in told
    assert f"reason of {reports[0].clinic_id}" in told
    assert "Nothing has expired or been deleted yet." in told
    both = administrator(app).get("/retention").text
    assert f"reason of {reports[1].clinic_id}" in both
    assert "Deleted by" in both


def test_what_stays_is_told_with_reason_by_whom_and_since_when(app: Flask, reports: list[Report]) -> None:
    with app.app_context():
        person = db.session.get_one(Person, reports[0].requester_id)
        keeping.keep(again(reports[0].id), person, "For <b>the</b> audit", None)
        keeping.hold(again(reports[0].id), person, "A complaint")
        name = person.name
    page = manager_of(app, reports[0]).get("/retention").text
    told = words_of(page)
    assert f"On legal hold by {name}, 22 November 2026 A complaint" in told
    assert f"Kept until somebody ends it by {name}, 22 November 2026 For &lt;b&gt;the" in told
    assert f'href="/reports/{reports[0].id}"' in page


def test_what_went_is_told_from_the_audit_log(app: Flask, reports: list[Report]) -> None:
    figures, number = reports[0].figures_sha256, reports[0].number
    with app.app_context():
        audit.record("report.deleted", "report:old", figures_sha256="e" * 64)
        db.session.commit()
        with clock.stopped_at(NIGHT):
            retention.expire_due()
    with clock.stopped_at(NIGHT):
        told = words_of(manager_of(app, reports[0]).get("/retention").text)
        all_told = words_of(administrator(app).get("/retention").text)
    assert figures
    how = f"Expired after 30 days, the default CSV · figures {figures[:12]}"
    assert f"Visit trends {number} {how} 23 December 2026, 02:00" in told
    assert "Deleted by somebody figures eeeeeeeeeeee" in all_told
    assert "eeeeeeeeeeee" not in told


def test_a_clinic_is_not_taken_for_another_whose_number_begins_alike(app: Flask, reports: list[Report]) -> None:
    with app.app_context():
        audit.record("report.deleted", "report:x", clinic=int(f"{reports[0].clinic_id}0"), number="VT-X")
        audit.record("report.deleted", "report:y", number=f'{{"clinic":{reports[0].clinic_id},')
        db.session.commit()
        assert records.removals(reports[0].clinic_id, "UTC", 1).items == []
        assert len(records.removals(None, "UTC", 1).items) == 2


def test_long_lists_have_pages(app: Flask, reports: list[Report], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "PER_PAGE", 1)
    client = administrator(app)
    first = client.get("/retention").text
    assert "Riverside" in words_of(first).partition("By clinic")[2].partition("By person")[0]
    assert 'href="/retention?clinics=2#clinics"' in first
    second = client.get("/retention?clinics=2&people=2").text
    assert "Harbour" in words_of(second).partition("By clinic")[2].partition("By person")[0]
    assert 'href="/retention?clinics=1&amp;people=2#clinics"' in second
    for odd in ("0", "-1", "x", "999999", "9" * 40, "²"):
        assert client.get("/retention", query_string={"clinics": odd}).status_code == 200
