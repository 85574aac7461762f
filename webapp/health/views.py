"""The operations page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp import alerts, clock, words
from webapp.accounts import access
from webapp.accounts.access import polled
from webapp.downloads import rates
from webapp.downloads.rates import TierRate
from webapp.health.looks import Part, look_at
from webapp.health.parts import CHECKS
from webapp.health.verdict import verdict
from webapp.models import Alert

blueprint = Blueprint("health", __name__, url_prefix="/operations")

KINDS = {"Working": "ok", "Waiting": "warn", "Down": "bad", "Not set up": "bad"}
SEVERITIES = {"critical": ("Critical", "bad"), "warning": ("Warning", "warn"), "info": ("For information", "info")}
TIERS = {
    "spool": "A copy fetched just before",
    "signed URL": "Signed URL",
    "client": "Storage client",
    "folder": "Folder",
    "old folder": "Folder from before the bucket",
    "made": "Made for the first time",
    "made again": "Made again",
}


@blueprint.before_request
def for_those_who_run_it() -> None:
    if not access.runs_operations(access.current_person()):
        abort(403, "The operations page is for administrators.")


@blueprint.get("")
def index() -> ResponseReturnValue:
    not_made = rates.not_made()
    return render_template(
        "health/index.html",
        **_now(),
        periods=[_period("Last 24 hours", timedelta(hours=24)), _period("Last 7 days", timedelta(days=7))],
        not_made=words.plural(not_made, "file") if not_made else "",
    )


@blueprint.get("/now")
@polled
def now() -> ResponseReturnValue:
    """Verdict, alerts and parts as they are now; the page asks for them every half a minute."""
    return render_template("health/_now.html", **_now())


@blueprint.post("/alerts/<int:number>/close")
def close(number: int) -> ResponseReturnValue:
    if alerts.close_alert(number, person_id=access.current_person().id):
        flash("The alert is closed. If the same thing happens again, a new one is opened.", "ok")
    else:
        flash("That alert was closed already.", "warn")
    return redirect(url_for(".index"), 303)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An open alert in words."""

    number: int
    severity: str
    kind: str
    message: str
    to_do: str
    first: str
    times: str
    last: str


@dataclass(frozen=True, slots=True)
class TierRow:
    """A line of the table of downloads; `shares` are count and percent of served, missing, corrupt, broken, failed."""

    name: str
    tried: str
    shares: list[tuple[str, str]]
    median: str
    slowest: str


def _now() -> dict[str, object]:
    open_alerts = alerts.open_alerts()
    parts = look_at(CHECKS)
    return {
        "verdict": verdict(parts, open_alerts),
        "alerts": [_row(alert) for alert in open_alerts],
        "parts": [(part, KINDS[part.state], _since(part, open_alerts)) for part in parts],
        "looked_at": _moment(clock.now()),
    }


def _row(alert: Alert) -> AlertRow:
    severity, kind = SEVERITIES[alert.severity]
    return AlertRow(
        number=alert.id,
        severity=severity,
        kind=kind,
        message=alert.message,
        to_do=alert.what_to_do,
        first=_moment(alert.first_at),
        times="" if alert.count == 1 else words.plural(alert.count, "time"),
        last=_moment(alert.last_at),
    )


def _since(part: Part, open_alerts: Sequence[Alert]) -> str:
    """Since when a part has not worked, where an open alert says so."""
    rules = next(check.rules for check in CHECKS if check.name == part.name)
    told = [alert.first_at for alert in open_alerts if rules and alert.rule.startswith(rules)]
    return _moment(min(told)) if told and part.state != "Working" else ""


def _period(heading: str, length: timedelta) -> tuple[str, list[TierRow]]:
    return heading, [_tier_row(rate) for rate in rates.by_tier(clock.now() - length)]


def _tier_row(rate: TierRate) -> TierRow:
    outcomes = (rate.served, rate.missing, rate.corrupt, rate.broken, rate.failed)
    return TierRow(
        name=TIERS[rate.tier],
        tried=words.number(rate.tried),
        shares=[(words.number(count), rates.percent(count, rate.tried) if count else "") for count in outcomes],
        median=words.number(rate.median),
        slowest=words.number(rate.slowest),
    )


def _moment(value: datetime) -> str:
    """Administrators belong to no clinic, so no clinic's clock is theirs."""
    return f"{words.moment(value, 'UTC')} UTC"
