"""Cell formats of a workbook, each made once."""

from typing import Any

FONT = "Arial"
INK, MUTED, TEAL, RULE, HAIRLINE = "#1B2A32", "#51636D", "#0F5C63", "#B9C5CA", "#E6EBED"

ATTENTION = {
    "low-medium": ("#9A4706", "#FDF3E4"),
    "medium": ("#9A4706", "#FDF3E4"),
    "high": ("#B42318", "#FDECEA"),
}
"""Letters and ground of what calls for attention, by figures.Level. Words say the same beside it."""


class Formats:
    """The house style for one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}
        self.title = self._new(bold=True, font_size=16, text_wrap=True, valign="top")
        self.muted = self._new(font_color=MUTED, text_wrap=True, valign="top")
        self.wrapped = self._new(text_wrap=True, valign="top", font_size=11)
        self.wrapped_cell = self._new(text_wrap=True, valign="top", bottom=1, bottom_color=HAIRLINE)
        self.moment = self._new(num_format="d mmm yyyy hh:mm", align="left", bottom=1, bottom_color=HAIRLINE)
        head = {"bold": True, "font_color": "#FFFFFF", "bg_color": TEAL, "text_wrap": True, "valign": "vcenter"}
        self.header = self._new(**head)
        self.number_header = self._new(**head, align="right")
        self.heading = self._new(bold=True, font_size=12, valign="top")
        self.identifiers = self._new(bold=True, font_size=12, text_wrap=True, valign="top")
        self.link = self._new(font_color=TEAL, underline=1, bottom=1, bottom_color=HAIRLINE)
        self.attention = {
            level: self._new(bold=True, font_color=ink, bg_color=wash, bottom=1, bottom_color=HAIRLINE)
            for level, (ink, wash) in ATTENTION.items()
        }
        self.muted_line = self._new(font_color=MUTED)
        self.weak, self.strong = (
            book.add_format({"font_color": ink, "bg_color": wash, "bold": True})
            for ink, wash in (ATTENTION["medium"], ATTENTION["high"])
        )

    def cell(self, kind: str, decimals: int, right: bool = False, part: str = "") -> Any:
        return self._kept(kind, decimals, right, False, part)

    def total(self, kind: str, decimals: int) -> Any:
        return self._kept(kind, decimals, False, True)

    def _kept(self, kind: str, decimals: int, right: bool, total: bool, part: str = "") -> Any:
        key = (kind, decimals, right, total, part)
        if key not in self._made:
            style: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE, "num_format": number_format(kind, decimals)}
            if part:
                style["num_format"] = f'"{part} "{style["num_format"]}'
            if total:
                style |= {"bold": True, "top": 1, "top_color": RULE}
            if right or kind in ("count", "number", "percent"):
                style["align"] = "right"
            elif kind in ("day", "month", "moment"):
                style["align"] = "left"
            self._made[key] = self._new(**style)
        return self._made[key]

    def _new(self, **style: Any) -> Any:
        return self._book.add_format({"font_name": FONT, "font_size": 10, "font_color": INK, **style})


def number_format(kind: str, decimals: int) -> str:
    """Excel's code for a kind of figures.Kind."""
    places = f".{'0' * decimals}" if decimals else ""
    return {
        "count": f"#,##0{places}",
        "number": f"#,##0{places}",
        "percent": f"0{places}%",
        "day": "d mmm yyyy",
        "month": "mmm yyyy",
        "moment": "d mmm yyyy, hh:mm",
    }.get(kind, "@")


def stored(value: int | float, kind: str) -> int | float:
    """A figure as a cell keeps it: percent as a share. 90.8 / 100 is 0.9079999999999999 in binary, and whoever reads
    the cell by program would see that."""
    return float(f"{value / 100:.15g}") if kind == "percent" else value
