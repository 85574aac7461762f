"""So many bytes a second, and no more."""

import time
from collections.abc import Callable

from webapp.clock import Deadline


class Pace:
    """Called with a number of bytes before they are moved, it waits until those before them have had their time."""

    def __init__(
        self,
        bytes_per_second: float,
        wait: Callable[[float], None] = time.sleep,
        deadline: Callable[[float], Deadline] = Deadline,
    ) -> None:
        self._rate, self._wait, self._deadline = bytes_per_second, wait, deadline
        self._paid = deadline(0)

    def __call__(self, size: int) -> None:
        if left := self._paid.left:
            self._wait(left)
        self._paid = self._deadline(size / self._rate)


def no_limit(_size: int) -> None:
    """As fast as it goes."""
