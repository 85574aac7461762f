"""An app on a bucket behind a proxy, and every fault of the store as a context in which it is so.

with CAUSES["403 Forbidden"](world):
    world.download(report_id)
"""

import hashlib
import io
import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apps import build_app, close
from flask import Flask
from page_client import page_client
from sqlalchemy import func, select, update

from tests import factories
from tests import fault_proxy as faults
from tests.buckets import Bucket
from tests.fault_proxy import Fault, FaultProxy
from webapp import audit, clock, jobs
from webapp.downloads import spool
from webapp.errors import NoRoom
from webapp.extensions import db
from webapp.generate import drawing
from webapp.generate.sweep import sweep
from webapp.models import Alert, DownloadTry, File, FileMaking, Report
from webapp.settings import PROJECT, Settings
from webapp.storage import google, signed

SENTENCES = ("Reports that you have asked for are safe.", NoRoom.plain)
"""One of these stands on every page that comes instead of a file."""

KINDS = {
    "google": {
        "any": (".*", ""),
        "get": ("GET", ""),
        "signed": ("GET", "X-Goog-Signature="),
        "client": ("GET", "^/download/"),
        "read": ("GET", "^/download/|X-Goog-Signature="),
        "upload": ("POST", "^/upload/"),
    },
    "s3": {
        "any": (".*", ""),
        "get": ("GET", ""),
        "signed": ("GET", "X-Amz-Signature="),
        "client": ("GET", "^/reports/reports/[^?]*$"),
        "read": ("GET", "^/reports/reports/"),
        "upload": ("PUT", "^/reports/reports/"),
    },
}
"""Method and path of a store's requests: any at all, any GET, by signed URL, by the client, by either, an upload."""

_MAKING = "import sys, webapp, webapp.jobs as all\nwith webapp.create_app().app_context(): all.make_report(sys.argv[1])"


@dataclass(frozen=True, slots=True)
class Seed:
    """Ready reports: their database, their objects by key, and their ids."""

    database: Path
    objects: dict[str, bytes]
    report_ids: list[str]


class World:
    """An app on a bucket behind a proxy, and reports that somebody downloads. `environ` is what the test may change."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        redis_url: str,
        proxy: FaultProxy,
        bucket: Bucket,
        environ: pytest.MonkeyPatch,
    ) -> None:
        self.folder, self.proxy, self.bucket = folder, proxy, bucket
        self._database_url, self._redis_url, self._environ = database_url, redis_url, environ
        self._apps: list[Flask] = []
        self.log = io.StringIO()
        self.app = self.restarted()

    def restarted(self, url: str = "", **other: str | None) -> Flask:
        """Another process of the app, which knows of no fault yet, on an empty disk. `url` is where it looks for the
        store, and `other` are variables of its environment."""
        environ = {**self.bucket.environ(url or self.proxy.url), **other}
        for name, value in environ.items():
            if value is None:
                self._environ.delenv(name)
            else:
                self._environ.setenv(name, value)
        told = {name.lower(): value for name, value in environ.items() if name.lower() in Settings.__slots__}
        self.app = build_app(self.folder, self._database_url, redis_url=self._redis_url, **told)
        self._apps.append(self.app)
        self._listen()
        self.forget_copies()
        return self.app

    def _listen(self) -> None:
        """Keep what the app logs, in its own form."""
        root = logging.getLogger()
        handler = logging.StreamHandler(self.log)
        handler.setFormatter(root.handlers[0].formatter)
        root.addHandler(handler)

    def forget_copies(self) -> None:
        for copy in self.spool_folder.glob("[0-9a-f]*"):
            copy.unlink()

    @property
    def spool_folder(self) -> Path:
        folder: Path = self.app.extensions["spool"].folder
        return folder

    def close(self) -> None:
        self.proxy.mend()
        for app in self._apps:
            close(app)

    # -- What people and workers do ------------------------------------------------------------------------------------

    def ask(self, *formats: str) -> list[str]:
        """A queued report in each of the formats, each of another clinic; their ids."""
        with self.app.app_context():
            clinics = [factories.add_clinic() for _ in formats]
            return [
                factories.add_asked_report(clinic=clinic, format=name).id
                for clinic, name in zip(clinics, formats, strict=True)
            ]

    def load(self, seed: Seed) -> list[str]:
        """The reports of a seed, as if they had been made here; their ids."""
        with closing(sqlite3.connect(seed.database)) as source, closing(sqlite3.connect(self._database_file)) as copy:
            source.backup(copy)
        for key, data in seed.objects.items():
            self.bucket.write(key, data)
        return seed.report_ids

    def seed(self, folder: Path, *formats: str) -> Seed:
        """Ready reports in these formats, kept in the folder for others to load."""
        asked = self.ask(*formats)
        for report_id in asked:
            self.make(report_id)
        database = folder / f"{self.bucket.service}.db"
        with closing(sqlite3.connect(self._database_file)) as source, closing(sqlite3.connect(database)) as copy:
            source.backup(copy)
        return Seed(database, self.bucket.objects(), asked)

    @property
    def _database_file(self) -> str:
        return self._database_url.removeprefix("sqlite:///")

    def make(self, report_id: str) -> None:
        """As a worker does. One that fails is marked so, and raises for the queue to know of it too."""
        with self.app.app_context(), suppress(NoRoom):
            jobs.make_report(report_id)

    @contextmanager
    def working(self, report_id: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A process of its own that makes the report."""
        told = {
            "DATABASE_URL": self._database_url,
            "REDIS_URL": self._redis_url,
            "DATA_DIR": str(self.folder),
            "TEMP_FOLDER": str(self.folder / "temp"),
        }
        command = [sys.executable, "-c", _MAKING, report_id]
        with subprocess.Popen(command, env={**os.environ, **told}, cwd=PROJECT) as process:
            try:
                yield process
            finally:
                process.kill()

    def take_over(self) -> None:
        """As the watch does when the lease of a dead worker has run out."""
        with self.app.app_context():
            db.session.execute(update(Report).values(lease_until=clock.now() - timedelta(hours=1)))
            db.session.commit()
            assert sweep().taken_over == 1

    def download(self, report_id: str) -> tuple[str, list[str]]:
        """What came of it (right, told or wrong), and each way that was tried, with its outcome where that did not
        serve."""
        with self.app.app_context():
            report = db.session.get_one(Report, report_id)
            if report.status == "failed":
                return "told" if report.failure else "wrong", ["report failed"]
            file = db.session.scalars(select(File).where(File.report_id == report_id)).one()
            known = db.session.scalar(select(func.max(DownloadTry.id))) or 0
            person = report.requester
        answer = page_client(self.app).sign_in(person).get(f"/reports/{report_id}/files/{file.format}")
        with self.app.app_context():
            tries = db.session.scalars(select(DownloadTry).where(DownloadTry.id > known).order_by(DownloadTry.id))
            tried = [one.tier if one.outcome == "served" else f"{one.tier} ({one.outcome})" for one in tries]
        if answer.status_code == 200:
            return "right" if sha256_of(answer.data) == file.sha256 else "wrong", tried
        is_sentence = answer.status_code in (500, 503) and any(sentence in answer.text for sentence in SENTENCES)
        return "told" if is_sentence else "wrong", tried

    def put_back(self) -> None:
        """The jobs that wait for the store to be well again, in a process that has not seen it ill."""
        with self.restarted().app_context():
            for making_id in db.session.scalars(select(FileMaking.id)).all():
                jobs.make_file(making_id)
            assert db.session.scalars(select(FileMaking.status)).all() == []

    # -- What is seen --------------------------------------------------------------------------------------------------

    def alerts(self) -> list[str]:
        """The open ones, as rule and message, without the numbers of ports and reports, which differ each time."""
        with self.app.app_context():
            alerts = db.session.scalars(
                select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.rule, Alert.subject)
            )
            return [re.sub(r"\b[0-9a-f]{32}\b|:\d{5}\b", "…", f"{alert.rule}: {alert.message}") for alert in alerts]

    def account(self) -> tuple[int, int]:
        """How many reports are lost (neither told to have failed nor with the right object in the store), and how many
        objects are there that no file names. The audit log is whole."""
        objects = {key: sha256_of(data) for key, data in self.bucket.objects().items()}
        with self.app.app_context():
            assert list(audit.faults()) == []
            files = db.session.scalars(select(File)).all()
            right = {file.report_id for file in files if objects.get(file.storage_key) == file.sha256}
            told = set(db.session.scalars(select(Report.id).where(Report.status == "failed")))
            lost = set(db.session.scalars(select(Report.id))) - right - told
            return len(lost), len(set(objects) - {file.storage_key for file in files})


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# -- Causes ------------------------------------------------------------------------------------------------------------

Cause = Callable[[World], AbstractContextManager[object]]


def by_proxy(fault: Fault, kind: str = "any", times: int | None = None) -> Cause:
    """`kind` is one of KINDS."""

    @contextmanager
    def cause(world: World) -> Iterator[None]:
        method, path = KINDS[world.bucket.service][kind]
        rule = world.proxy.when(fault, method=method, path=path, times=times)
        yield
        assert rule.done, "nobody met the fault"
        world.proxy.mend()

    return cause


def impatient(cause: Cause) -> Cause:
    """For faults at which the app tries or waits until its time is up: that is short, and what comes of it the same."""

    @contextmanager
    def short(world: World) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(signed, "READ_SECONDS", 2.0)
            patch.setattr(google, "_RETRY", google._RETRY.with_delay(0.01, 0.01).with_timeout(0.1))
            patch.setattr(google, "_TIMEOUT", (2, 2))
            with cause(world):
                yield

    return short


@contextmanager
def no_such_host(world: World) -> Iterator[None]:
    """The name server knows no such name; it is asked about the others."""
    look_up = socket.getaddrinfo

    def known(host: Any, *rest: Any, **named: Any) -> Any:
        if host == "store.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", known)
        world.restarted("http://store.invalid")
        yield


def to_each_object(change: Callable[[Bucket, str, bytes], object]) -> Cause:
    """What happens in the store itself."""

    @contextmanager
    def cause(world: World) -> Iterator[None]:
        for key, data in world.bucket.objects().items():
            change(world.bucket, key, data)
        yield

    return cause


@contextmanager
def deleted_between_check_and_read(world: World) -> Iterator[None]:
    """Without a key that signs, the client reads; what is deleted is there until the store hears of that."""
    world.restarted(GOOGLE_APPLICATION_CREDENTIALS=None)
    with by_proxy(faults.doing_first(world.bucket.clear), "client", times=1)(world):
        yield


def without_room(*, to_draw: bool) -> Cause:
    """The disk of TEMP_FOLDER is full, and no file is fetched, or `to_draw` is False and none drawn, in memory."""

    @contextmanager
    def cause(world: World) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch, _full(world.spool_folder) as folder:
            patch.setattr(spool, "IN_MEMORY", 1)
            if not to_draw:
                patch.setattr(drawing, "IN_MEMORY", 1)
                patch.setattr(tempfile, "tempdir", str(folder))
            yield

    return cause


@contextmanager
def _full(folder: Path) -> Iterator[Path]:
    """No byte more can be written in the folder: a small disk lies there, full, where we may mount one; elsewhere what
    is written there goes to the kernel's device that is always full."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(folder)]
    if os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        try:
            with (folder / "all-the-room").open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    usual_open = os.open

    def open_full(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(str(folder)) and "lock-" not in str(path):
            return usual_open("/dev/full", os.O_RDWR)
        return usual_open(path, flags, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", open_full)
        yield folder
