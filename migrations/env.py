"""How Alembic reaches our database: through the app, so that settings have one home."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from webapp.extensions import db
from webapp.models.types import Moment


def written(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A migration must not change when our classes do, so it names the plain type below ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


if context.is_offline_mode():
    raise SystemExit("Migrations need a database to work on; offline SQL is not supported.")

with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=written,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
