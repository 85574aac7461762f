"""The whole of `make run`: Redis, migrations, demo clinics, and the Procfile's processes, until Ctrl-C.

What REDIS_URL, DATABASE_URL or STORAGE_BUCKET name is used; without them there is an embedded Redis, an SQLite file and
a folder, all in DATA_DIR.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from tools.console import Console
from tools.processes import Refused, die_with_parent, port_in_use
from tools.servers import folder_lock, redis_address, redis_answers, redis_command
from tools.supervisor import Stopped, Supervisor, read_procfile, with_our_programs
from webapp.settings import PROJECT, BadSetting, Settings, redis_url_file

HOST = "127.0.0.1"
# Seconds. An earlier run that was killed needs a moment to let its port go; a slow machine may need long to start.
PORT_PATIENCE, READY_PATIENCE = 3, 120


def main() -> None:
    die_with_parent()
    try:
        asyncio.run(run())
    except (Refused, BadSetting) as refusal:
        sys.exit(f"\n{refusal}")
    except KeyboardInterrupt:
        # Ctrl-C before anything was started.
        sys.exit(130)


async def run() -> None:
    """Start everything in order, say where it is, and stop all of it when asked. Raises Refused and BadSetting."""
    settings = Settings.read()
    port = read_port()
    procfile = read_procfile(PROJECT / "Procfile")
    with Console() as console:
        with ExitStack() as held:
            supervisor = Supervisor(console, {}, PROJECT)
            held.enter_context(only_one(settings.data_dir))
            # One that a killed run has left would lead commands astray.
            redis_url_file(settings.data_dir).unlink(missing_ok=True)
            supervisor.take_charge()
            if not await supervisor.until(lambda: not port_in_use(HOST, port), PORT_PATIENCE):
                raise Refused(
                    f"Port {port} is in use by another program. Stop it, or take another: PORT={port + 1} make run"
                )
            environ = with_our_programs({**os.environ, "PORT": str(port), "DATA_DIR": str(settings.data_dir)})
            supervisor.environ = environ
            try:
                if not os.environ.get("REDIS_URL"):
                    environ["REDIS_URL"] = await start_redis(supervisor, settings.data_dir, held)
                demo = await prepare(supervisor, settings, procfile.pop("release"))
                # The page first: started all at once, they would keep each other, and the person, waiting.
                supervisor.keep("web", procfile.pop("web"))
                url = f"http://{HOST}:{port}"
                if not await supervisor.until(lambda: page_answers(url), READY_PATIENCE):
                    raise Refused(
                        f"The sign-in page did not answer within {READY_PATIENCE} s; the lines above say why."
                    )
                for name, command in procfile.items():
                    supervisor.keep(name, command)
                console.say(welcome(url, demo, settings.data_dir))
                await supervisor.asked_to_stop.wait()
            except Stopped:
                pass
            finally:
                await supervisor.stop()
        console.say("\nEverything is stopped.")


def read_port() -> int:
    """PORT, 8000 by default. Raises Refused on nonsense."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Two runs on the same data would be two of everything. Raises Refused when there is one already."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refused(
                f"Clinic Reports is running here already, as process {lock.read().strip()}. "
                "Stop that one first, with Ctrl-C in its window."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


async def start_redis(supervisor: Supervisor, data_dir: Path, held: ExitStack) -> str:
    """Keep a Redis with its data in `data_dir` running, and say there where it is. Its URL, once it answers."""
    folder, told = data_dir / "redis", redis_url_file(data_dir)
    lock = held.enter_context(folder_lock(folder))
    address = held.enter_context(redis_address(folder))
    supervisor.keep("redis", redis_command(folder, address), last=True, pass_fds=(lock.fileno(),))
    if not await supervisor.until(lambda: redis_answers(address.url), READY_PATIENCE):
        raise Refused(f"Redis did not start; {folder / 'redis.log'} says why.")
    held.callback(told.unlink, missing_ok=True)
    told.write_text(address.url)
    return address.url


async def prepare(supervisor: Supervisor, settings: Settings, release: list[str]) -> list[str]:
    """Migrate the database and load the demo clinics. Who can sign in, in lines.

    Both are skipped, which saves half of the start, where they were done to this very file with the same code.
    """
    stamp = settings.data_dir / "prepared.json"
    inputs = inputs_of(settings)
    with suppress(OSError, ValueError):
        done = json.loads(stamp.read_text())
        if inputs and done["inputs"] == inputs:
            return list(done["demo"])
    await one_step(supervisor, "release", release, "The database could not be brought up to date")
    demo = []
    if not settings.production:
        supervisor.console.say(
            "Looking for the demo clinics. The first time they are made, which takes a little while."
        )
        command = ["flask", "--app", "webapp", "demo"]
        demo = await one_step(supervisor, "demo", command, "The demo clinics could not be loaded")
    stamp.write_text(json.dumps({"inputs": inputs_of(settings), "demo": demo}))
    return demo


def inputs_of(settings: Settings) -> list[str]:
    """What the prepared database depends on. Nothing, which means unknown, for one that is not a file of ours."""
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if not path.is_file() or not (state := _state_of(path)):
        return []
    code = hashlib.sha256()
    for folder in ("migrations", "webapp/clinic_data", "webapp/accounts", "webapp/models"):
        for source in sorted((PROJECT / folder).rglob("*.py")):
            code.update(source.read_bytes())
    return [settings.app_env, str(path), str(path.stat().st_ino), code.hexdigest(), *state]


def _state_of(path: Path) -> list[str]:
    """What migrations and demo clinics have left in an SQLite file: a backup copied over it is still the same file.
    Empty where they have not been there."""
    asked = (
        "SELECT version_num FROM alembic_version",
        "SELECT name FROM clinics WHERE is_demo ORDER BY id",
        "SELECT email FROM people WHERE is_demo ORDER BY id",
    )
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        return [json.dumps(database.execute(query).fetchall()) for query in asked]
    return []


async def one_step(supervisor: Supervisor, name: str, command: list[str], failure: str) -> list[str]:
    """What a command printed, once it has ended well."""
    printed: list[str] = []
    if await supervisor.once(command, printed.append) != 0:
        for line in printed:
            supervisor.console.line(name, line)
        raise Refused(f"{failure}; the lines above say why.")
    return printed


def welcome(url: str, demo: list[str], data_dir: Path) -> str:
    """The one thing to read in all that is printed: where to go, and as whom."""
    told = ["", *demo] if demo else []
    lines = [f"Clinic Reports is ready:  {url}", *told, "", f"Ctrl-C stops it. Your data stays in {data_dir}."]
    rule = "-" * 72
    return "\n".join(["", rule, *(f"  {line}".rstrip() for line in lines), rule, ""])


def page_answers(url: str) -> bool:
    """Whether the first page, which sends strangers to sign in, comes out well. No proxy stands before loopback."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main()
