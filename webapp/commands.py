"""What all flask commands share: a database that fails ends one in a sentence, not in a traceback."""

import logging
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)


class PlainCommand(click.Command):
    """A command whose database fault is told by its kind alone: a database repeats in its words what it was given."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SQLAlchemyError as fault:
            log.debug("a command failed", exc_info=fault)
            raise click.ClickException(
                f"The database could not do that ({type(fault).__name__}). A new one needs its tables first: flask "
                "--app webapp db upgrade. Else it may be busy or out of reach: try again. LOG_LEVEL=debug shows more."
            ) from None


class PlainGroup(AppGroup):
    """A group of such commands."""

    command_class = PlainCommand
