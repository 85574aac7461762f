"""All that a worker may run. queues.ALLOWED lists these names."""

from webapp import generate
from webapp.generate.sweep import sweep


def make_report(report_id: str) -> None:
    """Make one report that somebody asked for."""
    generate.make(report_id)


def tick() -> None:
    """Once a minute, whatever is due. A tick that is lost, late or doubled does no harm."""
    sweep()
