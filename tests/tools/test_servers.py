import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
import redis
import sqlalchemy as sa

from tests.stack import PATIENCE
from tools import servers
from tools.processes import Refused, free_port, wait_until
from tools.servers import NO_REDIS, postgres_server, redis_binary, redis_server
from webapp.settings import PROJECT


def pid_of(url: str) -> int:
    with redis.Redis.from_url(url) as connection:
        return int(connection.info()["process_id"])


def test_redis_answers_and_is_gone_afterwards(tmp_path: Path, wait_for_end: Callable[[int], None]) -> None:
    with redis_server(tmp_path) as url:
        pid = pid_of(url)
    wait_for_end(pid)


def test_redis_keeps_its_data_from_one_start_to_the_next(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url, redis.Redis.from_url(url) as connection:
        connection.set("kept", "yes")
        os.kill(pid_of(url), signal.SIGTERM)
    with redis_server(tmp_path) as url, redis.Redis.from_url(url) as connection:
        assert connection.get("kept") == b"yes"


def test_redis_is_set_up_to_lose_no_job(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url, redis.Redis.from_url(url) as connection:
        settings = connection.config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"


def test_only_its_owner_may_open_the_socket(tmp_path: Path) -> None:
    with redis_server(tmp_path):
        assert stat.S_IMODE((tmp_path / "redis.sock").stat().st_mode) == 0o700


def test_redis_runs_in_a_folder_whose_path_is_too_long_for_a_socket(tmp_path: Path) -> None:
    with redis_server(tmp_path / ("long" * 30)) as url:
        assert pid_of(url)


def test_redis_listens_on_a_port_when_told_to(tmp_path: Path) -> None:
    port = free_port()
    with redis_server(tmp_path, port) as url:
        assert url == f"redis://127.0.0.1:{port}/0"
        assert pid_of(url)


STARTS_A_SERVER_AND_WAITS = """
import sys
from pathlib import Path
import psutil
from tools.servers import postgres_server, redis_server
with {server}:
    (child,) = psutil.Process().children()
    print(child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("server", ["redis_server(Path(sys.argv[1]))", "postgres_server()"])
def test_a_server_dies_with_a_parent_that_is_killed(
    server: str, tmp_path: Path, wait_for_end: Callable[[int], None]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER_AND_WAITS.format(server=server), str(tmp_path)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        main = psutil.Process(int(parent.stdout.readline()))
        family = [main, *main.children(recursive=True)]
        words = main.cmdline()
        parent.kill()
    for process in family:
        wait_for_end(process.pid)
    if "-D" in words:
        # A killed parent cannot remove PostgreSQL's temporary folder, but the next server does.
        left = [Path(words[words.index("-D") + 1]).parent, Path(words[words.index("-k") + 1])]
        with postgres_server():
            # Or another test's server that started at this moment is just removing it.
            wait_until(lambda: not any(map(Path.exists, left)), PATIENCE, "the end of the folders that were left")


@pytest.fixture
def bare_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a Python that has no Redis beside it."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_it_says_how_to_install_redis_where_there_is_none(bare_python: Path) -> None:
    with pytest.raises(Refused, match="sudo apt install redis-server") as refused:
        redis_binary({"PATH": "/nowhere"})
    assert str(refused.value) == NO_REDIS


def test_the_redis_on_path_comes_before_the_one_from_the_package(bare_python: Path) -> None:
    program(bare_python, "redis-server", "Redis server v=6.2.14 sha=0")
    system = program(bare_python / "system", "redis-server", "Redis server v=7.0.15 sha=0")
    assert redis_binary({"PATH": str(system.parent)}) == system


def test_a_redis_too_old_for_the_queue_is_passed_over(bare_python: Path) -> None:
    ours = program(bare_python, "redis-server", "Redis server v=6.2.14 sha=0")
    system = program(bare_python / "system", "redis-server", "Redis server v=6.0.16 sha=0")
    assert redis_binary({"PATH": str(system.parent)}) == ours


def test_a_second_postgres_leaves_the_first_and_what_bears_no_mark_alone() -> None:
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as other, postgres_server() as url:
        with postgres_server():
            pass
        assert Path(other).exists()
        assert Path(sa.make_url(url).query["host"]).exists()


@pytest.mark.parametrize("place", ["/dev/shm", "/nowhere"], ids=["in memory where there is room", "on a disk"])
def test_postgres_answers_and_leaves_no_folder(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_IN_MEMORY", place)
    with postgres_server() as url:
        folder = Path(sa.make_url(url).query["host"])
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SHOW timezone")) == "UTC"
            data = Path(str(connection.scalar(sa.text("SHOW data_directory"))))
        engine.dispose()
    assert not folder.exists()
    assert not data.parent.exists()
