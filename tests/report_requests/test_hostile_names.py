"""Names as other systems hand them over, through the whole job: form, report on the page, four files."""

import csv
import html
import io
import json

import factories
import openpyxl
import pytest
from flask import Flask
from page_client import PageClient, page_client
from pypdf import PdfReader
from sqlalchemy import select

from webapp import generate
from webapp.content.filters import MOST_PROVIDERS
from webapp.extensions import db
from webapp.models import Clinic, Person, Provider, Report
from webapp.words import printable

HOSTILE = [
    "<script>alert('x')</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example","click")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1-800-555",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp; <b>bold</b> <reportpart key='foot'>",
    "คลินิกริมน้ำ",
    "عيادة النهر",
    "Ελληνική Клиника Łódź",
    "bell\x07 tab\tline\nbreak\x1b[31m",
    "\u202eright to left override",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "%s%n{0}${HOME}`id`",
    "x" * 200,
]


@pytest.fixture
def report(app: Flask) -> Report:
    with app.app_context():
        return factories.add_asked_report("manager")


@pytest.fixture
def client(app: Flask, report: Report) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(db.session.get_one(Person, report.requester_id))


def asked_of(app: Flask, client: PageClient, report: Report, name: str) -> str:
    """The id of a report that is about a clinic and a provider of that name."""
    with app.app_context():
        clinic = db.session.get_one(Clinic, report.clinic_id)
        clinic.name = name
        provider = factories.add_provider(clinic, name).id
    client.submit(
        "/reports/new", {"template": "visit_trends", "period": "last_month", "format": "pdf", "provider": provider}
    )
    with app.app_context():
        report_id = db.session.scalars(select(Report.id).where(Report.id != report.id)).one()
        generate.make(report_id)
    return report_id


def squeezed(text: str) -> str:
    """Without spaces, which a line break in a PDF adds and takes."""
    return "".join(text.split())


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_text_on_the_page_and_in_every_file(
    app: Flask, client: PageClient, report: Report, name: str
) -> None:
    report_id = asked_of(app, client, report, name)
    shown = printable(name)

    page = client.get(f"/reports/{report_id}").text
    assert f"Provider: {html.escape(shown, quote=True).replace('&quot;', '&#34;').replace('&#x27;', '&#39;')}" in page

    def file(format_name: str) -> bytes:
        response = client.get(f"/reports/{report_id}/files/{format_name}")
        assert response.status_code == 200
        return response.data

    assert json.loads(file("json"))["presentation"]["clinic_name"] == shown
    values = [row["value"] for row in csv.DictReader(io.StringIO(file("csv").decode("utf-8-sig")))]
    assert shown in values or f"'{shown}" in values
    book = openpyxl.load_workbook(io.BytesIO(file("excel")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    assert shown in [cell.value for cell in cells]
    text = squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(file("pdf"))).pages))
    if shown.isascii():
        assert squeezed(shown) in text


def test_every_naughty_string_can_be_chosen_as_a_provider(
    app: Flask, client: PageClient, report: Report, naughty_strings: list[str]
) -> None:
    names = sorted({printable(text)[:200] for text in naughty_strings if text.strip()})
    for start in range(0, len(names), MOST_PROVIDERS):
        chunk = names[start : start + MOST_PROVIDERS]
        with app.app_context():
            db.session.query(Provider).delete()
            db.session.add_all(Provider(clinic_id=report.clinic_id, name=name) for name in chunk)
            db.session.commit()
        page = html.unescape(client.get("/reports/new?template=visit_trends").text)
        missing = [name for name in chunk if f">{name}</option>" not in page]
        assert missing == []
