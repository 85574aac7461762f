"""Documents drawn and read back: nothing here needs the app or a database."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp.figures import Document
from webapp.files import FORMATS

ROOT = Path(__file__).resolve().parents[2]

Draw = Callable[[str, Document], bytes]


@pytest.fixture(scope="session")
def draw() -> Draw:
    def drawn(format_name: str, document: Document) -> bytes:
        out = io.BytesIO()
        FORMATS[format_name].render(document, out)
        return out.getvalue()

    return drawn
