"""Who signs the URLs of Google Cloud Storage."""

import os
from typing import Any

import google.auth
from google.auth import iam
from google.auth.credentials import Signing
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from webapp.errors import CannotSign

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT = 3
"""Seconds for which Google's IAM is waited for: then the client fetches the file."""


class _QuickRequest(Request):
    """The library would wait two minutes for an answer."""

    def __call__(self, url: str, *given: Any, **named: Any) -> Any:
        return super().__call__(url, *given, **{**named, "timeout": TIMEOUT})


class _SignedByIam(Signing):
    """Signs in the name of a service account whose key only Google has (workload identity, the metadata server): by
    its IAM's signBlob, which the credentials must be allowed to call."""

    def __init__(self, credentials: Any, email: str) -> None:
        self._email = email
        self._iam = iam.Signer(_QuickRequest(), credentials, email)

    def sign_bytes(self, message: bytes) -> bytes:
        return bytes(self._iam.sign(message))

    @property
    def signer_email(self) -> str:
        return self._email

    @property
    def signer(self) -> Any:
        return self._iam


def signing_credentials(signer: str) -> Signing:
    """Those that Google's usual ways find, where they hold a key; else those that sign through IAM in the name of
    `signer`, or of the account that they are. Raises CannotSign, and google.auth's faults."""
    if emulator():
        # It knows no credentials, but a key file by which we can sign.
        path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        if not path:
            raise CannotSign("an emulator, and no key file")
        return service_account.Credentials.from_service_account_file(path)
    credentials: Any = google.auth.default(scopes=[SCOPE])[0]
    if isinstance(credentials, service_account.Credentials) and signer in ("", credentials.service_account_email):
        return credentials
    email = signer or getattr(credentials, "service_account_email", "") or ""
    if email == "default":
        # The metadata server tells the name with the first token.
        credentials.refresh(_QuickRequest())
        email = credentials.service_account_email
    if not email:
        raise CannotSign("these credentials hold no key, and STORAGE_SIGNER names no service account")
    return _SignedByIam(credentials, email)


def emulator() -> str:
    """The address of an emulator that stands in for the store, or nothing."""
    return os.environ.get("STORAGE_EMULATOR_HOST", "")
