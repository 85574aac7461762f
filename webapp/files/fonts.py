"""The font family of the PDF files: Noto Sans with Thai and Arabic in one file a weight, built once and kept.

The parts come from pip packages as variable fonts. Each is cut down to the characters we can draw right without a
shaping engine, fixed at one weight, and joined by fontTools. The result has the same bytes wherever it is built, so
that a PDF made again is the same file. docs/fonts.md says which scripts are covered.

`python -m webapp.files.fonts` builds the family at set-up, which saves the first report some seconds.
"""

import atexit
import functools
import hashlib
import importlib
import importlib.metadata
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from reportlab import rl_config
from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError
from reportlab.pdfbase.ttfonts import TTFont as EmbeddedFont

from webapp.errors import RenderFailed

FAMILY = "notosansreports"
REGULAR = "NotoSansReports"
BOLD = "NotoSansReports-Bold"
WEIGHTS = {REGULAR: 400, BOLD: 700}
MARKER = "□"
"""Drawn in place of a character that the family does not have."""

RECIPE = 2
"""Raised by one when the build changes, so that no old file is used."""

BASE = "fontpkg_noto_sans"
SOURCES = {
    # Devanagari is left out: without shaping its vowel signs come out in the wrong place, which reads as another word.
    BASE: ((0x20, 0x8FF), (0x1AB0, 0x1DFF), (0x1E00, 0x2BFF), (0x2C60, 0x2E7F), (0xA640, 0xAB6F), (0xFB00, 0xFFFD)),
    "fontpkg_noto_sans_thai": ((0xE00, 0xE7F),),
    "fontpkg_noto_sans_arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
}
THAI_TONES = range(0xE48, 0xE4D)
TONE_RISE = 230
"""Units of 1000 to the em: clears the upper vowels, which a shaping engine would do by position."""

EPOCH = 3786912000
"""1 January 2024 as fonts count it, in seconds from 1904."""

_log = logging.getLogger(__name__)


def folder() -> Path:
    """Where the built family is kept: FONT_FOLDER, or var/fonts in the project."""
    return Path(os.environ.get("FONT_FOLDER") or Path(__file__).resolve().parents[2] / "var" / "fonts")


def build(where: Path | None = None) -> dict[str, Path]:
    """The files of the family by name, made if they are not there.

    Builders may run at once: each writes a file of its own and renames it, and all write the same bytes. A folder that
    cannot be written gives way to one under the system's temporary folder. Raises RenderFailed when a font package is
    missing or broken.
    """
    where = where or folder()
    try:
        return {name: _kept(name, where) for name in WEIGHTS}
    except OSError as fault:
        _log.warning("the font folder cannot be written (%s): building the fonts for this process only", fault.strerror)
    try:
        spare = Path(_own_folder())
        return {name: _kept(name, spare) for name in WEIGHTS}
    except OSError as fault:
        raise RenderFailed(f"no folder to keep the fonts in: {fault}") from fault


@functools.cache
def _own_folder() -> str:
    """A new folder that only this process's user can write, removed when the process ends."""
    spare = tempfile.TemporaryDirectory(prefix="report-fonts-")
    atexit.register(spare.cleanup)
    return spare.name


def _kept(name: str, where: Path) -> Path:
    path = where / f"{name}-{edition()}.ttf"
    if path.is_file():
        return path
    where.mkdir(parents=True, exist_ok=True, mode=0o755)
    handle, draft = tempfile.mkstemp(dir=where, prefix=f".{name}-", suffix=".ttf")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(_joined(name, WEIGHTS[name]))
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return path


@functools.cache
def edition() -> str:
    """Eight digits that change with the recipe, the font packages and the tool that joins them."""
    try:
        parts = [importlib.metadata.version(package.replace("_", "-")) for package in (*SOURCES, "fonttools")]
    except importlib.metadata.PackageNotFoundError as fault:
        raise RenderFailed(f"font package missing: {fault}") from fault
    return hashlib.sha256(repr((RECIPE, parts)).encode()).hexdigest()[:8]


def _joined(name: str, weight: int) -> bytes:
    parts = {package: _part(package, ranges, weight) for package, ranges in SOURCES.items()}
    font = parts.pop(BASE)
    for package, donor in parts.items():
        _add_glyphs(font, donor, prefix=package.rsplit("_", 1)[-1])
    _raise_tones(font)
    _add_signs(font)
    _rename(font, name)
    out = io.BytesIO()
    font.save(out, reorderTables=True)
    return out.getvalue()


def _part(package: str, ranges: Iterable[tuple[int, int]], weight: int) -> TTFont:
    try:
        root = importlib.import_module(package).ROOT
        (source,) = [path for path in (root / "files").glob("*.ttf") if "Italic" not in path.name]
    except (ImportError, ValueError) as fault:
        raise RenderFailed(f"font package missing or without its font: {package}") from fault
    font = TTFont(source, recalcTimestamp=False, recalcBBoxes=False)
    options = Options(layout_features=[], notdef_outline=True, hinting=False, recalc_timestamp=False)
    options.drop_tables += ["GDEF", "GPOS", "GSUB", "MVAR", "STAT", "gasp"]
    cutter = Subsetter(options)
    cutter.populate(unicodes=[code for first, last in ranges for code in range(first, last + 1)])
    cutter.subset(font)
    return instantiateVariableFont(font, {"wght": weight, "wdth": 100}, inplace=True)


def _add_glyphs(font: TTFont, donor: TTFont, prefix: str) -> None:
    """Every glyph of `donor` under a name of its own; characters that `font` has already stay as they are."""
    new = {old: f"{prefix}.{old}" for old in donor.getGlyphOrder() if old != ".notdef"}
    for old, name in new.items():
        glyph = donor["glyf"][old]
        if glyph.isComposite():
            for component in glyph.components:
                component.glyphName = new[component.glyphName]
        font["glyf"][name] = glyph
        font["hmtx"][name] = donor["hmtx"][old]
    for code, old in donor.getBestCmap().items():
        if code not in font.getBestCmap():
            _map(font, code, new[old])


def _map(font: TTFont, code: int, glyph: str) -> None:
    for table in font["cmap"].tables:
        if table.isUnicode() and (code <= 0xFFFF or table.format == 12):
            table.cmap[code] = glyph


def _raise_tones(font: TTFont) -> None:
    for code in THAI_TONES:
        glyph = font["glyf"][font.getBestCmap()[code]]
        glyph.expand(font["glyf"])
        if glyph.isComposite():
            for component in glyph.components:
                component.y += TONE_RISE
        else:
            glyph.coordinates.translate((0, TONE_RISE))
        glyph.recalcBounds(font["glyf"])


def _add_signs(font: TTFont) -> None:
    """The marker and the two arrows of change, which Noto Sans leaves to its symbol fonts."""
    outlines: dict[str, list[list[tuple[int, int]]]] = {
        "▲": [[(10, 0), (330, 660), (650, 0)]],
        "▼": [[(10, 660), (650, 660), (330, 0)]],
        MARKER: [[(60, 0), (60, 640), (640, 640), (640, 0)], [(120, 60), (580, 60), (580, 580), (120, 580)]],
    }
    for sign, contours in outlines.items():
        pen = TTGlyphPen(None)
        for first, *rest in contours:
            pen.moveTo(first)
            for point in rest:
                pen.lineTo(point)
            pen.closePath()
        name = f"uni{ord(sign):04X}"
        font["glyf"][name] = pen.glyph()
        font["glyf"][name].recalcBounds(font["glyf"])
        font["hmtx"][name] = (700 if sign == MARKER else 660, 60 if sign == MARKER else 10)
        _map(font, ord(sign), name)


def _rename(font: TTFont, name: str) -> None:
    bold = name == BOLD
    names: dict[int, str] = {1: REGULAR, 2: "Bold" if bold else "Regular", 3: name, 4: name, 5: f"{RECIPE}.0", 6: name}
    font["name"].names = []
    for number, text in names.items():
        font["name"].setName(text, number, 3, 1, 0x409)
        font["name"].setName(text, number, 1, 0, 0)
    font["head"].created = font["head"].modified = EPOCH
    font["head"].macStyle = 1 if bold else 0
    font["post"].formatType = 3.0
    font["maxp"].recalc(font)


@functools.cache
def ready() -> frozenset[int]:
    """Registers the family with ReportLab and answers the characters that both weights can draw.

    Raises RenderFailed when a file cannot be read: a report in another font would be a report with holes.
    """
    files = build()
    covered: list[set[int]] = []
    for name, path in files.items():
        try:
            embedded: Any = EmbeddedFont(name, str(path))
        except (TTFError, OSError, KeyError, ValueError) as fault:
            raise RenderFailed(f"the font {path.name} cannot be read: {fault}") from fault
        pdfmetrics.registerFont(embedded)
        covered.append(set(embedded.face.charToGlyph))
    for italic in (0, 1):
        addMapping(FAMILY, 0, italic, REGULAR)
        addMapping(FAMILY, 1, italic, BOLD)
    # ReportLab opens each page with this: Helvetica would be named in every file, not embedded.
    rl_config.canvas_basefontname = REGULAR
    return frozenset(set.intersection(*covered))


if __name__ == "__main__":
    sys.stdout.write("".join(f"{path}\n" for path in build().values()))
