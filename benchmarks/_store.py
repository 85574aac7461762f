"""A site whose files lie in a store of its own: the hand-written fake of Google Cloud Storage, in another process."""

import json
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask_migrate import upgrade

from tests.fake_gcs import fake_gcs
from tests.planted_clinic import END, START, fill
from tests.stack import Stack, running
from webapp import create_app, generate, report_requests
from webapp.content.question import Question
from webapp.extensions import db
from webapp.models import Clinic, Person

BUCKET = "reports"


@dataclass(frozen=True)
class Site:
    """The processes of the app, the address of the store, and the folder of copies that downloads leave."""

    stack: Stack
    store_url: str
    spool: Path

    def forget_copies(self) -> None:
        for copy in self.spool.glob("[0-9a-f]*"):
            copy.unlink(missing_ok=True)


@contextmanager
def site_with_store(processes: int = 2) -> Iterator[Site]:
    """A migrated database with the planted clinic, so many web processes, and a store that checks no signatures."""
    with TemporaryDirectory(prefix="bench-") as name, _store() as store_url:
        folder = Path(name)
        key_file = folder / "service-account.json"
        key_file.write_text(json.dumps(_service_account(store_url)))
        environ = {
            "STORAGE_EMULATOR_HOST": store_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
            "WEB_CONCURRENCY": str(processes),
        }
        database_url = f"sqlite:///{folder / 'bench.db'}"
        _migrated(folder, database_url)
        # Our own app, which the stack makes here, speaks to the same store.
        before = {name: os.environ.get(name) for name in environ}
        os.environ.update(environ)
        try:
            with running(folder, database_url, environ, storage_bucket=BUCKET, log_level="warning") as stack:
                fill(stack)
                yield Site(stack, store_url, folder / "temp" / "spool")
        finally:
            for variable, value in before.items():
                if value is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = value


def made_report(site: Site, format_name: str) -> str:
    """A ready report of the planted clinic, its file in the store; its id. Needs the app's context."""
    clinic = db.session.query(Clinic).one()
    person = db.session.query(Person).one()
    question = Question("visit_trends", clinic.id, clinic.timezone, START, END)
    report_id = report_requests.ask(person, question, format_name, limit=100).id
    generate.make(report_id)
    return report_id


@contextmanager
def _store() -> Iterator[str]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _serve(told: Connection) -> None:
    with fake_gcs(bucket=BUCKET) as server:
        told.send(server.url)
        told.recv()


def _migrated(folder: Path, database_url: str) -> None:
    app = create_app(database_url=database_url, data_dir=folder, temp_folder=folder / "temp", log_level="warning")
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


def _service_account(url: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "type": "service_account",
        "private_key": pem.decode(),
        "client_email": "reports@clinic-reports.iam.gserviceaccount.com",
        "token_uri": f"{url}/token",
    }
