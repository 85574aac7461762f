"""The way of a sheet, step by step: it is brought, its gaps are answered, it is tried out, and then accepted or
discarded (accepting.py, ending.py)."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO

from sqlalchemy.exc import IntegrityError

from webapp.errors import SheetRefused
from webapp.extensions import db
from webapp.models import Clinic, Person, Report, Upload
from webapp.uploads import accepting, reading, receiving, understanding
from webapp.uploads.checking import Choices, OlderForm
from webapp.uploads.understanding import Understanding, workbook_of

AT_ONCE = threading.BoundedSemaphore(2)
"""A large sheet takes hundreds of megabytes while it is looked at, so a process looks at two, and others wait."""


class ChangedMeanwhile(Exception):
    """Somebody else has given other answers since this person looked. The text is for people."""

    def __init__(self) -> None:
        super().__init__("Somebody else has gone on with this sheet meanwhile. Look at it as it is now.")


def bring(person: Person, clinic: Clinic, stream: BinaryIO, file_name: str) -> Upload:
    """A sheet as far as it goes without its person: refused, with questions, or tried out. Raises receiving.TooLarge,
    with nothing kept."""
    with receiving.spooled(stream) as file, AT_ONCE:
        # To read it may take its time, and no connection is held meanwhile.
        db.session.commit()
        try:
            workbook = reading.read(file.path, file_name)
        except SheetRefused as refusal:
            return receiving.refused(person, clinic, file_name, file, refusal.plain)
        said = understanding.outcome(clinic, workbook, understanding.first_look(clinic, workbook))
        return receiving.kept(person, clinic, file_name, file, workbook, said)


def answer(upload: Upload, form: Mapping[str, str]) -> dict[str, str]:
    """Take the answers of a form and go on; by the keys of its questions, what is wrong with them. Raises
    ChangedMeanwhile."""
    workbook = workbook_of(upload)
    understood, wrong = understanding.answered(upload, workbook, Understanding.of(upload), form)
    if not wrong:
        _go_on(upload, understood)
    return wrong


def choose(upload: Upload, choices: Choices) -> None:
    """Try a sheet out with other choices. Raises ChangedMeanwhile."""
    _go_on(upload, Understanding.of(upload).chosen(choices))


def _go_on(upload: Upload, understood: Understanding) -> None:
    before = upload.answers
    with AT_ONCE:
        said = understanding.outcome(upload.clinic, workbook_of(upload), understood)
    if not Upload.go_on(upload.id, before, **said):
        db.session.rollback()
        raise ChangedMeanwhile
    db.session.commit()


def accept(upload: Upload, person: Person, *, limit: int, shown: str) -> Report:
    """accepting.accept(), and what was said of the columns is remembered for the next sheet."""
    told = (workbook_of(upload), Understanding.of(upload)) if upload.status == "checked" else None
    with AT_ONCE:
        try:
            report = accepting.accept(upload, person, limit=limit, shown=shown)
        except OlderForm:
            # Its page does the dry run anew, which is then to be seen.
            db.session.rollback()
            raise accepting.Changed from None
    if told:
        # Only now, and whether it succeeds or not: the sheet is accepted.
        with suppress(IntegrityError), db.session.begin_nested():
            understanding.remember(upload, *told, person.id)
        db.session.commit()
    return report
