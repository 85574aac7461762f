"""A document as PDF by xhtml2pdf: HTML and CSS for the pages, their heads and feet, and how a report begins; figures,
sections, charts and data tables as native flowables, which take a fraction of the time.

The same document gives the same bytes in any process: dates and ids in the file are fixed, and the fonts are our own.
"""

import io
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

import xhtml2pdf.default
import xhtml2pdf.parser
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from reportlab import rl_config
from reportlab.platypus.flowables import CondPageBreak, Flowable
from xhtml2pdf.config.resources import ResourceAccessPolicy
from xhtml2pdf.document import pisaDocument
from xhtml2pdf.tags import pisaTag

from webapp.errors import RenderFailed
from webapp.figures import Document, Section, Table
from webapp.files import (
    facts,
    fonts,
    lettering,
    logos,
    packing,
    pages,
    papers,
    patients,
    pdf_about,
    pdf_cover,
    pdf_metrics,
    pdf_names,
    pdf_overview,
    pdf_sections,
)
from webapp.files.pdf_patients import Patient, Roll, Step

MOST_SECONDS = 120

_LEAST_OVERVIEW = 90.0
"""Points that the list of patients needs to begin on a page."""

_log = logging.getLogger("xhtml2pdf")
_log.setLevel(logging.WARNING)
_parts: ContextVar[Mapping[str, Sequence[Flowable]]] = ContextVar("parts")


class _PartTag(pisaTag):
    """<reportpart key="..."> in the page's HTML: the native flowables of that key stand there."""

    def start(self, c: Any) -> None:
        c.addPara()
        for flowable in _parts.get()[self.attr["key"]]:
            c.addStory(flowable)


# xhtml2pdf finds the class of a tag by its name in the parser module, and the tag's attributes in this table.
xhtml2pdf.parser.pisaTagREPORTPART = _PartTag
xhtml2pdf.default.TAGS["reportpart"] = (1, {"key": (xhtml2pdf.default.STRING, xhtml2pdf.default.MUST)})
xhtml2pdf.default.DEFAULT_FONT[fonts.FAMILY] = fonts.REGULAR


def _finalize(value: Any) -> Any:
    return lettering.visible(value) if isinstance(value, str) else value


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parents[2] / "templates" / "files"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalize,
    trim_blocks=True,
    lstrip_blocks=True,
)


def draw(document: Document, step: Step = lambda number, total: None) -> list[bytes]:
    """The PDF of `document` in parts. Raises RenderFailed rather than leave anything out or draw it in another font.

    `step` is told of each patient, where the document is about patients, before its pages are drawn; what it raises
    ends the drawing.
    """
    fonts.ready()
    rl_config.invariant = 1
    # Streams as they are: written in ASCII they would be a tenth larger, and take longer.
    rl_config.useA85 = 0
    markup = _markup(document)
    token = _parts.set(_native_parts(document, step))
    try:
        with _nothing_left_out(), packing.parts() as made:
            result = pisaDocument(
                markup,
                io.BytesIO(),
                default_css="",  # it would be read anew each time; what we need of it stands in the page's own style
                context_meta={"author": "Clinic Reports", "subject": facts.heading(document)},
                resource_policy=ResourceAccessPolicy.server(None, allow_remote=False, max_render_seconds=MOST_SECONDS),
            )
    finally:
        _parts.reset(token)
    if result.err:
        raise RenderFailed(f"pdf: {result.err} errors in the page's markup")
    if any(b"/BaseFont /Helvetica" in part for part in made) or not any(b"/FontFile2" in part for part in made):
        raise RenderFailed("pdf: a font is not embedded")
    return made


@contextmanager
def _nothing_left_out() -> Iterator[None]:
    """xhtml2pdf logs what it drops (a font, an image, text that does not fit) and goes on; we do not."""
    heard: list[str] = []
    thread = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                heard.append(f"{record.name}:{record.lineno}")

    listener = Listener(logging.WARNING)
    _log.addHandler(listener)
    try:
        yield
    finally:
        _log.removeHandler(listener)
    if heard:
        raise RenderFailed(f"pdf: something was left out, see {', '.join(sorted(set(heard)))}")


def _native_parts(document: Document, step: Step) -> dict[str, Sequence[Flowable]]:
    """The flowables of each key."""
    clinic, title = document.presentation.clinic_name, document.provenance.template_title
    width = papers.of(document.presentation.paper).upright.width
    logo = logos.read(document.presentation.logo)
    cover = pdf_cover.Facts(facts.cover(document)[1 if logo else 0 :])
    return {
        "head": [pages.RunningHead(clinic, f"{title}, {facts.period(document)}", facts.filters(document))],
        "letterhead": [pdf_cover.Letterhead(logo, clinic)] if logo else [],
        "foot": [pages.RunningFoot(facts.footer(document))],
        "cover": [cover, *pdf_metrics.rows(document.content.metrics, width)],
        "sections": _sections(document, step),
    }


def _sections(document: Document, step: Step) -> list[Flowable]:
    every = patients.sections(document)
    pdf_names.check(every)
    roll = Roll(len(every), facts.running(document), facts.traced(document), step)
    return [*_story(document, every, roll), pages.PageNumbers(roll.pages)]


def _story(document: Document, every: Sequence[Section], roll: Roll) -> Iterator[Flowable]:
    """Each section, then what the words mean and where the figures come from, on pages that are turned as need be.

    Where all sections are pages of patients, that stands before them, on a cover that would be empty without it.
    """
    paper = papers.of(document.presentation.paper)
    page = paper.upright
    listed, are_patients_alone = False, all(section.subject for section in document.content.sections) and bool(every)
    if are_patients_alone:
        yield from _end(document, page)
    for at, section in enumerate(document.content.sections):
        if section.subject:
            if page != paper.patient:
                yield from papers.turn(paper.patient)
            yield Patient(section, roll.next(), paper.patient, roll)
            page = paper.patient
            continue
        table = patients.list_in(section, len(every)) if every and not listed else None
        listed = listed or table is not None
        body = pdf_sections.body(section if table is None else _without(section, table), paper)
        first = paper.upright if table else body.first
        if first != page:
            yield from papers.turn(first)
        yield CondPageBreak(body.room if table is None else _LEAST_OVERVIEW)
        yield pdf_sections.Opening(f"section {at}", section.title, section.text)
        if table:
            yield pdf_overview.Overview(every, table, paper.upright.width, section.title)
        yield from body.story
        page = body.last
    if are_patients_alone:
        return
    if page != paper.upright:
        yield from papers.turn(paper.upright)
    yield from _end(document, paper.upright)
    if listed:
        yield pdf_overview.PageLinks(roll)


def _without(section: Section, table: Table) -> Section:
    return replace(section, tables=tuple(one for one in section.tables if one is not table))


def _end(document: Document, page: papers.Page) -> Iterator[Flowable]:
    end = pdf_about.about(
        document.content.definitions, facts.provenance(document), page.width, page.height - pdf_sections.TITLE
    )
    yield CondPageBreak(pdf_sections.TITLE + end.least(page.width))
    yield pdf_sections.Opening("about", pdf_about.TITLE)
    yield end


def _markup(document: Document) -> str:
    return _templates.get_template("report.html").render(
        title=document.content.title,
        locale=document.presentation.locale,
        paper=document.presentation.paper.lower(),
        family=fonts.FAMILY,
        edges={"side": pages.MARGIN, "above": pages.ABOVE, "below": pages.BELOW},
        heading=facts.heading(document),
        summary=facts.summary(document),
    )
