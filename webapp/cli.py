"""The flask commands, thin: each calls a room."""

from datetime import datetime

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from webapp import audit
from webapp.accounts import commands as people
from webapp.accounts.demo_people import DEMO_PEOPLE, PASSWORD, add_demo_people
from webapp.alerts import commands as alerts
from webapp.clinic_data import commands as clinic_data
from webapp.clinic_data.demo import SEED, DemoRefused, load_demo
from webapp.commands import PlainCommand
from webapp.extensions import db
from webapp.generate import commands as generate
from webapp.health import commands as health
from webapp.report_requests import commands as report_requests
from webapp.retention import commands as retention
from webapp.stocktaking import commands as stocktaking
from webapp.uploads import commands as uploads


def register(app: Flask) -> None:
    """Give the app its commands."""
    app.cli.add_command(clinic_data.clinics_group)
    app.cli.add_command(clinic_data.import_group)
    app.cli.add_command(demo)
    app.cli.add_command(people.group)
    app.cli.add_command(report_requests.report)
    app.cli.add_command(uploads.upload)
    app.cli.add_command(generate.watch)
    app.cli.add_command(retention.group)
    app.cli.add_command(alerts.group)
    app.cli.add_command(health.health)
    app.cli.add_command(stocktaking.group)
    app.cli.add_command(audit_log)


@click.command(cls=PlainCommand)
@click.option(
    "--end", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The last day with visits.  [default: yesterday]"
)
@click.option("--seed", default=SEED, show_default=True, help="Another number invents other people.")
@with_appcontext
def demo(end: datetime | None, seed: int) -> None:
    """Load two invented clinics, once, and tell who can sign in to them."""
    if current_app.config["SETTINGS"].production:
        raise click.ClickException("The demo clinics are not for production, where their password would let people in.")
    try:
        loaded = load_demo(end=end.date() if end else None, seed=seed)
    except DemoRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    db.session.commit()
    add_demo_people()
    db.session.commit()
    state = "are loaded" if loaded.fresh else "were already loaded"
    click.echo(f"The demo clinics {state}: {loaded.patients:,} patients, {loaded.visits:,} visits.")
    click.echo(f"Sign in with the password {PASSWORD} as")
    width = max(len(person.email) for person in DEMO_PEOPLE)
    for person in DEMO_PEOPLE:
        click.echo(f"  {person.email:{width}}   {person.told}")


@click.command("audit", cls=PlainCommand)
@with_appcontext
def audit_log() -> None:
    """Check the audit log: that no entry was changed, removed or added out of line."""
    faults = list(audit.faults())
    for number, what in faults:
        click.echo(f"Entry {number}: {what}.")
    if faults:
        raise click.ClickException("The audit log is not as it was written.")
    click.echo("The audit log is whole.")
