"""What a web server says and clears away when it starts."""

import os
import shutil
from pathlib import Path

import pytest

from tests.stack import PATIENCE, running
from tools.processes import wait_until
from webapp.downloads.spool import LIFETIME


@pytest.mark.parametrize(
    ("env", "warning"), [("development", "NO BUCKET: "), ("production", "NO FILE STORE: ")], ids=["folder", "no store"]
)
def test_without_a_bucket_it_warns_once_however_many_processes_it_has_and_removes_old_copies(
    tmp_path: Path, migrated_sqlite: Path, env: str, warning: str
) -> None:
    database = shutil.copy(migrated_sqlite, tmp_path / "start.db")
    spool = tmp_path / "temp" / "spool"
    spool.mkdir(parents=True, mode=0o700)
    left = spool / ("a" * 64)
    left.write_bytes(b"what a process that is gone was sending")
    os.utime(left, (left.stat().st_mtime - 2 * LIFETIME,) * 2)
    settings = {"app_env": env, "secret_key": "k" * 40}
    with running(tmp_path, f"sqlite:///{database}", {"WEB_CONCURRENCY": "2"}, **settings) as stack:
        stack.start("web")
        wait_until(lambda: not left.exists(), PATIENCE, "the end of what a process that is gone left")
        stack.stop("web")
        assert stack.log("web").count(warning) == 1
