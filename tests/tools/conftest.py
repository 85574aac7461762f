"""Watching processes from outside."""

from collections.abc import Callable

import psutil
import pytest

from tests.stack import PATIENCE
from tools.processes import wait_until


@pytest.fixture
def wait_for_end() -> Callable[[int], None]:
    """Returns once no such process runs. A dead one that nobody has waited for does not run."""

    def ended(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return lambda pid: wait_until(lambda: ended(pid), PATIENCE, f"the end of process {pid}")
