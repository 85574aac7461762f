"""What an answer of a store means: an object that is missing, or a store that is broken and why.

The texts name the service, the status and the store's own word for it; never a URL, which may hold a signature.
"""

import re
from collections.abc import Mapping

from google.auth.exceptions import GoogleAuthError, TransportError
from requests import exceptions
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from webapp.errors import StorageBroken, StorageMissing, StoreFault

HTTP_FAULTS = (exceptions.RequestException, HTTPError, GoogleAuthError, OSError)
"""What a request by the requests library may raise, while its body is read too."""

BUCKET_GONE = ("NoSuchBucket", "The specified bucket does not exist")

# Google answers 400 to a URL past its time and S3 403; a clock that is wrong shows in the same way.
_OUT_OF_DATE = ("ExpiredToken", "RequestTimeTooSkewed", "Request has expired")
_OF_OUR_RIGHTS = ("InvalidToken", "TokenRefreshRequired", "AuthorizationHeaderMalformed", "InvalidAccessKeyId")
# Of an upload whose bytes do not have the checksum that was sent with them.
_ALTERED = ("doesn't match calculated", "BadDigest", "ChecksumMismatch", "SHA256Mismatch")
_BUSY = ("SlowDown", "TooManyRequests", "RequestLimitExceeded", "rateLimitExceeded")
_IN_WORDS: dict[StoreFault, str] = {
    "slow": "no answer in time",
    "altered": "broken off",
    "unreachable": "no connection",
    "refused": "no credentials",
    "no bucket": "no such bucket",
}
_CODE = re.compile(r'<Code>(\w+)</Code>|"reason": ?"(\w+)"')


class Expired(StorageBroken):
    """What we signed is out of date, as the store sees it; signing once more may help."""


def of_answer(service: str, status: int, body: str, headers: Mapping[str, str]) -> StorageBroken | StorageMissing:
    """What an answer other than success means. `body` is its text, XML or JSON, or only the store's code."""
    code = code_in(body)
    told = f"{service}: {status} {code}".rstrip()
    if _names(body, BUCKET_GONE):
        return StorageBroken(told, why="no bucket")
    if status == 404:
        return StorageMissing(told)
    if _names(body, _OUT_OF_DATE):
        return Expired(told, why="refused")
    if status in (401, 403) or _names(body, _OF_OUR_RIGHTS):
        return StorageBroken(told, why="refused")
    if status in (408, 429) or _names(body, _BUSY):
        return StorageBroken(told, why="busy", retry_after=_seconds(headers.get("Retry-After", "")))
    if status == 400 and _names(body, _ALTERED):
        return StorageBroken(told, why="altered")
    if status == 507:
        return StorageBroken(told, why="full")
    return StorageBroken(told, why="failing", retry_after=_seconds(headers.get("Retry-After", "")))


def of_exception(service: str, fault: BaseException) -> StorageBroken:
    """What it means that there was no answer, or only a part of one."""
    return without_answer(service, _why(fault), fault)


def without_answer(service: str, why: StoreFault, fault: BaseException) -> StorageBroken:
    """A fault in our words and by its type alone: a library's words may repeat the URL."""
    reason = getattr(fault.args[0], "reason", None) if fault.args else None
    if isinstance(reason, NameResolutionError):
        return StorageBroken(f"{service}: its name is not known (DNS)", why=why)
    told = _IN_WORDS.get(why, "it failed")
    return StorageBroken(f"{service}: {told} ({type(fault).__name__})", why=why)


def code_in(body: str) -> str:
    """The store's own word for a fault, such as "AccessDenied", or nothing."""
    if re.fullmatch(r"\w+", body):
        return body
    found = _CODE.search(body)
    return (found[1] or found[2]) if found else ""


def _why(fault: BaseException) -> StoreFault:
    if isinstance(fault, exceptions.Timeout | ReadTimeoutError | TimeoutError) or _is_of_time(fault):
        return "slow"
    if isinstance(fault, exceptions.ChunkedEncodingError | HTTPError):
        # Only a body that is being read ends so.
        return "altered"
    if isinstance(fault, GoogleAuthError):
        # Who gives out the tokens may have faults that pass, which say nothing of our rights.
        return "unreachable" if isinstance(fault, TransportError) or fault.retryable else "refused"
    if isinstance(fault, exceptions.ConnectionError | ConnectionError):
        return "unreachable"
    return "failing"


def _is_of_time(fault: BaseException) -> bool:
    """Whether a time-out is wrapped in it, as requests does where a body stalls."""
    return any(isinstance(inner, ReadTimeoutError) for inner in fault.args)


def _names(body: str, words: tuple[str, ...]) -> bool:
    return any(word in body for word in words)


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None
