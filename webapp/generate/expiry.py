"""When a report expires, and by which rule."""

from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app

from webapp import clock, content
from webapp.models import RetentionRule
from webapp.words import plural

WARNED = timedelta(days=3)
"""So long before its end people are warned, so no change of a rule may bring a report closer to it."""


class Rule(NamedTuple):
    """How many days a report lasts from when it was made, and by which rule: "30 days, the default"."""

    days: int
    told: str


def rule_for(clinic_id: int, template: str, without: RetentionRule | None = None) -> Rule:
    """The rule that applies to the reports of a clinic by one template: the most particular one, else the setting.
    `without` is left out, as if it were removed."""
    rule = RetentionRule.most_particular(clinic_id, template, without)
    if rule is None:
        days: int = current_app.config["SETTINGS"].retention_days
        return Rule(days, f"{plural(days, 'day')}, the default")
    return Rule(rule.days, f"{plural(rule.days, 'day')}, {told(rule)}")


def told(rule: RetentionRule) -> str:
    """What a rule is of: "rule of the clinic for Visit trends"."""
    title = title_of(rule.template) if rule.template else ""
    if rule.clinic_id is None:
        return f"rule for {title or 'every report'}"
    return f"rule of the clinic for {title}" if title else "rule of the clinic"


def title_of(template: str) -> str:
    """A template's title; its name where there is no such template any more."""
    known = content.TEMPLATES.get(template)
    return known.title if known else template


def end_of(finished_at: datetime, rule: Rule) -> datetime:
    """When a report that is ready already expires by a rule that begins to apply to it now."""
    return max(finished_at + timedelta(days=rule.days), clock.now() + WARNED)
