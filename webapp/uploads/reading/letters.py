"""Bytes of a text become characters: by its byte order mark, by where its NULs are, as UTF-8, or by an older code page.

An older code page cannot be told for certain, so whoever brought the file is told which one was taken. Texts in letters
other than Latin ones are refused there: a name in wrong letters is worse than none.
"""

import codecs
import re

from webapp.errors import SheetRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before those of UTF-16, with which one of them begins.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 65_536

_OLDER = (("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman"))
"""The first is by far the more common one."""

_UNLIKELY = re.compile(r"[a-zß-ÿ][A-ZÀ-ÖØ-ÞŠŽŒŸ](?![A-ZÀ-ÞŠŽŒŸ])|(?<=[a-z])[^\w\s\x00-\x7f’‘–](?=[a-z])|\ufffd")
"""What no word has: a capital within it, a sign between its letters."""

_CONTROL = re.compile(r"[\x01-\x08\x0e-\x19\x1c-\x1f]")
_DAMAGE = re.compile("\ufffd")

_SAVE_AS_UTF8 = "Save it in Excel as “CSV UTF-8” or as an Excel workbook (.xlsx), and upload that."


def text_of(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, without NULs and byte order mark, and sentences about how it was read.

    Raises SheetRefused where it is no text, or one whose letters cannot be known.
    """
    text, notes = _decoded(content)
    # Programs of DOS end a text with a character of its own.
    text = text.replace("\0", "").removeprefix("\ufeff").removesuffix("\x1a")
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) * 100 > len(sample):
        raise SheetRefused(
            "not a sheet: binary",
            "This file is neither a workbook nor text. Upload the table itself, as an Excel workbook (.xlsx) or CSV.",
        )
    return text, notes


def _decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lenient(content[len(mark) :], encoding)
    if (by_nuls := _by_nuls(content[:_SAMPLE])) is not None:
        return _lenient(content, by_nuls)
    try:
        return content.decode(), ()
    except UnicodeDecodeError:
        return _with_older_letters(content)


def _lenient(content: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    text = content.decode(encoding, "replace")
    return text, _note_of_damage(text)


def _note_of_damage(text: str) -> tuple[str, ...]:
    if not _DAMAGE.search(text):
        return ()
    return ("Some characters of this file are damaged and stand as “\ufffd”: check names with accents.",)


def _by_nuls(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark. In both, separators, digits and line ends are bytes beside NULs, always on the
    same side."""
    share = [sample[at::4].count(0) * 4 / max(1, len(sample)) for at in range(4)]
    if share[1] > 0.9 and share[2] > 0.9 and max(share[0], share[3]) > 0.9:
        return "utf-32-be" if share[0] > 0.9 else "utf-32-le"
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    # A twentieth, because in Thai, for example, all letters have another second byte.
    if max(first, second) * 20 > len(sample) and min(first, second) * 20 <= max(first, second):
        encoding = "utf-16-be" if first > second else "utf-16-le"
        whole = sample[: len(sample) // 2 * 2]
        # A text cut in the middle of a pair is one that ends in damage, but no text holds many.
        return encoding if whole.decode(encoding, "replace").count("\ufffd") <= 1 else None
    return None


def _with_older_letters(content: bytes) -> tuple[str, tuple[str, ...]]:
    damaged = content.decode(errors="replace")
    wrong = damaged.count("\ufffd")
    right = sum(letter > "\x7f" for letter in damaged) - wrong
    if right > 2 * wrong:
        return damaged, _note_of_damage(damaged)
    high = re.findall(rb"[\x80-\xff]+", content)
    # A Latin name has one or two such letters in a row; in a Greek, Cyrillic, Thai or Arabic one all are.
    if sum(len(run) for run in high if len(run) > 2) * 2 > sum(map(len, high)):
        raise SheetRefused(
            "unknown letters",
            f"The letters of this file are in an older code that cannot be known for certain. {_SAVE_AS_UTF8}",
        )
    read = [(content.decode(encoding, "replace"), called) for encoding, called in _OLDER]
    text, called = min(read, key=lambda one: len(_UNLIKELY.findall(one[0])))
    return text, (f"Read as {called}: check names with accents.",)
