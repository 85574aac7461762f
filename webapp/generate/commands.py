"""flask watch: the sweep, in a process of its own."""

import signal
import threading

import click
from flask.cli import with_appcontext

from webapp.commands import PlainCommand
from webapp.generate import sweep


@click.command(cls=PlainCommand)
@with_appcontext
def watch() -> None:
    """Put lost reports back in line and take over from dead workers, until stopped. Needs only the database."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sweep.watch(stop)
