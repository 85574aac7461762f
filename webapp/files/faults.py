"""What goes wrong inside a drawing library, as one typed fault."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFError
from reportlab.platypus.doctemplate import LayoutError
from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessError
from xhtml2pdf.util import ImageWarning
from xlsxwriter.exceptions import XlsxWriterException

from webapp.errors import RenderFailed

_KNOWN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    ImageWarning,
    LayoutError,
    RenderLimitError,
    ResourceAccessError,
    TTFError,
    XlsxWriterException,
)


@contextmanager
def named(format_name: str) -> Iterator[None]:
    """Turns the known faults of the libraries into RenderFailed.

    Time-outs and interrupts pass: they belong to who set them, so Exception itself is not caught. The fault's own text
    is left out, since libraries put the text they were drawing into it, and that may be a patient's.
    """
    try:
        yield
    except (RenderFailed, TimeoutError):
        raise
    except _KNOWN as fault:
        where = traceback.extract_tb(fault.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        raise RenderFailed(f"{format_name}: {type(fault).__name__} in {place}") from None
