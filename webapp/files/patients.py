"""Who a page is about: the two identifiers of a patient, as they are written on every page of a report of patients.

Whoever draws a page and whoever reads it back take the words from here, and nothing else from each other.
"""

import re
from dataclasses import replace
from datetime import date

from webapp import words
from webapp.figures import Document, Rows, Section, Subject, Table

_MOST = 40
"""Characters of a record number that are written."""

_AT_LEAST = re.compile(r"at least \d+")

IDENTIFIERS = ("patient", "born", "mrn")
"""Keys of the first columns of the table that lists all patients."""


def sections(document: Document) -> tuple[Section, ...]:
    """Those about a single patient each, in their order."""
    return tuple(section for section in document.content.sections if section.subject)


def subject_of(section: Section) -> Subject:
    """The patient of one of sections(). Raises ValueError for another section."""
    if section.subject is None:
        raise ValueError("a section without a patient")
    return section.subject


def each(document: Document) -> list[tuple[Section, Subject]]:
    """sections() with their patients."""
    return [(section, subject_of(section)) for section in sections(document)]


def overview(document: Document) -> Table | None:
    """The table that lists all patients, if there is one."""
    count = len(sections(document))
    return next(filter(None, (list_in(section, count) for section in document.content.sections)), None)


def as_listed(document: Document) -> Table | None:
    """overview() for files of cells: in the place of a score that is not known stands what the verdict says of it,
    "at least 15"."""
    table = overview(document)
    score = next((at for at, column in enumerate(table.columns) if column.key == "score"), None) if table else None
    if table is None or score is None:
        return table
    rows = []
    for row, (_, subject) in zip(table.rows, each(document), strict=True):
        told = at_least(subject) if row[score] is None else ""
        rows.append((*row[:score], told, *row[score + 1 :]) if told else row)
    return replace(table, rows=tuple(rows))


def tables_about_all(document: Document) -> list[tuple[Section, Table]]:
    """The tables that are about no single patient, as_listed() first."""
    found = [(one, table) for one in document.content.sections if not one.subject for table in one.tables]
    first, listed = overview(document), as_listed(document)
    ordered = sorted(found, key=lambda pair: pair[1] is not first)
    return [(one, listed if listed and table is first else table) for one, table in ordered]


def list_in(section: Section, patients: int) -> Table | None:
    """The table of a section that lists all patients, a row each in the order of their pages."""
    for table in section.tables:
        keys = {column.key for column in table.columns}
        if keys.issuperset(IDENTIFIERS) and len(table.rows) == patients and section.subject is None:
            return table
    return None


def name(subject: Subject) -> str:
    return subject.name.strip() or "Name not known"


def born(subject: Subject) -> str:
    """ "born 3 March 1958", as far as the date is known."""
    return f"born {day}" if (day := birth(subject.born)) else "birth date not known"


def birth(text: str, short: bool = False) -> str:
    """An ISO day, month or year in words: "3 March 1958", "March 1958", "1958"; months cut to three letters if
    `short`."""
    try:
        if len(text) == len("1958-03-03"):
            day, month, year = words.day(date.fromisoformat(text)).split()
            return f"{day} {month[:3] if short else month} {year}"
        if re.fullmatch(r"\d{4}-\d\d", text):
            return words.month(text, short)
    except (ValueError, IndexError):
        pass
    return text.strip()[:_MOST]


def mrn(subject: Subject) -> str:
    """ "MRN 000-417" """
    text = record(subject.mrn)
    return f"MRN {text}" if text else "no MRN"


def record(text: str) -> str:
    """A record number as it is written."""
    text = text.strip()
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def line(subject: Subject) -> list[str]:
    """What stands under the name: "Born 3 March 1958 (68)", "female", "MRN 000-417"."""
    when = born(subject)
    age = f" ({subject.age})" if subject.age else ""
    sex = [subject.sex] if subject.sex else ["sex not known"]
    return [f"{when[0].upper()}{when[1:]}{age}", *sex, mrn(subject)]


def identifiers(subject: Subject) -> str:
    """What tells this patient from another of the same name: "born 3 May 1953 · MRN 000-0418"."""
    return f"{born(subject)} · {mrn(subject)}"


def about(subject: Subject) -> str:
    """Age and sex, as far as they are known: "aged 73, female"."""
    return ", ".join(filter(None, (f"aged {subject.age}" if subject.age else "", subject.sex)))


def verdict(subject: Subject) -> str:
    """ "NEWS2 5 · urgent review · at 22:00, was 0 at 02:00"."""
    return " · ".join(filter(None, (subject.verdict, subject.advice, subject.since)))


def at_least(subject: Subject) -> str:
    """ "at least 15", where the verdict says so: not all signs were read, and the known points are that many."""
    found = _AT_LEAST.search(subject.verdict)
    return found.group() if found else ""


def place(number: int, total: int) -> str:
    """ "patient 3 of 20" """
    return f"patient {words.number(number)} of {words.number(total)}"


def alone(document: Document, number: int) -> Document:
    """The document with the pages of its `number`th patient, counted from one, and nothing of the others: no list of
    patients, no figure that was counted over them, no name in its title, and not what the sheet is called, which may
    be after one of them. Raises LookupError.

    It keeps the hash of the figures that it was taken from, which is how it is traced.
    """
    every = sections(document)
    if not 1 <= number <= len(every):
        raise LookupError("there is no such patient")
    section = every[number - 1]
    count = len(section.tables[0].rows) if section.tables else 0
    content = replace(
        document.content,
        title=f"{document.content.title}, patient {number}",
        summary=(),
        metrics=(),
        sections=(section,),
        rows=Rows("readings", count, count),
    )
    return replace(document, content=content, provenance=replace(document.provenance, filters=()))
