"""The pages that a PDF may have: a paper upright, and the same on its side for tables that are too wide."""

from dataclasses import dataclass

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.platypus.doctemplate import NextPageTemplate
from reportlab.platypus.flowables import Flowable, PageBreak

from webapp.files.pages import ABOVE, BELOW, MARGIN

_PAPERS = {"A4": A4, "Letter": LETTER}


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is that of the page template; `width` and `height` are the points that text has."""

    name: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper, `upright` and on its side: `wide`. The pages of a `patient` are upright, and draw their own head and
    foot."""

    upright: Page
    wide: Page
    patient: Page


def of(paper: str) -> Paper:
    """The paper of that name."""
    across, high = _PAPERS[paper]
    width, height = across - 2 * MARGIN, high - ABOVE - BELOW
    wide = Page("wide", high - 2 * MARGIN, across - ABOVE - BELOW)
    return Paper(Page("body", width, height), wide, Page("patient", width, height))


def turn(page: Page) -> list[Flowable]:
    """Goes on on a new page of that kind."""
    return [NextPageTemplate(page.name), PageBreak()]
