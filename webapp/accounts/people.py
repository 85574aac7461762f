"""Adding, changing and deactivating people. Nothing here commits."""

import re

from sqlalchemy import func, select

from webapp import audit
from webapp.accounts import passwords, sessions
from webapp.extensions import db
from webapp.models import Clinic, Person
from webapp.models.person import ROLES, ROLES_OF_A_CLINIC
from webapp.words import listed, printable


class PersonRefused(ValueError):
    """Why a person cannot be added or changed, in plain words."""


def add_person(
    email: str, name: str, role: str, password: str, clinic: Clinic | None = None, is_demo: bool = False
) -> Person:
    """A new person, audited. Raises PersonRefused, and passwords.WeakPassword."""
    email, name = email.strip().lower(), printable(name).strip()
    if not re.fullmatch(r"[!-?A-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+", email) or len(email) > 254:
        raise PersonRefused("That is not an e-mail address.")
    if not 1 <= len(name) <= 200:
        raise PersonRefused("A name needs 1 to 200 characters.")
    if role not in ROLES:
        raise PersonRefused(f"There is no such role. The roles are {listed(list(ROLES))}.")
    if (clinic is None) == (role in ROLES_OF_A_CLINIC):
        raise PersonRefused(
            f"{several(role)} work for one clinic: name it."
            if clinic is None
            else f"{several(role)} belong to no single clinic."
        )
    if db.session.scalar(select(Person.id).where(Person.email == email)) is not None:
        raise PersonRefused("Somebody with that e-mail address is there already.")
    passwords.require_strong(password, email, name)
    person = Person(
        email=email, name=name, role=role, clinic=clinic, is_demo=is_demo, password_hash=passwords.hashed(password)
    )
    db.session.add(person)
    db.session.flush()
    audit.record("person.added", f"person:{person.id}", role=role, clinic_id=person.clinic_id)
    return person


def several(role: str) -> str:
    """People of that role, as a sentence begins: "Managers", but "Staff"."""
    return "Staff" if role == "staff" else f"{role.capitalize()}s"


def person_of(email: str) -> Person:
    """Raises PersonRefused where there is none."""
    person = db.session.scalars(select(Person).where(Person.email == email.strip().lower())).one_or_none()
    if person is None:
        raise PersonRefused("There is nobody with that e-mail address.")
    return person


def set_password(person: Person, password: str) -> None:
    """A new password; whoever is signed in with the old one is signed out. Raises passwords.WeakPassword."""
    passwords.require_strong(password, person.email, person.name)
    person.password_hash = passwords.hashed(password)
    sessions.end_all(person)
    audit.record("person.password_set", f"person:{person.id}")


def deactivate(person: Person) -> None:
    """They can sign in no more and are signed out; what they asked for stays. Raises PersonRefused for the last
    administrator, who could not be replaced from the pages."""
    if person.role == "administrator":
        others = select(func.count()).where(Person.role == "administrator", Person.is_active, Person.id != person.id)
        if not db.session.scalar(others):
            raise PersonRefused("This is the last administrator. Add another first.")
    person.is_active = False
    sessions.end_all(person)
    audit.record("person.deactivated", f"person:{person.id}")
