"""Names of worksheets, which Excel wants short, plain and different from each other."""

import re

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\ufffd]")
_MOST = 31


class Names:
    """Hands out names that are valid, and used once whatever their case."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def new(self, title: str) -> str:
        """`title` made valid: no []:*?/\\, no apostrophe at its ends, at most 31 UTF-16 units, not "History"."""
        base = _cut(_FORBIDDEN.sub(" ", title), _MOST) or "Table"
        if base.casefold() == "history":
            base = "History table"
        name, number = base, 1
        while name.casefold() in self._used:
            number += 1
            name = f"{_cut(base, _MOST - len(f' {number}'))} {number}"
        self._used.add(name.casefold())
        return name


def _cut(text: str, most: int) -> str:
    """`text` within so many UTF-16 units, cut after a word where that leaves at least half of the room used."""
    text = re.sub(r"\s+", " ", text).strip(" '")
    kept = text
    while len(kept.encode("utf-16-le")) > 2 * most:
        kept = kept[:-1]
    if kept != text and text[len(kept)] != " " and kept.rfind(" ") >= most // 2:
        kept = kept[: kept.rfind(" ")]
    return kept.strip(" '") if kept == text else kept.strip(" ',;:–-")
