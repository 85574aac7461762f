"""Each part is looked at in a thread and a time of its own, so that one that hangs delays nobody by more than that."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from flask import Flask, current_app

from webapp.clock import Deadline
from webapp.words import number

log = logging.getLogger(__name__)

State = Literal["Working", "Waiting", "Down", "Not set up"]


@dataclass(frozen=True, slots=True)
class Part:
    """What one look at a part found: how it is, what to do about it, and as `verdict` the same as a heading for the
    whole page, where this part is the worst. All are words for administrators."""

    name: str
    state: State
    told: str
    to_do: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """How to look at a part: `look` answers, needs an app context, and has `seconds` for it; `to_do` and `verdict` are
    of the part that does not answer at all. `rules` is how the rules of the alerts about the part begin."""

    name: str
    look: Callable[[], Part]
    seconds: float
    to_do: str
    verdict: str
    rules: str = ""


def look_at(checks: Sequence[Check]) -> list[Part]:
    """Look at all of them at once; the answers in the same order, after the longest of their times at the latest."""
    app = cast(Any, current_app)._get_current_object()
    looks = [_look_of(app, check) for check in checks]
    return [look.answer() for look in looks]


class _Look:
    """One look on its way. What hangs cannot be ended from outside, so its thread is left behind, and dies with the
    process at the latest."""

    def __init__(self, app: Flask, check: Check) -> None:
        self._app, self._check, self._deadline = app, check, Deadline(check.seconds)
        self._part: Part | None = None
        self.done = threading.Event()
        threading.Thread(target=self._run, name=f"look at {check.name}", daemon=True).start()

    def answer(self) -> Part:
        self.done.wait(self._deadline.left)
        return self._part or self._down(f"It has not answered within {number(self._check.seconds)} seconds.")

    def _run(self) -> None:
        try:
            with self._app.app_context():
                self._part = self._check.look()
        except Exception as fault:
            # Nothing that is wrong with one part may keep the others from being seen.
            log.exception("a look at a part failed")
            self._part = self._down(f"Looking at it failed ({type(fault).__name__}); the log has more.")
        finally:
            self.done.set()

    def _down(self, told: str) -> Part:
        return Part(self._check.name, "Down", told, self._check.to_do, self._check.verdict)


_lock = threading.Lock()


def _look_of(app: Flask, check: Check) -> _Look:
    """A new look, or the one that is still on its way: however many pages are open, a part that hangs holds one thread
    of this process."""
    with _lock:
        looks: dict[str, _Look] = app.extensions.setdefault("looks", {})
        if check.name not in looks or looks[check.name].done.is_set():
            looks[check.name] = _Look(app, check)
        return looks[check.name]
