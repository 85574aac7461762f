"""A clinic's logo, as it stands on its reports: any PNG or JPEG picture becomes one small PNG of known bounds."""

import io
import warnings

from PIL import Image

LARGEST_BYTES = 500_000
MOST_PIXELS = 4000
"""Along either side of what is handed in."""

FEWEST_PIXELS = 32
"""Along either side: less, or a bar drawn as thin, would be a speck or a hairline on paper."""

KEPT = (800, 280)
"""Pixels, at the most, of what is kept: enough for 40 by 14 mm in print at 500 dots per inch."""


class LogoRefused(ValueError):
    """What is wrong with a picture, in a sentence for the person who chose it."""


def from_upload(picture: bytes) -> bytes:
    """The picture as a PNG within KEPT, without anything that came along in the file. Raises LogoRefused."""
    if len(picture) > LARGEST_BYTES:
        raise LogoRefused("This file is too large. Choose a picture of up to 500 kB.")
    try:
        with warnings.catch_warnings():
            # A picture that claims more than it should is refused like one that cannot be read.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as opened:
                if max(opened.size) > MOST_PIXELS:
                    raise LogoRefused(f"This picture is too large. Choose one of up to {MOST_PIXELS} pixels a side.")
                scale = min(1, KEPT[0] / opened.width, KEPT[1] / opened.height)
                if min(opened.size) * scale < FEWEST_PIXELS:
                    raise LogoRefused(f"This picture is too small. It needs {FEWEST_PIXELS} pixels a side or more.")
                drawn = opened.convert("RGBA")
    except LogoRefused:
        raise
    except Exception as fault:
        raise LogoRefused("This file cannot be read as a picture. Choose a PNG or JPEG file.") from fault
    drawn.thumbnail(KEPT)
    plain = Image.frombytes("RGBA", drawn.size, drawn.tobytes())
    made = io.BytesIO()
    plain.save(made, "PNG", optimize=True)
    return made.getvalue()
