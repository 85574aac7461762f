"""A verdict as a small badge: its words in the colour of its level, which is never the only sign."""

from reportlab.lib.colors import HexColor

from webapp.figures import Level
from webapp.files import lettering
from webapp.files.pens import write

AMBER, RED = HexColor("#8F400A"), HexColor("#A51B12")
PALE_AMBER, PALE_RED = HexColor("#FCEFDC"), HexColor("#FBE6E4")
_COLOURS = {
    "high": (PALE_RED, RED),
    "medium": (PALE_AMBER, AMBER),
    "low-medium": (PALE_AMBER, AMBER),
    "low": (HexColor("#E6F1F0"), HexColor("#0F5C63")),
    "": (HexColor("#EEF1F3"), HexColor("#51636D")),
}
AROUND = 6.0


def width(text: str, size: float, around: float = AROUND) -> float:
    return lettering.width(text, size, True) + 2 * around


def badge(canvas: object, right: float, y: float, text: str, level: Level, size: float, around: float = AROUND) -> None:
    """`text` in a badge that ends at `right`, its baseline at `y`."""
    pale, dark = _COLOURS.get(level, _COLOURS[""])
    wide = width(text, size, around)
    canvas.setFillColor(pale)  # type: ignore[attr-defined]
    high = size * 1.65
    canvas.roundRect(right - wide, y - size * 0.48, wide, high, high / 2, stroke=0, fill=1)  # type: ignore[attr-defined]
    write(canvas, right - wide + around, y, text, size, dark, bold=True)


def graded(points: int | None) -> tuple[HexColor, HexColor]:
    """The pale ground and the dark ink of a figure that counts so many points, 1 or more."""
    return (PALE_RED, RED) if points is not None and points >= 3 else (PALE_AMBER, AMBER)
