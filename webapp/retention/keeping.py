"""Keep and legal hold: what stands between a report and the end of its time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, select

from webapp import audit, clock
from webapp.content.periods import shifted
from webapp.errors import ReportFault
from webapp.extensions import db
from webapp.generate.expiry import end_of, rule_for
from webapp.models import Keeping, LegalHold, Person, Report

MONTHS = {"3 months": 3, "1 year": 12}
"""How long people may keep a report for, in months."""


class NotReady(ReportFault):
    """Only a ready report has anything to keep."""

    plain = "This report is not ready, or has expired, so there is nothing to keep."


def keep(report: Report, person: Person, reason: str, months: int | None) -> None:
    """Have a ready report stay for so many months, or (None) until somebody ends it, in place of an earlier Keep.

    Raises NotReady.
    """
    until = None if months is None else _months_from_now(months, report.clinic.timezone)
    report_id, person_id = report.id, person.id
    _lock(report_id)
    db.session.execute(delete(Keeping).where(Keeping.report_id == report_id))
    db.session.add(Keeping(report_id=report_id, reason=reason, until=until, person_id=person_id))
    audit.record("report.kept", f"report:{report_id}", person_id=person_id, until=until and until.isoformat())
    db.session.commit()


def stop_keeping(report: Report, person: Person) -> bool:
    """Let the rule apply again, but warn of the end first; whether it was kept."""
    return _end(report.id, person.id)


def ended(limit: int) -> Select[str]:
    """The ids of the reports that were to be kept until a moment that has passed."""
    return select(Keeping.report_id).where(Keeping.until <= clock.now()).order_by(Keeping.until).limit(limit)


def end(report_id: str) -> bool:
    """The same as stop_keeping(), by the clock."""
    return _end(report_id, None)


def hold(report: Report, person: Person, reason: str) -> None:
    """Let nobody delete a ready report, and no rule. Raises NotReady."""
    report_id, person_id = report.id, person.id
    _lock(report_id)
    db.session.execute(delete(LegalHold).where(LegalHold.report_id == report_id))
    db.session.add(LegalHold(report_id=report_id, reason=reason, person_id=person_id))
    audit.record("report.held", f"report:{report_id}", person_id=person_id)
    db.session.commit()


def release(report: Report, person: Person) -> bool:
    """End a legal hold: the report may be deleted, and expires by its rule, but is warned of first; whether it was
    held."""
    report_id, person_id = report.id, person.id
    if not (Report.lock(report_id, "ready") and _ended(LegalHold, report_id)):
        db.session.rollback()
        return False
    _put_off(report_id)
    audit.record("report.released", f"report:{report_id}", person_id=person_id)
    db.session.commit()
    return True


def end_by_rule(report: Report) -> tuple[datetime, str]:
    """When a ready report would expire if nobody kept or held it from now on, and by which rule."""
    assert report.finished_at
    rule = rule_for(report.clinic_id, report.template)
    return end_of(report.finished_at, rule), rule.told


def _end(report_id: str, person_id: int | None) -> bool:
    over = () if person_id else (Keeping.until <= clock.now(),)
    if not (Report.lock(report_id, "ready") and _ended(Keeping, report_id, *over)):
        db.session.rollback()
        return False
    _put_off(report_id)
    audit.record("report.keep_ended", f"report:{report_id}", person_id=person_id)
    db.session.commit()
    return True


def _lock(report_id: str) -> None:
    """The row of the report is locked before the others, as whatever removes it locks them."""
    if not Report.lock(report_id, "ready"):
        db.session.rollback()
        raise NotReady("not ready")


def _ended(table: type[Keeping] | type[LegalHold], report_id: str, *conditions: ColumnElement[bool]) -> bool:
    gone = delete(table).where(table.report_id == report_id, *conditions).returning(table.report_id)
    return db.session.scalar(gone) is not None


def _put_off(report_id: str) -> None:
    Report.put_off(report_id, *end_by_rule(db.session.get_one(Report, report_id, populate_existing=True)))


def _months_from_now(months: int, zone: str) -> datetime:
    """The same time of day on the clinic's wall, so many months later."""
    here = clock.now().astimezone(ZoneInfo(zone))
    return datetime.combine(shifted(here.date(), months), here.timetz())
