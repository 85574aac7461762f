"""flask health: the parts of the operations page as lines, for people and scripts."""

import click
from flask.cli import with_appcontext

from webapp.commands import PlainCommand
from webapp.health.looks import look_at
from webapp.health.parts import CHECKS
from webapp.health.verdict import BAD


@click.command(cls=PlainCommand)
@with_appcontext
def health() -> None:
    """Look at each part, and print name, state, how it is, and what to do. Ends with 1 where one is down or not set
    up."""
    parts = look_at(CHECKS)
    for part in parts:
        click.echo(f"{part.name}\t{part.state}\t{' '.join(filter(None, (part.told, part.to_do)))}")
    if any(part.state in BAD for part in parts):
        raise SystemExit(1)
