"""Draws every document of a folder in every format, and says the SHA-256 of each file: what test_identity.py starts.

python tests/files/draw_all.py DOCUMENTS TEMP_FOLDER
"""

import hashlib
import io
import locale
import sys
from pathlib import Path
from typing import Any

from webapp import temporary
from webapp.figures import Content, Document, Frozen, Presentation, Provenance, freeze, thaw
from webapp.files import FORMATS

PARTS = {"content": Content, "provenance": Provenance, "presentation": Presentation}


def write(document: Document, folder: Path) -> None:
    """Its three parts as they are frozen, each in a file named after its hash."""
    folder.mkdir()
    for name in PARTS:
        frozen = freeze(getattr(document, name))
        (folder / f"{name}.{frozen.sha256}").write_bytes(frozen.body)


def read(folder: Path) -> Document:
    """What write() wrote."""
    frozen = {path.stem: Frozen(path.suffix[1:], path.read_bytes()) for path in folder.iterdir()}
    parts: dict[str, Any] = {name: thaw(kind, frozen[name]) for name, kind in PARTS.items()}
    return Document(**parts, figures_sha256=frozen["content"].sha256)


if __name__ == "__main__":
    locale.setlocale(locale.LC_ALL, "")
    temporary.use(Path(sys.argv[2]))
    for path in sorted(Path(sys.argv[1]).iterdir()):
        document = read(path)
        for form in FORMATS.values():
            out = io.BytesIO()
            form.render(document, out)
            sys.stdout.write(f"{path.name}, {form.name}: {hashlib.sha256(out.getvalue()).hexdigest()}\n")
