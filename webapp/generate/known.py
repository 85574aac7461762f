"""Figures that another report has counted a moment ago, so that one that asks the same says the same.

They are shared only where nothing they depend on differs: the whole question, with the rights of whoever asks in it,
the version of the template and of what is withheld, and the revision of the clinic's records. Each report keeps a
provenance of its own.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from webapp import clock
from webapp.content import TEMPLATES, Question, suppression
from webapp.extensions import db
from webapp.figures import Content, Frozen, thaw
from webapp.models import Clinic, FrozenPart, KnownFigures


@dataclass(frozen=True, slots=True)
class Known:
    """What was said, as it was frozen too. `as_of` is the moment of the snapshot that it was read from."""

    content: Content
    figures: Frozen
    as_of: datetime


def key_of(connection: Connection, question: Question) -> str:
    """What the figures of a question depend on, as seen on that connection: a SHA-256."""
    revision = connection.scalar(select(Clinic.revision).where(Clinic.id == question.clinic_id))
    depends_on = [question.to_json(), TEMPLATES[question.template].version, revision, suppression.VERSION]
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()


def known(connection: Connection, key: str, question: Question) -> Known | None:
    """The figures of that key while they are fresh: no older than their template allows, nor from a clock ahead of
    ours. Damaged ones are as if they were not known."""
    now = clock.now()
    row = connection.execute(
        select(FrozenPart.sha256, FrozenPart.body, KnownFigures.as_of)
        .join(KnownFigures, KnownFigures.figures_sha256 == FrozenPart.sha256)
        .where(KnownFigures.key == key, KnownFigures.as_of.between(now - TEMPLATES[question.template].fresh_for, now))
    ).one_or_none()
    if row is None:
        return None
    with suppress(ValueError):
        figures = Frozen(row.sha256, row.body)
        return Known(thaw(Content, figures), figures, row.as_of)
    return None


def remember(key: str, clinic_id: int, figures_sha256: str, as_of: datetime) -> None:
    """Have the figures found by the next report, unless newer ones are known; commits. Figures that are gone already
    are forgotten."""
    newer = {"figures_sha256": figures_sha256, "as_of": as_of}
    with suppress(IntegrityError), db.session.begin_nested():
        is_there = db.session.scalar(select(KnownFigures.key).where(KnownFigures.key == key))
        if is_there is None:
            db.session.add(KnownFigures(key=key, clinic_id=clinic_id, **newer))
        else:
            db.session.execute(
                update(KnownFigures).where(KnownFigures.key == key, KnownFigures.as_of < as_of).values(**newer),
                execution_options={"synchronize_session": False},
            )
    db.session.commit()


def forget_stale() -> None:
    """Remove what no template would call fresh; commits."""
    longest = max(template.fresh_for for template in TEMPLATES.values())
    db.session.execute(delete(KnownFigures).where(KnownFigures.as_of < clock.now() - longest))
    db.session.commit()
