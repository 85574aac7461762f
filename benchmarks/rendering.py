"""Each report in each format: milliseconds and bytes, beside other makers of PDF and bare ReportLab and XlsxWriter.

The last 12 months of a demo clinic, all that is frozen given: what is timed makes the file alone, in one process that
has made some before. Bare ReportLab draws the same texts, tables and charts, whose drawings and column widths it is
given (_bare_pdf.py); bare XlsxWriter makes the very calls that our workbook makes (_bare_excel.py). WeasyPrint and
Chromium, which runs already, get the same content as a plain HTML page with the fonts embedded (_plain_html.py).
"""

import io
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader

from benchmarks import _bare_excel, _bare_pdf, _plain_html
from benchmarks._demo import demo_database
from tests.apps import build_app, close
from webapp import clock, generate
from webapp.content import CATALOGUE, periods
from webapp.content.question import Question
from webapp.extensions import db
from webapp.figures import Content, Document, Presentation, Provenance, printed
from webapp.files import FORMATS, lettering, pdf_tables
from webapp.models import Clinic

TIMES, TIMES_OF_OTHERS = 15, 5
WARM_UP = 2

Maker = Callable[[], bytes]


def main(times: int = TIMES) -> str:
    """Markdown tables, or a line that says why there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if find_spec("weasyprint") is None or chromium is None:
        return "**Not measured: WeasyPrint (`make bench` installs it) or Chromium is not there.**"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        browser = stack.enter_context(_browser(chromium))
        found = [_Found(document, folder, browser, times) for document in _documents(folder)]
    return "\n\n".join(["\n".join(_formats(found)), "\n".join(_pdf(found)), "\n".join(_excel(found))])


class _Found:
    """The files of one document: milliseconds and bytes by maker."""

    def __init__(self, document: Document, folder: Path, browser: Browser, times: int) -> None:
        self.title = document.provenance.template_title
        ours = {name: _ours(name, document) for name in FORMATS}
        given = _bare_pdf.plan(document)
        asked = _bare_excel.calls(document)
        path = folder / "report.html"
        path.write_text(_plain_html.page(document))
        makers: dict[str, Callable[[], Maker]] = {
            **{name: (lambda maker=maker: maker) for name, maker in ours.items()},
            "bare ReportLab": lambda: lambda: _bare_pdf.draw(given),
            "bare XlsxWriter": lambda: _bare_excel.ready(asked),
        }
        others: dict[str, Callable[[], Maker]] = {
            "WeasyPrint": lambda: lambda: _by_weasyprint(path),
            "Chromium": lambda: lambda: _by_chromium(browser, path),
        }
        self.took: dict[str, float] = {}
        self.made: dict[str, bytes] = {}
        self._measure(makers, times)
        self._measure(others, min(times, TIMES_OF_OTHERS))
        assert self.made["excel"] == self.made["bare XlsxWriter"], f"{self.title}: not the same workbook"
        apart = self.pages("pdf") - self.pages("bare ReportLab")
        assert abs(apart) <= 1, f"{self.title}: {apart} pages more than by bare ReportLab"

    def pages(self, maker: str) -> int:
        return len(PdfReader(io.BytesIO(self.made[maker])).pages)

    def _measure(self, makers: dict[str, Callable[[], Maker]], times: int) -> None:
        """In turn, so that a busy moment is shared."""
        took: dict[str, list[float]] = {name: [] for name in makers}
        for turn in range(-WARM_UP, times):
            for name, prepare in makers.items():
                make = prepare()
                began = time.perf_counter()
                self.made[name] = make()
                if turn >= 0:
                    took[name].append((time.perf_counter() - began) * 1000)
        self.took |= {name: median(found) for name, found in took.items()}


def _ours(name: str, document: Document) -> Maker:
    def make() -> bytes:
        # A report that is made once finds none of its texts measured already.
        lettering.visible.cache_clear()
        lettering.visual.cache_clear()
        lettering._thousandths.cache_clear()
        pdf_tables._of_cells.cache_clear()
        out = io.BytesIO()
        FORMATS[name].render(document, out)
        return out.getvalue()

    return make


def _by_weasyprint(path: Path) -> bytes:
    from weasyprint import HTML

    return HTML(filename=path).write_pdf()


def _by_chromium(browser: Browser, path: Path) -> bytes:
    page = browser.new_page()
    page.goto(path.as_uri())
    made = page.pdf(prefer_css_page_size=True)
    page.close()
    return made


@contextmanager
def _browser(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=120_000)
        yield browser
        browser.close()


def _documents(folder: Path) -> list[Document]:
    """One of each template, as frozen and thawed, about a demo clinic."""
    app = build_app(folder, demo_database(folder))
    with app.app_context():
        clinic = db.session.scalars(db.select(Clinic).order_by(Clinic.id)).first()
        assert clinic is not None
        days = periods.resolve("last_12_months", clock.today(clinic.timezone))
        asked = generate.Asked("XX-2026-10001", "Demo manager", clock.now())
        found = [
            generate.compose(
                Question(name, clinic.id, clinic.timezone, *days, suppress_below=clinic.suppress_below), clinic, asked
            ).document
            for name in CATALOGUE
        ]
    close(app)
    return [
        Document(
            printed(Content, one.content),
            printed(Provenance, one.provenance),
            printed(Presentation, one.presentation),
            one.figures_sha256,
        )
        for one in found
    ]


def _kilobytes(made: bytes) -> str:
    return f"{len(made) / 1000:.0f}"


def _formats(found: list[_Found]) -> Iterator[str]:
    labels = [one.label for one in FORMATS.values()]
    yield f"| report | {' | '.join(f'{label}, ms | kB' for label in labels)} |"
    yield f"| --- |{' ---: | ---: |' * len(labels)}"
    for one in found:
        cells = (f"{one.took[name]:.0f} | {_kilobytes(one.made[name])}" for name in FORMATS)
        yield f"| {one.title} | {' | '.join(cells)} |"


def _pdf(found: list[_Found]) -> Iterator[str]:
    yield (
        "| PDF | pages | ours, ms | bare ReportLab, ms | kB | ours, times as long | WeasyPrint, ms | kB | times ours | "
        "Chromium, ms | kB | times ours |"
    )
    yield f"| --- |{' ---: |' * 11}"
    for one in found:
        ours, bare = one.took["pdf"], one.took["bare ReportLab"]
        cells = [f"{one.pages('pdf')} | {ours:.0f} | {bare:.0f} | {_kilobytes(one.made['bare ReportLab'])}"]
        cells.append(f"{ours / bare:.2f}")
        for name in ("WeasyPrint", "Chromium"):
            cells.append(f"{one.took[name]:.0f} | {_kilobytes(one.made[name])} | {one.took[name] / ours:.1f}")
        yield f"| {one.title} | {' | '.join(cells)} |"


def _excel(found: list[_Found]) -> Iterator[str]:
    yield "| Excel | ours, ms | bare XlsxWriter, ms | ours, times as long |"
    yield "| --- | ---: | ---: | ---: |"
    for one in found:
        ours, bare = one.took["excel"], one.took["bare XlsxWriter"]
        yield f"| {one.title} | {ours:.0f} | {bare:.0f} | {ours / bare:.2f} |"
