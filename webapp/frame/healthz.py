"""For load balancers and supervisors: can this process answer and reach its database? No sign-in, so no details."""

from flask import Flask, Response
from sqlalchemy import text

from webapp.extensions import db


def healthz() -> Response:
    db.session.execute(text("SELECT 1"))
    return Response("ok\n", content_type="text/plain; charset=utf-8")


def register(app: Flask) -> None:
    app.add_url_rule("/healthz", endpoint="healthz", view_func=healthz)
