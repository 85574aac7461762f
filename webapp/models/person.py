from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model
from webapp.models.clinic import Clinic
from webapp.models.types import Id, Moment, one_of

ROLES = ("staff", "clinician", "manager", "administrator", "auditor")
ROLES_OF_A_CLINIC = ("staff", "clinician", "manager")


class Person(Model):
    """Somebody who signs in. Administrators and auditors belong to no clinic; everybody else belongs to one.

    `email` is kept in lower case. `usual_choices` is what they chose last where they asked for a report, as JSON: a
    new form begins with it.
    """

    __tablename__ = "people"
    __table_args__ = (
        one_of("role", ROLES),
        CheckConstraint("(clinic_id IS NULL) = (role IN ('administrator', 'auditor'))", name="clinic_of_role"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id"), index=True)
    usual_choices: Mapped[str] = mapped_column(String(200), default="{}", server_default="{}")
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    clinic: Mapped[Clinic | None] = relationship()


class SignInSession(Model):
    """One signed-in browser. The cookie holds a random token, this row its SHA-256: sign-out ends the row, and with it
    every copy of the cookie."""

    __tablename__ = "sign_in_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person] = relationship()


class SignInAttempt(Model):
    """A sign-in that failed, kept to limit how many may follow. `email` is what was typed, in lower case."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "email", "at"), Index(None, "address", "at"))

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
