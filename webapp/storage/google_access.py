"""Who we are to Google Cloud Storage, and what signs URLs in whose name."""

import base64
import os
from functools import partial
from typing import Any

import google.auth
import requests
from google.auth.credentials import AnonymousCredentials, Credentials, Signing
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import storage
from google.oauth2 import service_account

from webapp.errors import CannotSign, StorageBroken
from webapp.storage import faults, signed

IAM = "https://iamcredentials.googleapis.com"

# The client would ask for the bucket's properties in a thread of its own, for traces that nobody takes.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")

_HOST = "https://storage.googleapis.com"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_SIGNING_TIMEOUT = (2, 5)


class Access:
    """The client, a session with its credentials, and one without any, for signed URLs.

    Looks for the credentials at once, and so may raise what faults.HTTP_FAULTS names. Where the environment names an
    emulator nobody need be anybody; URLs are signed all the same where it names a service account's file too.
    """

    def __init__(self, signer_email: str) -> None:
        self._signer_email = signer_email
        emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
        self.anonymous_session = signed.anonymous_session(emulator or _HOST)
        if emulator:
            key_file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
            self._credentials: Credentials = AnonymousCredentials()
            if key_file:
                self._credentials = service_account.Credentials.from_service_account_file(key_file)
            self.session = self.anonymous_session
            self.client = storage.Client("emulator", AnonymousCredentials(), _http=self.session)
        else:
            self._credentials, project = google.auth.default(scopes=_SCOPES)
            self.session = AuthorizedSession(self._credentials)
            signed.prepare(self.session, _HOST)
            self.client = storage.Client(project, self._credentials, _http=self.session)

    @property
    def signer(self) -> Signing:
        """The credentials themselves where they hold a key; else their account, or the one of STORAGE_SIGNER, by way of
        IAM. Raises CannotSign where there is none of these."""
        if isinstance(self._credentials, service_account.Credentials):
            return self._credentials
        if isinstance(self._credentials, AnonymousCredentials):
            raise CannotSign("nobody signs for an emulator")
        email = self._signer_email or self._own_email()
        if not email:
            raise CannotSign("the credentials hold no key and belong to no service account")
        return _IamSigner(self.session, email)

    def _own_email(self) -> str:
        credentials: Any = self._credentials
        email = getattr(credentials, "service_account_email", None)
        if email == "default":
            # The metadata server tells it with the first token.
            credentials.refresh(partial(Request(self.session), timeout=_SIGNING_TIMEOUT[1]))
            email = credentials.service_account_email
        return email or ""


class _IamSigner(Signing):
    """Has Google sign in the name of a service account. The library's own would wait for two minutes, three times."""

    def __init__(self, session: requests.Session, email: str) -> None:
        self._session, self._email = session, email

    @property
    def signer_email(self) -> str:
        return self._email

    @property
    def signer(self) -> Any:
        return self

    def sign_bytes(self, message: bytes) -> bytes:
        """Raises StorageBroken ("refused") where we have no right to, and CannotSign where it fails otherwise."""
        url = f"{IAM}/v1/projects/-/serviceAccounts/{self._email}:signBlob"
        payload = {"payload": base64.b64encode(message).decode()}
        try:
            answer = self._session.post(url, json=payload, timeout=_SIGNING_TIMEOUT)
        except faults.HTTP_FAULTS as fault:
            meant = faults.of_exception("Google IAM", fault)
            raise (meant if meant.why == "refused" else CannotSign(str(meant))) from None
        if answer.status_code in (401, 403):
            raise StorageBroken(f"Google IAM: {answer.status_code} when asked to sign a URL", why="refused")
        if answer.status_code != 200:
            raise CannotSign(f"Google IAM: {answer.status_code} when asked to sign a URL")
        return base64.b64decode(answer.json()["signedBlob"])
