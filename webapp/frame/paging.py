"""The number of a page, as an address asks for it."""


def page_number(text: str) -> int:
    """From 1 to 999,999; what is no such number asks for the first page."""
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
