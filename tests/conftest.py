"""The parts every test may have: a migrated database of its own, an app on it, real servers where asked for."""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from apps import build_app, close
from flask import Flask
from flask_migrate import upgrade
from hypothesis import HealthCheck, settings
from page_client import PageClient, page_client
from playwright.sync_api import Browser, sync_playwright
from redis import Redis
from sample_data import SAMPLE_DATA
from sqlalchemy import Connection, NullPool, create_engine, make_url

from tools.servers import postgres_server, redis_server
from webapp import temporary
from webapp.extensions import db

# A busy machine must fail nothing, and what passes here must pass everywhere: no deadline, and the same examples. A
# property of a file's bytes may use one folder for all its examples.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")

LONGEST = (
    "test_acceptance.py",
    "test_faults.py",
    "test_flow.py",
    "test_formats.py",
    "test_loading.py",
    "test_run.py",
    "test_read_only_disk.py",
    "test_storage_faults.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Among several workers the files that take longest come first, or one of them would still run when all else is
    done."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session", autouse=True)
def _temporary_files_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All apps of this process share the temporary folder of the first, which must not go before the last does."""
    temporary.use(tmp_path_factory.mktemp("temporary"))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with all migrations run; each test copies it."""
    folder = tmp_path_factory.mktemp("migrated")
    app = build_app(folder, f"sqlite:///{folder / 'migrated.db'}")
    with app.app_context():
        upgrade()
        db.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
        db.engine.dispose()
    return folder / "migrated.db"


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str) -> Iterator[Flask]:
    """An app on SQLite, with no context pushed: a test of pages must not share `g` between requests."""
    app = build_app(tmp_path, sqlite_url)
    yield app
    close(app)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The same app inside its context, for tests below the pages."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser's stand-in, which looks at every page it fetches."""
    return page_client(app)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own, and in it a migrated database called `migrated` that each test copies."""
    with postgres_server() as url:
        migrated = make_url(url).set(database="migrated").render_as_string(hide_password=False)
        with _outside_transactions(url) as server:
            server.exec_driver_sql("CREATE DATABASE migrated")
        with TemporaryDirectory() as folder:
            app = build_app(Path(folder), migrated)
            with app.app_context():
                upgrade()
            close(app)
        yield url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with _outside_transactions(postgres) as server:
        server.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY")
        yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
        server.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of the test's own, once on each kind."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def context_on_each(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """An app inside its context, once on each kind of database."""
    app = build_app(tmp_path, database_url)
    with app.app_context():
        yield app
    close(app)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis: str) -> str:
    """A Redis of our own, empty."""
    with Redis.from_url(redis) as connection:
        connection.flushall()
    return redis


@pytest.fixture(scope="session")
def naughty_strings() -> list[str]:
    """The Big List of Naughty Strings and a list of spreadsheet formulas, which lie beside the project."""
    torture = SAMPLE_DATA / "torture"
    if not torture.is_dir():
        pytest.skip(f"NO SAMPLE DATA: {torture} is not there; set SAMPLE_DATA to the folder that holds torture/")
    strings = json.loads((torture / "blns" / "blns.json").read_text())
    payloads = (torture / "csv-injection-payloadbox" / "Intruder" / "csv-payload.txt").read_text()
    return [*strings, *payloads.splitlines()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium. Tests that need it are skipped, and say so, where it is not installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("NO BROWSER: chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=120_000)
        yield browser
        browser.close()


@contextmanager
def _outside_transactions(url: str) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
