"""The rules by which reports expire: changed by people, and then applied to the reports that are ready."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from webapp import audit
from webapp.errors import ReportFault
from webapp.extensions import db
from webapp.generate.expiry import Rule, end_of, rule_for
from webapp.models import Report, RetentionRule
from webapp.models.retention import held_or_kept

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


@dataclass(frozen=True, slots=True)
class Successor:
    """By which rule ready reports would go if another were removed, how many, and how many of them would expire sooner
    than they do now; those that are kept or held do not expire."""

    rule: Rule
    reports: int
    sooner: int


def successors(rule: RetentionRule) -> list[Successor]:
    """What removing a rule would do to the ready reports that go by it; the rule of most of them first."""
    ends: dict[Rule, list[bool]] = {}
    for pair in _pairs(rule.clinic_id, rule.template):
        if RetentionRule.most_particular(*pair) is rule:
            after = rule_for(*pair, without=rule)
            ends.setdefault(after, []).extend(_sooner(pair, after))
    found = [Successor(after, len(sooner), sum(sooner)) for after, sooner in ends.items()]
    return sorted(found, key=lambda one: (-one.reports, one.rule.told))


def _sooner(pair: Pair, rule: Rule) -> list[bool]:
    """Of each ready report of a clinic and a template, whether it would expire sooner by that rule than it does now."""
    stays = held_or_kept(Report.id).label("stays")
    of_pair = select(Report.finished_at, Report.expires_at, stays).where(*_ready(pair))
    return [
        not row.stays and (row.expires_at is None or end_of(row.finished_at, rule) < row.expires_at)
        for row in db.session.execute(of_pair)
    ]


def _pairs(clinic_id: int | None, template: str | None) -> list[Pair]:
    """The clinics and templates of the ready reports that a rule for these may concern; None is every one."""
    concerned: list[ColumnElement[bool]] = [Report.status == "ready"]
    if clinic_id is not None:
        concerned.append(Report.clinic_id == clinic_id)
    if template is not None:
        concerned.append(Report.template == template)
    pairs = db.session.execute(select(Report.clinic_id, Report.template).where(*concerned).distinct())
    return sorted((clinic, name) for clinic, name in pairs)


def _ready(pair: Pair) -> tuple[ColumnElement[bool], ...]:
    return Report.status == "ready", Report.clinic_id == pair[0], Report.template == pair[1]


@contextmanager
def _changed(
    clinic_id: int | None, template: str | None, action: str, person_id: int | None, **told: int
) -> Iterator[list[str]]:
    """What the block changes, applied to the ready reports that it concerns and audited, all or nothing. The list is
    filled with their ids."""
    moved: list[str] = []
    before = {pair: rule_for(*pair) for pair in _pairs(clinic_id, template)}
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
    # The oldest first: a deletion locks a report before those that were asked for after it and name it.
    ready = db.session.execute(
        select(Report.id, Report.finished_at).where(*_ready(pair)).order_by(Report.asked_at, Report.id)
    ).all()
    ends: list[dict[str, str | datetime]] = [
        {"of_id": row.id, "end": end_of(row.finished_at, rule)} for row in ready if row.finished_at
    ]
    if ends:
        change = update(Report).where(Report.id == bindparam("of_id"), Report.status == "ready")
        db.session.connection().execute(change.values(expires_at=bindparam("end"), expires_by=rule.told), ends)
    return [row.id for row in ready]
