"""A database with the demo clinics in it."""

import os
import subprocess
from pathlib import Path

from tools.supervisor import with_our_programs
from webapp.settings import PROJECT


def demo_database(folder: Path) -> str:
    """Make one in `folder`, as `make run` does; its URL."""
    url = f"sqlite:///{folder / 'demo.db'}"
    environ = with_our_programs(os.environ) | {"DATABASE_URL": url, "DATA_DIR": str(folder), "LOG_LEVEL": "warning"}
    for command in (["db", "upgrade"], ["demo"]):
        subprocess.run(
            ["flask", "--app", "webapp", *command], cwd=PROJECT, env=environ, check=True, stdout=subprocess.DEVNULL
        )
    return url
