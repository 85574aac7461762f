from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, Text, UniqueConstraint, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model, db
from webapp.models.clinic import Clinic
from webapp.models.person import Person
from webapp.models.types import Id, Moment
from webapp.words import day

LONGEST_DAYS = 3650


class RetentionRule(Model):
    """How many days after they were made reports expire: those of one clinic or (None) of every one, of one template or
    (None) of every one. The most particular rule of a report is the one that applies to it.

    `scope` spells clinic and template in one word, since two rules for the same must not be, and no database takes two
    nulls for the same.
    """

    __tablename__ = "retention_rules"
    __table_args__ = (
        CheckConstraint("days BETWEEN 1 AND 3650", name="days"),
        CheckConstraint(
            "scope = COALESCE(CAST(clinic_id AS VARCHAR), '*') || '/' || COALESCE(template, '*')", name="scope"
        ),
        UniqueConstraint("scope"),
    )

    id: Mapped[Id]
    scope: Mapped[str] = mapped_column(String(60))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinics.id", ondelete="CASCADE"), index=True)
    template: Mapped[str | None] = mapped_column(String(40))
    days: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    clinic: Mapped[Clinic | None] = relationship()

    @staticmethod
    def scope_of(clinic_id: int | None, template: str | None) -> str:
        return f"{clinic_id or '*'}/{template or '*'}"

    @classmethod
    def most_particular(
        cls, clinic_id: int, template: str, without: "RetentionRule | None" = None
    ) -> "RetentionRule | None":
        """The rule that applies to such reports: of the clinic and the template, else of the clinic, else of the
        template, else of all. `without` is left out, as if it were removed."""
        scopes = [cls.scope_of(*pair) for pair in ((clinic_id, template), (clinic_id, None), (None, template))]
        scopes.append(cls.scope_of(None, None))
        rules = {rule.scope: rule for rule in db.session.scalars(select(cls).where(cls.scope.in_(scopes)))}
        return next((rules[scope] for scope in scopes if scope in rules and rules[scope] is not without), None)


class Keeping(Model):
    """A report that somebody keeps beyond its time: until a moment, or (None) until somebody ends it. `reason` is for
    people who read it here, and goes into no log."""

    __tablename__ = "keepings"
    __table_args__ = (CheckConstraint("reason <> ''", name="reason"),)

    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None] = mapped_column(Moment, index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    person: Mapped[Person] = relationship()

    def told(self, zone: str) -> str:
        """How long, on the calendar of a clinic: "Kept until 22 February 2027"."""
        return f"Kept until {day(clock.local(self.until, zone).day) if self.until else 'somebody ends it'}"


class LegalHold(Model):
    """A report that must stay as evidence: while this row is there it can neither expire nor be deleted by anybody."""

    __tablename__ = "legal_holds"
    __table_args__ = (CheckConstraint("reason <> ''", name="reason"),)

    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    person: Mapped[Person] = relationship()


class UnwantedObject(Model):
    """A stored object whose report is removed. The row is written with the removal and goes when the store has removed
    the object, so that no file outlives its report because a store was down."""

    __tablename__ = "unwanted_objects"

    store: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment, default=clock.now, index=True)


def held_or_kept(report_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether somebody holds or keeps the report of that id, as SQL."""
    return or_(
        select(LegalHold.report_id).where(LegalHold.report_id == report_id).exists(),
        select(Keeping.report_id).where(Keeping.report_id == report_id).exists(),
    )
