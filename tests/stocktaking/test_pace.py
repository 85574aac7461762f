"""So many bytes a second, and a bar of how far it is."""

import io
import re

import pytest
from tqdm import tqdm

from tests.stocktaking.conftest import Run
from tests.stocktaking.holdings import file
from webapp.stocktaking import commands
from webapp.stocktaking.move import Move
from webapp.stocktaking.pace import Pace
from webapp.storage import Storage

TO_GOOGLE = ("move", "--from", "local", "--to", "google")


@pytest.mark.parametrize("rate", ["fast", "0", "-5MB", "10 miles"])
def test_a_rate_that_is_none_is_refused(flask: Run, rate: str) -> None:
    done = flask(*TO_GOOGLE, f"--rate={rate}")
    assert (done.exit_code, "Write it like 500kB, 10MB or 1GB" in done.output) == (2, True)


class Stopwatch:
    """A time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def deadline(self, seconds: float) -> "Until":
        return Until(self, self.now + seconds)


class Until:
    def __init__(self, watch: Stopwatch, end: float) -> None:
        self._watch, self._end = watch, end

    @property
    def left(self) -> float:
        return max(0.0, self._end - self._watch.now)


def test_the_rate_is_kept_to_and_time_that_went_by_anyway_counts() -> None:
    watch = Stopwatch()
    pace = Pace(1000, watch.wait, watch.deadline)  # type: ignore[arg-type]
    pace(500)
    pace(2000)
    assert watch.waits == [0.5]
    watch.now += 1.5
    pace(1)
    assert watch.waits == [0.5, 0.5]


def test_what_is_moved_passes_the_pace_before_it_is_fetched(made: list[int], folder: Storage, google: Storage) -> None:
    sizes = list[int]()
    Move(folder, google, pace=sizes.append).run()
    assert sizes == [file(one).size for one in made]


@pytest.mark.parametrize(("rate", "bytes_per_second"), [("10MB", 10e6), ("2.5 kB/s", 2500), ("1g", 1e9), ("700", 700)])
def test_the_rate_that_is_given_is_kept_to(
    flask: Run, made: list[int], monkeypatch: pytest.MonkeyPatch, rate: str, bytes_per_second: float
) -> None:
    rates, sizes = list[float](), list[int]()
    monkeypatch.setattr(commands, "Pace", lambda rate: rates.append(rate) or sizes.append)
    assert flask(*TO_GOOGLE, f"--rate={rate}").exit_code == 0
    assert (rates, sizes) == ([bytes_per_second], [file(one).size for one in made])


@pytest.mark.parametrize(
    ("words", "bar"),
    [((*TO_GOOGLE, "--limit=2"), r"Moving: 100%\|#+\| 2/2 "), (("check",), r"Checking: 100%\|#+\| 3/3 ")],
)
def test_at_a_terminal_a_bar_says_how_far_it_is(
    flask: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], bar: str
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(commands, "tqdm", lambda **named: tqdm(file=terminal, ascii=True, ncols=60, **named))
    assert flask(*words).exit_code == 0
    assert re.search(bar, terminal.getvalue())


def test_elsewhere_there_is_no_bar(flask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(commands, "tqdm", lambda **named: tqdm(file=log, **named))
    assert flask(*TO_GOOGLE).exit_code == 0
    assert log.getvalue() == ""
