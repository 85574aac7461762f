"""A person at a browser without the browser, for tests and benchmarks of a real server."""

import re

import requests

from tests.stack import PATIENCE


class Visitor:
    """Signs in at once; then asks for reports and looks at pages. An answer from 400 on raises requests.HTTPError."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.url, self._session = url, requests.Session()
        self._session.trust_env = False
        self._token = self._find_token("/sign-in")
        self._post("/sign-in", email=email, password=password)
        self._token = self._find_token("/")

    def ask(self, template: str, format_name: str, **choices: str) -> str:
        """Send the form of a new report; the report's id, from the address that the answer leads to."""
        return self._post("/reports/new", template=template, format=format_name, **choices).rpartition("/")[2]

    def page(self, path: str) -> str:
        answer = self._session.get(self.url + path, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.text

    def download(self, report_id: str, format_name: str) -> bytes:
        answer = self._session.get(f"{self.url}/reports/{report_id}/files/{format_name}", timeout=PATIENCE)
        answer.raise_for_status()
        assert "attachment" in answer.headers["Content-Disposition"], f"a page instead of a file: {answer.url}"
        return answer.content

    @property
    def cookies(self) -> dict[str, str]:
        """By which others are taken for this visitor."""
        return dict(self._session.cookies)

    def _find_token(self, path: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page(path))
        assert found, f"{path} has no form"
        return found[1]

    def _post(self, path: str, **data: str) -> str:
        """Where the answer leads, without going there: that is a second request."""
        answer = self._session.post(
            self.url + path, {"csrf_token": self._token, **data}, timeout=PATIENCE, allow_redirects=False
        )
        answer.raise_for_status()
        return answer.headers["Location"]
