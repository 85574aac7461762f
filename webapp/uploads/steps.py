"""The way of a sheet, step by step: it is brought, its gaps are answered, it is tried out, and then accepted or
discarded (accepting.py, ending.py)."""

from collections.abc import Mapping
from typing import BinaryIO

from webapp.errors import SheetRefused
from webapp.extensions import db
from webapp.models import Clinic, Person, Report, Upload
from webapp.uploads import accepting, reading, receiving, understanding
from webapp.uploads.checking import Choices
from webapp.uploads.understanding import Understanding, workbook_of


def bring(person: Person, clinic: Clinic, stream: BinaryIO, file_name: str) -> Upload:
    """A sheet as far as it goes without its person: refused, with questions, or tried out. Raises receiving.TooLarge,
    with nothing kept."""
    with receiving.receive(person, clinic, stream, file_name) as (upload, path):
        try:
            workbook = reading.read(path, file_name)
        except SheetRefused as refusal:
            receiving.refuse(upload, refusal.plain)
            return upload
    receiving.read_as(upload, workbook)
    understanding.go_on(upload, workbook, understanding.first_look(clinic, workbook))
    db.session.commit()
    return upload


def answer(upload: Upload, form: Mapping[str, str]) -> dict[str, str]:
    """Take the answers of a form and go on; by the keys of its questions, what is wrong with them."""
    workbook = workbook_of(upload)
    understood, wrong = understanding.answered(upload, workbook, Understanding.of(upload), form)
    if not wrong:
        understanding.go_on(upload, workbook, understood)
        db.session.commit()
    return wrong


def choose(upload: Upload, choices: Choices) -> None:
    """Try a sheet out with other choices."""
    understanding.go_on(upload, workbook_of(upload), Understanding.of(upload).chosen(choices))
    db.session.commit()


def accept(upload: Upload, person: Person, *, limit: int, shown: str) -> Report:
    """accepting.accept(), and what was said of the columns is remembered for the next sheet."""
    told = (workbook_of(upload), Understanding.of(upload)) if upload.status == "checked" else None
    report = accepting.accept(upload, person, limit=limit, shown=shown)
    if told:
        # Only now, for this is nothing that an upload should fail for.
        understanding.remember(upload, *told, person.id)
        db.session.commit()
    return report
