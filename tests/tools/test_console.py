"""What is said reaches whoever reads it, and waits for nobody who does not."""

import os
import re

import pytest

from tools import console
from tools.console import MOST_WAITING, Console


def test_lines_come_in_order_after_the_name_of_their_process() -> None:
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8") as reader:
        with open(writing, "w", encoding="utf-8") as stream, Console(stream) as said:
            said.line("web", "caf\xe9")
            said.say("ready")
        assert reader.read() == "web       | caf\xe9\nready\n"


def test_lines_that_nobody_reads_are_dropped_and_counted_where_they_were() -> None:
    reading, writing = os.pipe()
    with (
        open(reading, encoding="utf-8") as reader,
        open(writing, "w", encoding="utf-8") as stream,
        Console(stream) as said,
    ):
        for number in range(5000):
            said.say(f"line {number} {'x' * 200}")
        # Of these, some fill the pipe and MOST_WAITING wait; once as many are read, there is room for more.
        lines = [reader.readline() for _ in range(MOST_WAITING)]
        said.say("the last line")
        lines += iter(reader.readline, "the last line\n")
    next_number = 0
    for line in lines:
        if told := re.fullmatch(r"\((\d+) lines are left out here: nobody read them\)\n", line):
            next_number += int(told[1])
        else:
            assert line.startswith(f"line {next_number} ")
            next_number += 1
    assert next_number == 5000
    assert len(lines) < 5000


def test_a_reader_who_never_comes_and_one_who_has_gone_keep_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.01)
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stream:
        with Console(stream) as said:
            for _ in range(5000):
                said.say("x" * 200)
        os.close(reading)
        with Console(stream) as said:
            said.say("to nobody")
