"""flask report: one report without queue or server."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from webapp import clock, content, generate
from webapp.commands import PlainCommand
from webapp.content import Template
from webapp.content.periods import OWN_DATES
from webapp.content.question import COMPARISONS
from webapp.errors import ReportFault
from webapp.extensions import db
from webapp.files import FORMATS, reconcile
from webapp.models import Clinic
from webapp.models.report import new_number
from webapp.report_requests.forms import AskForm, DayField, form_for

REQUESTED_BY = "the command line"
FILTERS = "\n".join(
    f"  {item.name:24}{', '.join(one.name for one in item.filters) or 'none'}" for item in content.CATALOGUE.values()
)
# A paragraph after \b keeps its line breaks.
EPILOG = f"\b\nTemplates, and the filters of each:\n{FILTERS}\n\nA value that is not offered is answered with the list."


@click.command(cls=PlainCommand, epilog=EPILOG)
@click.argument("template")
@click.option("--clinic", "clinic_name", required=True, metavar="NAME")
@click.option("--from", "start", required=True, metavar="DATE", help="The first day, such as 2026-10-01.")
@click.option("--to", "end", required=True, metavar="DATE", help="The last day, such as 2026-10-31.")
@click.option("--format", "format_name", type=click.Choice(list(FORMATS)), default="pdf", show_default=True)
@click.option("--compare", type=click.Choice(list(COMPARISONS)), default="before", show_default=True)
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Such as sex=female; repeatable.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@with_appcontext
def report(
    template: str,
    clinic_name: str,
    start: str,
    end: str,
    format_name: str,
    compare: str,
    filters: tuple[str, ...],
    out: Path,
) -> None:
    """Make one report into a file, by the same functions as the page, but without queue or server."""
    form = _form(
        template, clinic_name, {"start": start, "end": end, "compare": compare, "format": format_name}, filters
    )
    question = replace(form.question(), suppress_below=form.clinic.suppress_below)
    number = new_number(form.template.number_prefix)
    try:
        document = generate.compose(question, form.clinic, generate.Asked(number, REQUESTED_BY, clock.now())).document
        drawn = BytesIO()
        FORMATS[format_name].render(document, drawn)
        reconcile.check(document, format_name, drawn)
        out.write_bytes(drawn.getvalue())
    except ReportFault as fault:
        raise click.ClickException(fault.plain) from fault
    except OSError as fault:
        raise click.ClickException(f"{out} cannot be written: {fault.strerror}.") from fault
    click.echo(f"{content.title(question)}: {out}, report {number}")


def _form(template_name: str, clinic_name: str, given: dict[str, str], filters: tuple[str, ...]) -> AskForm:
    """The same form as on the page, so that the same is refused in the same words."""
    template = content.CATALOGUE.get(template_name)
    if template is None:
        raise click.ClickException(
            f"There is no report called {template_name!r}. There is: {', '.join(content.CATALOGUE)}."
        )
    clinic = db.session.scalar(select(Clinic).where(Clinic.name == clinic_name))
    if clinic is None:
        known = db.session.scalars(select(Clinic.name).order_by(Clinic.name)).all()
        raise click.ClickException(
            f"There is no clinic called {clinic_name!r}. There is: {', '.join(known) or 'none yet'}."
        )
    asked = {"period": OWN_DATES, **given, **_chosen(template, filters)}
    form = form_for(template, clinic, db.session.connection(), MultiDict(asked))
    if not form.validate():
        raise click.ClickException("\n".join(_refusal(field) for field in form if field.errors))
    return form


def _chosen(template: Template, filters: tuple[str, ...]) -> dict[str, str]:
    names = [item.name for item in template.filters]
    chosen = {}
    for item in filters:
        name, equals, value = item.partition("=")
        if name not in names:
            there_is = ", ".join(names) or "none"
            raise click.ClickException(f"{template.title} has no filter {name!r}. It has: {there_is}.")
        if not equals:
            raise click.ClickException(f"Give {name} a value: --filter {name}=VALUE.")
        chosen[name] = value
    return chosen


def _refusal(field: Any) -> str:
    """What is wrong with a field; one of a list shows the list, which the page has before its reader's eyes."""
    if isinstance(field, DayField) and field.data is None:
        return f"{field.label.text}: give a real date, such as 2026-10-31."
    if not getattr(field, "choices", None):
        return f"{field.label.text}: {' '.join(field.errors)}"
    offered = [f"  {choice.value:12}{choice.label}" for choice in field.choices if choice.value]
    return "\n".join([f"{field.data!r} is no value of {field.name}. There is:", *offered])
