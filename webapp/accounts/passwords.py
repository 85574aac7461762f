"""Passwords: hashed with scrypt at N = 2^17, r = 8, p = 1, as OWASP's Password Storage Cheat Sheet advises."""

import re
import unicodedata
from threading import BoundedSemaphore

from werkzeug.security import check_password_hash, generate_password_hash

METHOD = "scrypt:131072:8:1"
SHORTEST = 12

# A check takes 128 MB for a third of a second. Two at a time keep a burst of sign-ins from using up the memory.
_at_a_time = BoundedSemaphore(2)

# What is left of the commonest passwords when digits and signs are taken off; with them on they are as common.
_COMMON = (
    "password", "passw", "passwort", "motdepasse", "contraseña", "qwerty", "qwertyuiop", "qwertyuiopasdfghjkl",
    "asdfghjkl", "azerty", "azertyuiop", "welcome", "letmein", "iloveyou", "changeme", "administrator", "admin",
    "superman", "sunshine", "princess", "football", "baseball", "abcdefghijkl", "clinic", "clinicreports", "report",
    "reports", "hospital", "doctor", "nurse", "summer", "winter", "spring", "autumn", "secret", "default",
)  # fmt: skip


class WeakPassword(ValueError):
    """A password that is refused; the text says why, for the person who chose it."""


def require_strong(password: str, *about: str) -> None:
    """Raises WeakPassword. `about` is what must not be in it: the person's name and e-mail address."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"A password needs at least {SHORTEST} characters. A few words in a row are good.")
    folded = password.casefold()
    letters = "".join(sign for sign in folded if sign.isalpha())
    parts = [part for text in about for part in re.split(r"[\s@.]+", text.casefold()) if len(part) > 3]
    if (
        len(set(folded)) < 5
        or letters in _COMMON
        or folded in "01234567890123456789"
        or re.sub(r"(.+?)\1+", r"\1", letters) in _COMMON
        or any(part in folded and len(folded) - len(part) < SHORTEST - 2 for part in parts)
    ):
        raise WeakPassword("That password is too easy to guess. A few words in a row are good.")


def hashed(password: str) -> str:
    with _at_a_time:
        return generate_password_hash(_typed(password), METHOD)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password of that hash; takes as long, and is false, where there is no hash."""
    nobodys = f"{METHOD}${'0' * 16}${'0' * 128}"
    with _at_a_time:
        return check_password_hash(password_hash or nobodys, _typed(password)) and password_hash is not None


def outdated(password_hash: str) -> bool:
    """Whether it was hashed with other parameters than we use now."""
    return not password_hash.startswith(f"{METHOD}$")


def _typed(password: str) -> str:
    """Keyboards send the same letter in several forms of Unicode; NIST SP 800-63B has them made one."""
    return unicodedata.normalize("NFKC", password)
