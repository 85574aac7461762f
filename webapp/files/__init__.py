"""How a report looks: figures in, bytes out. No database and no web framework.

Each format draws the same Document, so that they cannot disagree, and gives the same bytes for it in any process. To
add a format, add a module and a line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from webapp.figures import Content, Document, Presentation, Provenance, printed
from webapp.files import faults, to_csv, to_excel, to_json, to_pdf
from webapp.files.patients import alone
from webapp.files.pdf_patients import Step

__all__ = ["FORMATS", "Format", "Step", "alone"]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. `draw` gives the bytes of a document whose text is printable, or parts of them in a list; where
    it `tells`, it takes a step too, and says with it which patient of how many it draws now."""

    name: str
    label: str
    extension: str
    content_type: str
    draw: Callable[..., bytes | list[bytes]]
    tells: bool = False

    def render(self, document: Document, out: BinaryIO, step: Step | None = None) -> None:
        """Writes the whole file, or raises errors.RenderFailed, or what `step` raises, and writes nothing."""
        with faults.named(self.name):
            printable = _printable(document)
            made = self.draw(printable, step) if step and self.tells else self.draw(printable)
        out.writelines(made if isinstance(made, list) else [made])


def _printable(document: Document) -> Document:
    """The document as it is when it was frozen and thawed: no control characters, no figure that is not finite."""
    return Document(
        printed(Content, document.content),
        printed(Provenance, document.provenance),
        printed(Presentation, document.presentation),
        document.figures_sha256,
    )


FORMATS = {
    one.name: one
    for one in (
        Format("pdf", "PDF", "pdf", "application/pdf", to_pdf.draw, tells=True),
        Format(
            "excel",
            "Excel",
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            to_excel.draw,
        ),
        Format("csv", "CSV", "csv", "text/csv; charset=utf-8", to_csv.draw),
        Format("json", "JSON", "json", "application/json", to_json.draw),
    )
}
