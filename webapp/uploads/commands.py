"""flask upload: a sheet without a browser."""

from dataclasses import replace
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp import words
from webapp.accounts import access
from webapp.commands import PlainCommand
from webapp.extensions import db
from webapp.models import Person, Upload
from webapp.report_requests import TooMany
from webapp.uploads import showing, steps, understanding
from webapp.uploads.accepting import Changed, NotWaiting, shown_of
from webapp.uploads.checking import Findings
from webapp.uploads.ending import discard
from webapp.uploads.layout import Ask
from webapp.uploads.receiving import TooLarge
from webapp.uploads.understanding import Understanding, workbook_of


@click.command(cls=PlainCommand)
@click.argument("sheet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "email", required=True, metavar="E-MAIL", help="Of the clinician or manager who brings it.")
@click.option("--answer", "answers", multiple=True, metavar="KEY=VALUE", help="To a question; repeatable.")
@click.option("--add-unknown", is_flag=True, help="Add patients who are not on record, instead of leaving them out.")
@click.option("--accept", "accepts", is_flag=True, help="Store the readings and ask for the report.")
@with_appcontext
def upload(sheet: Path, email: str, answers: tuple[str, ...], add_unknown: bool, accepts: bool) -> None:
    """Try out a sheet of patients' measurements, and accept it with --accept.

    Without that nothing is kept: the questions that the sheet leaves open are told with their keys, then what was
    found in it.
    """
    person = _person(email)
    try:
        with sheet.open("rb") as stream:
            brought = steps.bring(person, access.clinics_for(person)[0], stream, sheet.name)
    except TooLarge as fault:
        raise click.ClickException(str(fault)) from None
    try:
        _answer(brought, answers, add_unknown)
        _tell(brought)
        if accepts:
            limit = current_app.config["SETTINGS"].reports_in_flight
            report = steps.accept(brought, person, limit=limit, shown=shown_of(brought.findings or b""))
            click.echo(f"Accepted. The report {report.number} is being made.")
    except (TooMany, Changed, NotWaiting) as fault:
        raise click.ClickException(str(fault)) from None
    finally:
        db.session.refresh(brought)
        if brought.is_open:
            discard(brought, person)


def _person(email: str) -> Person:
    person = db.session.scalar(select(Person).where(Person.email == email))
    if person is None:
        raise click.ClickException("There is nobody with this e-mail address.")
    if not access.brings_sheets(person):
        raise click.ClickException("Sheets are brought by clinicians and managers, to their own clinic.")
    return person


def _answer(brought: Upload, answers: tuple[str, ...], add_unknown: bool) -> None:
    """Give the answers there are, a round for each question that comes up behind another."""
    if brought.status == "refused":
        raise click.ClickException(brought.refusal or "")
    given = dict(answer.partition("=")[::2] for answer in answers)
    while brought.status == "asking":
        workbook, understood = workbook_of(brought), Understanding.of(brought)
        asks = understanding.questions(brought, workbook, understood)
        known = understanding.given(understood)
        wrong = steps.answer(brought, {**{ask.key: "" for ask in asks}, **known, **given})
        db.session.refresh(brought)
        if wrong:
            told = "\n".join(_question(ask, wrong[ask.key]) for ask in asks if ask.key in wrong)
            raise click.ClickException(f"The sheet leaves open what it means. Answer with --answer KEY=VALUE:\n{told}")
    if add_unknown:
        steps.choose(brought, replace(Understanding.of(brought).choices, unknown="add"))
        db.session.refresh(brought)


def _question(ask: Ask, wrong: str) -> str:
    offered = "; ".join(f"{value} ({label})" if label != value else value for value, label in ask.options)
    return f"  {ask.key}  {ask.label} {offered or wrong}"


def _tell(brought: Upload) -> None:
    """What was found, without a patient's data: a terminal and its log are no place for them."""
    assert brought.findings is not None
    findings = Findings.unpack(brought.findings)
    counts = findings.counts
    click.echo(
        f"{words.plural(counts.patients, 'patient')} ({words.number(counts.new_patients)} new), "
        f"{words.number(counts.rows_used)} of {words.plural(counts.rows_read, 'row')} used, "
        f"{words.plural(counts.values_left_out, 'value')} left out."
    )
    for kind in showing.kinds(findings):
        click.echo(f"  {words.number(kind.count):>6}  {kind.label}: {kind.outcome.lower()}")
    for told in findings.stops:
        click.echo(told)
