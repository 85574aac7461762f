"""flask people: who may sign in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.accounts import people
from webapp.accounts.passwords import WeakPassword
from webapp.commands import PlainGroup
from webapp.extensions import db
from webapp.models import Clinic, Person
from webapp.models.person import ROLES

group = PlainGroup("people", help="Who may sign in: add, list, set a password, deactivate.")


@contextmanager
def _plain_refusals() -> Iterator[None]:
    try:
        yield
    except (people.PersonRefused, WeakPassword) as refusal:
        raise click.ClickException(str(refusal)) from None


def _password() -> str:
    """Asked for twice at a terminal; else the first line of standard input, for scripts."""
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return sys.stdin.readline().rstrip("\r\n")


@group.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As it is printed on reports.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--clinic", "clinic_name", help="The clinic's name; not for administrators and auditors.")
def add(email: str, name: str, role: str, clinic_name: str | None) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    with _plain_refusals():
        clinic = _clinic(clinic_name) if clinic_name else None
        person = people.add_person(email, name, role, _password(), clinic)
        db.session.commit()
    click.echo(f"{person.name} can sign in as {person.email} ({person.role}).")


@group.command("list")
def list_() -> None:
    """One line a person: e-mail address, role, clinic, name, and whether they can sign in."""
    for person in db.session.scalars(select(Person).options(joinedload(Person.clinic)).order_by(Person.email)):
        state = "active" if person.is_active else "deactivated"
        clinic = person.clinic.name if person.clinic else "all clinics"
        click.echo("\t".join([person.email, person.role, clinic, person.name, "demo" if person.is_demo else state]))


@group.command("set-password")
@click.argument("email")
def set_password(email: str) -> None:
    """Set a new password and sign the person out everywhere."""
    with _plain_refusals():
        person = people.person_of(email)
        people.set_password(person, _password())
        db.session.commit()
    click.echo(f"{person.email} has a new password.")


@group.command("deactivate")
@click.argument("email")
def deactivate(email: str) -> None:
    """End a person's access; their reports stay."""
    with _plain_refusals():
        person = people.person_of(email)
        people.deactivate(person)
        db.session.commit()
    click.echo(f"{person.email} can sign in no more.")


def _clinic(name: str) -> Clinic:
    clinic = db.session.scalars(select(Clinic).where(Clinic.name == name)).one_or_none()
    if clinic is None:
        raise people.PersonRefused(f"There is no clinic {name}.")
    return clinic
