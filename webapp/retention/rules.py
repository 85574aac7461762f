"""The rules by which reports expire: changed by people, and then applied to the reports that are ready."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from webapp import audit
from webapp.errors import ReportFault
from webapp.extensions import db
from webapp.generate.expiry import Rule, end_of, rule_for
from webapp.models import Report, RetentionRule

Pair = tuple[int, str]
"""A clinic and a template."""


class ChangedMeanwhile(ReportFault):
    """Two people changed the rule for the same reports at the same moment."""

    plain = "Somebody else changed the same rule just now. Look at it, and try again."


def set_rule(clinic_id: int | None, template: str | None, days: int, person_id: int | None) -> int:
    """Add a rule, or change the one for the same reports; how many ready reports expire at another time now. None is
    every clinic, or every template. Raises ChangedMeanwhile."""
    scope = RetentionRule.scope_of(clinic_id, template)
    with _changed(clinic_id, template, "retention.rule_set", person_id, days=days) as moved:
        rule = db.session.scalar(select(RetentionRule).where(RetentionRule.scope == scope))
        if rule is None:
            db.session.add(RetentionRule(scope=scope, clinic_id=clinic_id, template=template, days=days))
        else:
            rule.days = days
    return len(moved)


def remove_rule(rule: RetentionRule, person_id: int | None) -> int:
    """Let the next rule apply, down to the setting; how many ready reports expire at another time now."""
    with _changed(rule.clinic_id, rule.template, "retention.rule_removed", person_id) as moved:
        db.session.delete(rule)
    return len(moved)


@contextmanager
def _changed(
    clinic_id: int | None, template: str | None, action: str, person_id: int | None, **told: int
) -> Iterator[list[str]]:
    """What the block changes, applied to the ready reports that it concerns and audited, all or nothing. The list is
    filled with their ids."""
    moved: list[str] = []
    concerned: list[ColumnElement[bool]] = [Report.status == "ready"]
    if clinic_id is not None:
        concerned.append(Report.clinic_id == clinic_id)
    if template is not None:
        concerned.append(Report.template == template)
    pairs = db.session.execute(select(Report.clinic_id, Report.template).where(*concerned).distinct()).all()
    before = {(clinic, template): rule_for(clinic, template) for clinic, template in pairs}
    try:
        yield moved
        db.session.flush()
    except IntegrityError as fault:
        db.session.rollback()
        raise ChangedMeanwhile("two rules of one scope") from fault
    for pair, was in before.items():
        now = rule_for(*pair)
        if now != was:
            moved += _apply(pair, now)
    scope = RetentionRule.scope_of(clinic_id, template)
    audit.record(action, f"retention:{scope}", person_id=person_id, reports=len(moved), **told)
    db.session.commit()


def _apply(pair: Pair, rule: Rule) -> list[str]:
    """Have the ready reports of a clinic and a template expire by that rule; their ids."""
    of_pair = (Report.status == "ready", Report.clinic_id == pair[0], Report.template == pair[1])
    # The oldest first: a deletion locks a report before those that were asked for after it and name it.
    ready = db.session.execute(
        select(Report.id, Report.finished_at).where(*of_pair).order_by(Report.asked_at, Report.id)
    ).all()
    ends: list[dict[str, str | datetime]] = [
        {"of_id": row.id, "end": end_of(row.finished_at, rule)} for row in ready if row.finished_at
    ]
    if ends:
        change = update(Report).where(Report.id == bindparam("of_id"), Report.status == "ready")
        db.session.connection().execute(change.values(expires_at=bindparam("end"), expires_by=rule.told), ends)
    return [row.id for row in ready]
