"""A client for tests of pages, which looks at every page it fetches: `client = page_client(app)`.

A page that breaks a rule fails the test that fetched it, whatever the test is about.
"""

from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect
from werkzeug.test import TestResponse

from webapp.accounts import sessions
from webapp.extensions import db
from webapp.models import Person

VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
UNLABELLED = ("hidden", "submit", "button", "image")


class PageClient(FlaskClient):
    """Flask's test client, plus: pages are checked, sign_in() and submit()."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        # Read to the end and closed, as a browser would.
        response = super().open(*args, **{"buffered": True, **kwargs})
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 307, 308):
            wrong = faults(response.text)
            assert not wrong, f"{response.request.path}: " + "; ".join(wrong)
        return response

    def sign_in(self, person: Person) -> "PageClient":
        """As if the person had just signed in, without the second that a password takes."""
        with self.application.app_context():
            # The row may have been left behind by the session that made it, but it knows its key.
            signed_in = sessions.start(db.session.get_one(Person, inspect(person).identity))
            db.session.commit()
            token = signed_in.get_id()
        with self.session_transaction() as session:
            session.clear()
            session.permanent = True
            session["_user_id"] = token
        return self

    def submit(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """POST a form with a token of this session, which each of its pages holds."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def token(self) -> str:
        look = Look(self.get("/", follow_redirects=True).text)
        return next(tag["value"] for name, tag in look.tags if name == "input" and tag.get("name") == "csrf_token")


def page_client(app: Flask) -> PageClient:
    return PageClient(app, app.response_class, use_cookies=True)


class Look(HTMLParser):
    """What a page is made of: its tags with their attributes, and the text inside links, buttons and headings."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[tuple[dict[str, str], list[dict[str, str]]]] = []
        self.texts: list[tuple[str, dict[str, str], list[str]]] = []
        self.labelled_by_wrapping: list[dict[str, str]] = []
        self._open: list[str] = []
        self._reading: list[tuple[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "title" and "svg" in self._open:
            tag = "svg title"
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append((attributes, []))
        if tag in ("input", "select", "textarea"):
            if "form" in self._open:
                self.forms[-1][1].append(attributes)
            if "label" in self._open:
                self.labelled_by_wrapping.append(attributes)
        if tag in ("a", "button", "h1", "title", "label", "legend"):
            words: list[str] = [attributes.get("aria-label", "")]
            self.texts.append((tag, attributes, words))
            self._reading.append((tag, words))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if self._reading and self._reading[-1][0] == tag:
            self._reading.pop()

    def handle_data(self, data: str) -> None:
        for _, words in self._reading:
            words.append(data.strip())


def faults(html: str) -> list[str]:
    """What is wrong with a page, or with a fragment of one, in words."""
    look = Look(html)
    wrong = [*_texts(look), *_labels(look), *_forms(look), *_inline(look), *_names(look)]
    if "<html" in html:
        wrong += _whole(look, html)
    return wrong


def _whole(look: Look, html: str) -> list[str]:
    kinds = [name for name, _ in look.tags]
    wrong = [f"{kinds.count(name)} {name} instead of one" for name in ("h1", "title", "main") if kinds.count(name) != 1]
    if not html.lower().startswith("<!doctype html>"):
        wrong.append("no doctype at the start")
    if not next(tag for name, tag in look.tags if name == "html").get("lang"):
        wrong.append("no language")
    if not any(name == "meta" and tag.get("name") == "viewport" for name, tag in look.tags):
        wrong.append("no viewport, so telephones shrink it")
    return wrong


def _texts(look: Look) -> list[str]:
    wrong = [f"empty {name} {tag}" for name, tag, words in look.texts if not "".join(words)]
    wrong += [f"link to nowhere {tag}" for name, tag in look.tags if name == "a" and tag.get("href", "#") in ("", "#")]
    # A browser would save whatever comes, a page that says why there is no file too.
    wrong += [f"link that saves what comes {tag}" for name, tag in look.tags if name == "a" and "download" in tag]
    wrong += [f"image without alt {tag}" for name, tag in look.tags if name == "img" and "alt" not in tag]
    return wrong


def _labels(look: Look) -> list[str]:
    labelled = {tag["for"] for name, tag, _ in look.texts if name == "label" and "for" in tag}
    return [
        f"{name} without label {tag}"
        for name, tag in look.tags
        if name in ("input", "select", "textarea")
        and tag.get("type") not in UNLABELLED
        and not (tag.get("aria-label") or tag.get("aria-labelledby") or tag.get("id") in labelled)
        and not any(tag is wrapped for wrapped in look.labelled_by_wrapping)
    ]


def _forms(look: Look) -> list[str]:
    wrong = []
    for form, controls in look.forms:
        posts = form.get("method", "get").lower() == "post"
        token = any(control.get("name") == "csrf_token" and control.get("value") for control in controls)
        if posts and not token:
            wrong.append(f"form without CSRF token {form}")
        if token and not posts:
            wrong.append(f"CSRF token in a URL {form}")
    return wrong


def _inline(look: Look) -> list[str]:
    """What the content security policy would not run."""
    wrong = [
        f"inline {name}" for name, tag in look.tags if name == "style" or (name == "script" and not tag.get("src"))
    ]
    for name, tag in look.tags:
        wrong += [f"{key} on {name}" for key in tag if key == "style" or key.startswith(("on", "hx-on"))]
        wrong += [
            f"javascript: in {key}" for key, value in tag.items() if value.strip().lower().startswith("javascript:")
        ]
    return wrong


def _names(look: Look) -> list[str]:
    ids = [tag["id"] for _, tag in look.tags if "id" in tag]
    wrong = [f"id {name} used twice" for name in sorted({name for name in ids if ids.count(name) > 1})]
    for name, tag in look.tags if "html" in dict(look.tags) else ():
        for key in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            missing = [target for target in tag.get(key, "").split() if target not in ids]
            wrong += [f"{key} of {name} points to {target}, which is not there" for target in missing]
    return wrong
