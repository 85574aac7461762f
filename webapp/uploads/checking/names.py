"""Whether two names are of one person, as far as names can tell.

Case, accents, order, punctuation, initials and second given names are forgiven: "Reyes, Ana", "ana reyes" and "Ana M.
Reyes" agree. Another family name never is.
"""

import unicodedata
from functools import lru_cache

Name = tuple[str, str]
"""Family name and given name; either may be empty."""

# Letters that Unicode does not take apart into a letter and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
_APOSTROPHES = "'’ʼ‘`´"


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name without case, accents and punctuation. Vowel signs of Indian scripts are letters here, and
    stay."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    kept = (
        "" if unicodedata.combining(char) or char in _APOSTROPHES else char if _is_letter(char) else " "
        for char in plain
    )
    return tuple("".join(kept).split())


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def is_stated(name: Name) -> bool:
    return bool(words_of(" ".join(name)))


def same_words(one: Name, other: Name) -> bool:
    """Whether both are made of the same words in any order, and of some at all."""
    words, others = words_of(" ".join(one)), words_of(" ".join(other))
    return bool(words) and sorted(words) == sorted(others)


def agree(one: Name, other: Name) -> bool:
    """Whether both can be names of one person. A name that says nothing agrees with any."""
    if not (is_stated(one) and is_stated(other)) or same_words(one, other):
        return True
    family, given = map(words_of, one)
    family_too, given_too = map(words_of, other)
    if not (family and family_too):
        return _given_agree(given, given_too)
    return (
        _one_family(family, given, family_too, given_too)
        # The parts may have been taken one for the other, or parted at another place.
        or (bool(given and given_too) and _one_family(family, given, given_too, family_too))
        or _word_by_word(given + family, given_too + family_too, len(family), len(family_too))
    )


Words = tuple[str, ...]


def _one_family(family: Words, given: Words, family_too: Words, given_too: Words) -> bool:
    return "".join(family) == "".join(family_too) and _given_agree(given, given_too)


def _given_agree(one: Words, other: Words) -> bool:
    """Whether each word of the shorter stands in the longer, in the same order, or as an initial."""
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return "".join(one) == "".join(other) or all(any(_is_short_for(word, it) for it in rest) for word in short)


def _word_by_word(one: Words, other: Words, family: int, family_too: int) -> bool:
    """The same words in the same order, given names perhaps as initials, whichever of the words are the family name."""
    if len(one) != len(other):
        return False
    given = len(one) - max(family, family_too, 1)
    return one[given:] == other[given:] and all(map(_is_short_for, one[:given], other[:given]))


def _is_short_for(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def written(name: Name) -> str:
    """ "Reyes, Ana"."""
    return ", ".join(part for part in name if part)
