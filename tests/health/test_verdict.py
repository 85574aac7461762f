"""The first line of the page."""

from webapp.health.looks import Part, State
from webapp.health.verdict import verdict
from webapp.models import Alert


def part(name: str, state: State) -> Part:
    return Part(name, state, "told", f"Mend {name}.", f"{name} is broken: reports wait")


def alert(severity: str, message: str) -> Alert:
    return Alert(severity=severity, rule="rule", message=message, what_to_do="See to it.")


WORKS, WAITS, DOWN = part("Database", "Working"), part("Queue", "Waiting"), part("Redis", "Down")
NOT_SET_UP = part("File store", "Not set up")


def told(*given: Part | Alert) -> tuple[str, str, str]:
    parts = [item for item in given if isinstance(item, Part)]
    found = verdict(parts, [item for item in given if isinstance(item, Alert)])
    return found.kind, found.title, found.told


def test_where_nothing_is_wrong_everything_is_working() -> None:
    assert told(WORKS, WORKS) == ("ok", "Everything is working", "Every part answers, and nothing needs you.")


def test_what_is_for_information_needs_nobody() -> None:
    assert told(WORKS, alert("info", "All files were moved."))[1] == "Everything is working"


def test_one_part_that_is_down_is_named_with_what_it_means_and_what_to_do() -> None:
    assert told(WORKS, DOWN) == ("bad", "Redis is broken: reports wait", "Mend Redis.")


def test_what_only_waits_is_not_named_beside_what_it_waits_for() -> None:
    assert told(WAITS, DOWN)[1] == "Redis is broken: reports wait"
    assert told(WORKS, WAITS) == ("warn", "Queue is broken: reports wait", "Mend Queue.")


def test_several_are_counted_and_named() -> None:
    assert told(WORKS, DOWN, NOT_SET_UP) == (
        "bad",
        "2 things need you: Redis and the file store",
        "Redis is broken: reports wait. Mend Redis. Then see to the others below.",
    )


def test_alerts_beside_a_part_that_is_down_are_mentioned() -> None:
    assert told(DOWN, alert("warning", "a"))[2] == "Mend Redis. 1 alert is open below."
    assert told(DOWN, alert("warning", "a"), alert("critical", "b"))[2] == "Mend Redis. 2 alerts are open below."


def test_where_every_part_works_the_gravest_alert_speaks() -> None:
    assert told(WORKS, alert("warning", "A file was damaged.")) == (
        "warn",
        "One thing needs you",
        "A file was damaged. See to it.",
    )
    assert told(WORKS, alert("warning", "A file was damaged."), alert("critical", "A report was given up.")) == (
        "bad",
        "2 things need you",
        "A report was given up. See to it. See to the other alerts below too.",
    )
