"""Clinic Reports. docs/architecture.md is the map of this package.

create_app() imports the rooms it connects only when it is called, so that a renderer can be used without the web.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(**overrides: Any) -> Flask:
    """The web app, which workers and commands use as well. `overrides` are settings by field name.

    Raises settings.BadSetting on nonsense.
    """
    from webapp import app

    return app.build(**overrides)
