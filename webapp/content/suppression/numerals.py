"""The numbers that stand in a text, without those that count nothing: days, months, hours, ages, years."""

import re

from webapp import words

_MONTH = f"(?:{'|'.join(words.MONTHS)}|{'|'.join(name[:3] for name in words.MONTHS)})"
_NO_COUNTS = re.compile(
    rf"(?:\d+(?: to |–))?\d+ {_MONTH}\b(?: \d{{4}})?|\b{_MONTH} \d{{4}}"
    r"|\b\d+:00\b|\b\d+ (?:hours?|days?|weeks?|months?|years?)\b"
    r"|\b(?:aged|group is|groups are) \d+(?: to \d+|\+)?(?: and \d+(?: to \d+|\+)?)?"
    # A year: a count of that size is written 2,026.
    r"|(?<![\d.,])[12]\d{3}(?![\d.,]\d|\d)"
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def written(text: str) -> list[str]:
    """As they stand there: "1,204", "6.5"."""
    return [found.rstrip(",") for found in _NUMBER.findall(_NO_COUNTS.sub(" ", text))]


def whole(text: str) -> list[int]:
    """Those without decimals, as numbers."""
    return [int(found.replace(",", "")) for found in written(text) if "." not in found]
