"""All that a worker may run. queues.ALLOWED lists these names."""

from webapp import generate, retention
from webapp.downloads import rates
from webapp.generate import making
from webapp.generate.sweep import sweep


def make_report(report_id: str) -> None:
    """Make one report that somebody asked for."""
    generate.make(report_id)


def make_file(making_id: str) -> None:
    """Make one file of a report again, or put it back into the store."""
    making.make_file(making_id)


def tick() -> None:
    """Once a minute, whatever is due. A tick that is lost, late or doubled does no harm."""
    sweep()
    rates.watch()
    retention.expire_due()
