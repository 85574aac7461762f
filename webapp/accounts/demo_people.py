"""The people of the demo clinics: one of each role. They cannot sign in in production (sessions.py)."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp import audit
from webapp.accounts import passwords
from webapp.extensions import db
from webapp.models import Clinic, Person

PASSWORD = "clinic-demo"  # noqa: S105 - it is no secret: the demo tells it to everybody who starts it


@dataclass(frozen=True, slots=True)
class DemoPerson:
    email: str
    name: str
    role: str
    clinic: str = ""

    @property
    def told(self) -> str:
        """ "Manager of Riverside Clinic" """
        role = self.role.capitalize()
        return f"{role} of {self.clinic}" if self.clinic else f"{role} of all clinics"


DEMO_PEOPLE = (
    DemoPerson("staff@riverside.example", "Marites Delos Reyes", "staff", "Riverside Clinic"),
    DemoPerson("clinician@riverside.example", "Dr. Amihan Villareal", "clinician", "Riverside Clinic"),
    DemoPerson("manager@riverside.example", "Rodrigo Escalante", "manager", "Riverside Clinic"),
    DemoPerson("manager@harbour.example", "Heather Beaton", "manager", "Harbour Clinic"),
    DemoPerson("administrator@clinic-reports.example", "Noor Haddad", "administrator"),
    DemoPerson("auditor@clinic-reports.example", "Piet van den Berg", "auditor"),
)


def add_demo_people() -> None:
    """Add those who are missing to the running transaction. The demo clinics must be there."""
    there = set(db.session.scalars(select(Person.email).where(Person.email.in_(demo.email for demo in DEMO_PEOPLE))))
    missing = [demo for demo in DEMO_PEOPLE if demo.email not in there]
    if not missing:
        return
    clinics = {clinic.name: clinic for clinic in db.session.scalars(select(Clinic).where(Clinic.is_demo))}
    # Hashing is slow on purpose, and they share the password: one hash does for all.
    shared_hash = passwords.hashed(PASSWORD)
    people = [
        Person(
            email=demo.email,
            name=demo.name,
            role=demo.role,
            clinic=clinics[demo.clinic] if demo.clinic else None,
            is_demo=True,
            password_hash=shared_hash,
        )
        for demo in missing
    ]
    db.session.add_all(people)
    db.session.flush()
    for person in people:
        audit.record("person.added", f"person:{person.id}", role=person.role, clinic_id=person.clinic_id)
