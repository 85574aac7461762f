"""The clinic's logo as files show it: small, without transparency, the same bytes each time."""

import base64
import binascii
import functools
import io
import logging
import struct
import zlib
from dataclasses import dataclass

from PIL import Image
from reportlab.lib.units import inch, mm

WIDEST, TALLEST = 40 * mm, 14 * mm
"""Points that a logo may take; it keeps its shape."""

_MOST_PIXELS = 16_000_000
"""A picture that unpacks to more is no logo, and could fill the memory."""

_DOTS = 300 / inch
"""Pixels a point: more are not seen in print."""

_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, struct.error, zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for a file that is no picture, or not a whole one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Logo:
    """`png` is opaque, on white; `width` and `height` are the points it takes."""

    png: bytes
    width: float
    height: float


@functools.lru_cache(maxsize=16)
def read(text: str) -> Logo | None:
    """The logo of figures.Presentation: a PNG in Base64. None for no text, and for what is no such picture, which is
    logged: a report without its logo is better than none."""
    if not text:
        return None
    try:
        picture = _on_white(base64.b64decode(text, validate=True))
    except (binascii.Error, *_BROKEN) as fault:
        _log.warning("a clinic's logo cannot be drawn and is left out: %s", type(fault).__name__)
        return None
    across, high = picture.size
    scale = min(WIDEST / across, TALLEST / high)
    picture.thumbnail((max(1, round(WIDEST * _DOTS)), max(1, round(TALLEST * _DOTS))), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return Logo(out.getvalue(), across * scale, high * scale)


def _on_white(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        seen = picture.convert("RGBA")
    paper = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(paper, seen).convert("RGB")
