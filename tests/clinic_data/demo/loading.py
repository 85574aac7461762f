"""The demo that these tests look at, and ways to look at it."""

import hashlib
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from tests.apps import build_app, close
from webapp import clock
from webapp.clinic_data.demo import load_demo
from webapp.clinic_data.demo.rows import TABLES
from webapp.extensions import db
from webapp.models import Clinic

END = date(2026, 6, 17)
NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)
SEED = 20


def load(app: Flask) -> None:
    with app.app_context(), clock.stopped_at(NOW):
        load_demo(end=END, seed=SEED)
        db.session.commit()


def fingerprint() -> str:
    """SHA-256 over every column of every row that the demo makes."""
    digest = hashlib.sha256()
    for model in TABLES:
        table = model.__table__
        for row in db.session.execute(select(table).order_by(table.c.id)):
            digest.update(json.dumps([table.name, *row], default=str).encode())
    return digest.hexdigest()


def load_and_write_fingerprint(folder: str, url: str) -> None:
    """What the other process runs."""
    app = build_app(Path(folder), url)
    load(app)
    with app.app_context():
        sys.stdout.write(fingerprint())
    close(app)


def count(model: type, *where: object) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def clinic(name: str) -> Clinic:
    return db.session.scalars(select(Clinic).where(Clinic.name == name)).one()
