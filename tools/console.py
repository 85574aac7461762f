"""What `make run` and the supervisor say, in lines."""

import os
import queue
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)

# Lines that may wait for a reader, and the seconds that the last ones are waited for in the end.
MOST_WAITING, PATIENCE = 1000, 1.0


class Console:
    """Lines of many processes on one stream, each after its process's name, in colour on a terminal.

    A stream that nobody reads (Ctrl-S, a pager) keeps nobody waiting: a thread does the writing, and lines beyond
    MOST_WAITING are dropped and counted. Leaving the context waits for the writing, up to PATIENCE.
    """

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self.stream = stream
        self.colourful = stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._dropped = 0
        self._writer = threading.Thread(target=self._write, name="console", daemon=True)
        self._writer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, where: TracebackType | None
    ) -> None:
        with suppress(queue.Full):
            self._tell_of_dropped()
            self._waiting.put_nowait(None)
        self._writer.join(PATIENCE)

    def line(self, name: str, text: str) -> None:
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        label = f"{name:9} |"
        self.say(f"\x1b[{colour}m{label}\x1b[0m {text}" if self.colourful else f"{label} {text}")

    def say(self, text: str) -> None:
        try:
            self._tell_of_dropped()
            self._waiting.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def _tell_of_dropped(self) -> None:
        if self._dropped:
            self._waiting.put_nowait(f"({self._dropped} lines are left out here: nobody read them)")
            self._dropped = 0

    def _write(self) -> None:
        """Straight to the file: a buffer that this thread holds locked would keep Python from ending."""
        while (text := self._waiting.get()) is not None:
            left = f"{text}\n".encode(self.stream.encoding, "replace")
            # A terminal that has gone must not keep us from stopping what we started.
            with suppress(OSError, ValueError):
                while left:
                    left = left[os.write(self.stream.fileno(), left) :]
