"""A sheet that is not accepted ends: somebody discards it, or nobody goes on with it for a day."""

import logging
from datetime import timedelta

from sqlalchemy import delete, select

from webapp import audit
from webapp.extensions import db
from webapp.generate import sheets, unwanted
from webapp.models import Person, Upload

log = logging.getLogger(__name__)

A_DAY = timedelta(days=1)
AT_ONCE = 200
"""So many in one round; the next is a minute later."""


def discard(upload: Upload, person: Person) -> bool:
    """Have a sheet and its stored file go; False where it was accepted or had ended already."""
    upload_id = upload.id
    if not Upload.discard(upload_id):
        db.session.rollback()
        return False
    places = sheets.release(upload_id)
    audit.record("upload.discarded", f"upload:{upload_id}", person_id=person.id, why="discarded by a person")
    db.session.commit()
    unwanted.remove(places)
    return True


def forget_old() -> None:
    """Discard the sheets that nobody has gone on with, and remove the rows of those of which nothing came, whose names
    may tell of patients. Their files are written down as unwanted, which the tick removes too. The tick calls this each
    minute."""
    _forget_ended()
    left = select(Upload.id).where(Upload.forgotten_since(A_DAY)).order_by(Upload.received_at).limit(AT_ONCE)
    forgotten = list(db.session.scalars(left))
    db.session.commit()
    for upload_id in forgotten:
        if Upload.discard(upload_id):
            sheets.release(upload_id)
            audit.record("upload.discarded", f"upload:{upload_id}", why="left for a day")
        db.session.commit()
    if forgotten:
        log.info("sheets that nobody went on with are discarded", extra={"uploads": len(forgotten)})


def _forget_ended() -> None:
    over = select(Upload.id).where(Upload.over_since(A_DAY)).limit(AT_ONCE)
    db.session.execute(delete(Upload).where(Upload.id.in_(over.scalar_subquery())))
    db.session.commit()
