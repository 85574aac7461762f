"""Names with letters that the fonts of a PDF lack. Two of them could look the same, so each is said to be incomplete,
and who it is rests on birth date and MRN. docs/fonts.md has the scripts.
"""

from collections.abc import Iterable

from webapp.errors import RenderFailed
from webapp.figures import Section, Subject
from webapp.files import fonts, lettering, patients

NOTE = "(name has letters that this PDF cannot show; see the page or Excel)"
BRIEF = "(not all letters shown)"
MARK = "* "
FOOTNOTE = "* Name has letters that this PDF cannot show; see the page or Excel."


class NobodyNamed(RenderFailed):
    """A patient's name cannot be drawn, and nothing else tells who it is."""

    plain = (
        "This PDF cannot show all letters of a patient's name, and the patient has neither a birth date nor an MRN by "
        "which to be told. Take Excel, or add one of them to the patient and make the report again."
    )


def is_whole(subject: Subject) -> bool:
    """Whether the fonts have every letter of the name."""
    name = patients.name(subject)
    return name.isascii() or fonts.MARKER not in lettering.visible(name.replace(fonts.MARKER, ""))


def brief(subject: Subject) -> str:
    """What stands behind the name at head and foot of a page: nothing where it is whole."""
    return "" if is_whole(subject) else BRIEF


def outlined(subject: Subject) -> str:
    """The name as the PDF's outline has it, which the reader's own fonts write."""
    name = patients.name(subject)
    return lettering.visible(name) if is_whole(subject) else name


def check(sections: Iterable[Section]) -> None:
    """Raises NobodyNamed for the first patient of whom a page could not tell who it is."""
    for section in sections:
        subject = patients.subject_of(section)
        if not (subject.born.strip() or subject.mrn.strip() or is_whole(subject)):
            raise NobodyNamed(f"pdf: the name of {section.key} cannot be drawn, and it has no other identifier")
