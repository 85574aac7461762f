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
from webapp.figures import Document
from webapp.files import facts, fonts, lettering, logos, pages, papers, pdf_about, pdf_cover, pdf_metrics, pdf_sections

MOST_SECONDS = 120

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


def draw(document: Document) -> bytes:
    """The PDF of `document`. Raises RenderFailed rather than leave anything out or draw it in another font."""
    fonts.ready()
    rl_config.invariant = 1
    # Streams as they are: written in ASCII they would be a tenth larger, and take longer.
    rl_config.useA85 = 0
    markup = _markup(document)
    token = _parts.set(_native_parts(document))
    buffer = io.BytesIO()
    try:
        with _nothing_left_out():
            result = pisaDocument(
                markup,
                buffer,
                default_css="",  # it would be read anew each time; what we need of it stands in the page's own style
                context_meta={"author": "Clinic Reports", "subject": facts.heading(document)},
                resource_policy=ResourceAccessPolicy.server(None, allow_remote=False, max_render_seconds=MOST_SECONDS),
            )
    finally:
        _parts.reset(token)
    if result.err:
        raise RenderFailed(f"pdf: {result.err} errors in the page's markup")
    made = buffer.getvalue()
    if b"/BaseFont /Helvetica" in made or b"/FontFile2" not in made:
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


def _native_parts(document: Document) -> dict[str, Sequence[Flowable]]:
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
        "sections": [*_sections(document), pages.PageNumbers()],
    }


def _sections(document: Document) -> Iterator[Flowable]:
    """Each section, then what the words mean and where the figures come from, on pages that are turned as need be."""
    paper = papers.of(document.presentation.paper)
    page = paper.upright
    for at, section in enumerate(document.content.sections):
        body = pdf_sections.body(section, paper)
        if body.first != page:
            yield from papers.turn(body.first)
        yield CondPageBreak(body.room)
        yield pdf_sections.Opening(f"section {at}", section.title, section.text)
        yield from body.story
        page = body.last
    if page != paper.upright:
        yield from papers.turn(paper.upright)
    width, height = paper.upright.width, paper.upright.height - pdf_sections.TITLE
    end = pdf_about.about(document.content.definitions, facts.provenance(document), width, height)
    yield CondPageBreak(pdf_sections.TITLE + end.least(width))
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
