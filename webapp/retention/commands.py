"""flask retention: what expires, and the rules."""

import click
from sqlalchemy import select

from webapp import retention
from webapp.commands import PlainGroup
from webapp.content import TEMPLATES
from webapp.extensions import db
from webapp.generate.expiry import told
from webapp.models import Clinic, Report, RetentionRule
from webapp.models.retention import LONGEST_DAYS
from webapp.retention import rules
from webapp.words import plural

group = PlainGroup("retention", help="How long reports stay: expire those whose time is over, and the rules.")

of_clinic = click.option("--clinic", "clinic_name", metavar="NAME", help="Of one clinic only.")
of_template = click.option("--template", type=click.Choice(list(TEMPLATES)), help="Of one template only.")


@group.command("expire")
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
def expire(dry_run: bool) -> None:
    """Expire the reports whose time is over, at whatever hour it is; those that are kept or held stay."""
    if not dry_run:
        expired = sum(iter(lambda: retention.expire_due(at_any_hour=True), 0))
        click.echo(f"{plural(expired, 'report')} expired.")
        return
    due = retention.due(at_any_hour=True).with_only_columns(Report.number, Report.expires_at, Report.expires_by)
    rows = db.session.execute(due).all()
    for row in rows:
        click.echo(f"{row.number}\t{row.expires_at:%Y-%m-%d %H:%M} UTC\t{row.expires_by}")
    click.echo(f"{plural(len(rows), 'report')} would expire now.", err=True)


@group.command("rules")
def list_rules() -> None:
    """One line a rule: days, what it is of, clinic. The setting RETENTION_DAYS is what applies without one."""
    for rule in db.session.scalars(select(RetentionRule).order_by(RetentionRule.scope)):
        click.echo("\t".join([str(rule.days), told(rule), *([rule.clinic.name] if rule.clinic else [])]))


@group.command("set")
@click.argument("days", type=click.IntRange(1, LONGEST_DAYS))
@of_clinic
@of_template
def set_(days: int, clinic_name: str | None, template: str | None) -> None:
    """Have reports expire so many DAYS after they are made: all, or those of a clinic or a template."""
    moved = rules.set_rule(_clinic_id(clinic_name), template, days, None)
    click.echo(f"The rule is set; it changed when {plural(moved, 'ready report')} will expire.")


@group.command("remove")
@of_clinic
@of_template
def remove(clinic_name: str | None, template: str | None) -> None:
    """Remove a rule, so that the next one applies, down to the setting."""
    scope = RetentionRule.scope_of(_clinic_id(clinic_name), template)
    rule = db.session.scalar(select(RetentionRule).where(RetentionRule.scope == scope))
    if rule is None:
        raise click.ClickException("There is no such rule; flask retention rules lists them.")
    moved = rules.remove_rule(rule, None)
    click.echo(f"The rule is removed; it changed when {plural(moved, 'ready report')} will expire.")


def _clinic_id(name: str | None) -> int | None:
    if name is None:
        return None
    clinic_id = db.session.scalar(select(Clinic.id).where(Clinic.name == name))
    if clinic_id is None:
        raise click.ClickException(f"There is no clinic called {name!r}; flask clinics list names them.")
    return clinic_id
