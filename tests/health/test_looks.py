"""Each part in a thread and a time of its own."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask, current_app

from webapp.health.looks import Check, Part, look_at


def check(name: str, look: object, seconds: float = 60) -> Check:
    return Check(name, look, seconds, "See to it.", "It is not well")  # type: ignore[arg-type]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a part hangs on, until the test is over."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_all_answer_in_the_order_they_were_asked(context: Flask) -> None:
    name = current_app.name
    asked = [check(part, lambda part=part: Part(part, "Working", current_app.name)) for part in ("b", "a", "c")]
    assert look_at(asked) == [Part(part, "Working", name) for part in ("b", "a", "c")]


def test_a_part_that_hangs_is_down_and_keeps_nobody_waiting(context: Flask, gate: threading.Event) -> None:
    hanging = check("hangs", gate.wait, seconds=0)
    told = "It has not answered within 0 seconds."
    for _ in range(3):
        hangs, works = look_at([hanging, check("works", lambda: Part("works", "Working", ""))])
        assert hangs == Part("hangs", "Down", told, "See to it.", "It is not well")
        assert works.state == "Working"


def test_a_part_that_hangs_holds_one_thread_however_often_it_is_looked_at(
    context: Flask, gate: threading.Event
) -> None:
    started = []

    def hang() -> None:
        started.append(1)
        gate.wait()

    for _ in range(5):
        look_at([check("hangs", hang, seconds=0)])
    gate.set()
    context.extensions["looks"]["hangs"].done.wait()
    assert started == [1]


def test_what_hung_is_looked_at_anew_when_it_has_ended(context: Flask, gate: threading.Event) -> None:
    def slow() -> Part:
        gate.wait()
        return Part("slow", "Working", "")

    (late,) = look_at([check("slow", slow, seconds=0)])
    gate.set()
    context.extensions["looks"]["slow"].done.wait()
    (now,) = look_at([check("slow", slow)])
    assert (late.state, now.state) == ("Down", "Working")


def test_every_page_looks_anew(context: Flask) -> None:
    numbers = iter(range(3))
    counting = check("counts", lambda: Part("counts", "Working", str(next(numbers))))
    told = []
    for _ in range(3):
        told += [part.told for part in look_at([counting])]
        context.extensions["looks"]["counts"].done.wait()
    assert told == ["0", "1", "2"]


def test_a_look_that_fails_is_told_by_its_kind_alone(context: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Part:
        raise KeyError("Maria Santos")

    (part,) = look_at([check("fails", fail)])
    assert (part.state, part.told) == ("Down", "Looking at it failed (KeyError); the log has more.")
    assert caplog.records[0].exc_info
