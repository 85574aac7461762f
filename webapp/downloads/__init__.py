"""The bytes come back: as stored, checked before the first one goes out, or made again from what was frozen.

A file is had by the first of these tiers that has it right: a copy fetched a moment ago, a signed URL, the storage
client, the folder that was the store before, a drawing from the frozen figures. Each that is tried is written down.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from flask import Flask, current_app
from sqlalchemy import func, select

from webapp import alerts, audit, storage, temporary
from webapp.clock import Deadline
from webapp.downloads.lookup import Lookup
from webapp.downloads.spool import Spool, TurnNotHad
from webapp.downloads.tries import Tries
from webapp.errors import (
    CannotSign,
    Crowded,
    RenderFailed,
    ReportFault,
    StorageBroken,
    StorageMissing,
    StorageNotConfigured,
)
from webapp.extensions import db
from webapp.generate import keeping, making
from webapp.generate.drawing import Drawn
from webapp.generate.gone import unless_deleted
from webapp.generate.making import Turn
from webapp.models import Download, File, FileMaking, Report
from webapp.settings import Settings
from webapp.storage.local import LocalStorage

__all__ = ["BeingMade", "Fetched", "NotMade", "direct_url", "fetch", "init_app", "record", "row_of"]

_LOOK_AGAIN = 0.1


class BeingMade(ReportFault):
    """A worker makes the file, or somebody else does, and whoever asked can wait for it on a page of its own."""

    plain = "This file is being made again from its figures. It will be here in a moment."


class NotMade(RenderFailed):
    """A worker could not make the file; its sentence is for people."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was checked: its bytes from the start, their number and SHA-256, by what means they were had, and
    whether they are the bytes that the file had before."""

    stream: BinaryIO
    size: int
    sha256: str
    tier: str
    is_same: bool = True


def init_app(app: Flask) -> None:
    """Give the app its spool, which is made when it is first needed."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["spool"] = Spool(temporary.spool_folder(), settings.spool_mb * 1024 * 1024)


def row_of(report: Report, format_name: str) -> File | None:
    """What is known of one format of a report that was made before."""
    return db.session.scalar(select(File).where(File.report_id == report.id, File.format == format_name))


def fetch(report: Report, format_name: str) -> Fetched:
    """The bytes of one format of a ready report.

    Missing or wrong stored bytes are made again and put back; a broken store is told of and not waited for. Raises
    BeingMade where that is left to a worker, NotMade where that one failed, errors.Crowded, errors.RenderFailed,
    errors.FiguresDamaged, errors.StorageNotConfigured, and errors.ReportGone where it is deleted meanwhile.
    """
    if not storage.is_set_up():
        alerts.raise_alert("critical", "store-not-set-up", message=storage.NO_STORE, what_to_do=storage.SET_ONE_UP)
        raise StorageNotConfigured("a file was asked for")
    with unless_deleted(report):
        file, tries = row_of(report, format_name), Tries(report.id, format_name)
        name = file.sha256 if file else report.id
        db.session.commit()
    try:
        with _turn(name):
            waiting = Deadline(_settings().fetch_seconds)
            while (fetched := _once(report, format_name, tries)) is None:
                _wait_for_who_makes_it(report, format_name, waiting)
            return fetched
    except TurnNotHad:
        raise Crowded("the turn was not had") from None
    finally:
        tries.write_down()


def direct_url(report: Report, format_name: str) -> tuple[str, str] | None:
    """A signed URL where a browser gets the file itself, and the file's SHA-256; None where the store does not have it
    right, or cannot be asked, or nothing can be signed."""
    file = row_of(report, format_name)
    if file is None or not storage.is_set_up() or file.store != storage.current().name:
        return None
    store, began, tries = storage.current(), time.perf_counter(), Tries(report.id, format_name)
    db.session.expunge(file)
    db.session.commit()
    try:
        there = store.stat(file.storage_key)
        if there.size != file.size or file.crc32c is None or there.crc32c != file.crc32c:
            return None
        url = store.signed_url(file.storage_key, seconds=_settings().signed_url_seconds)
    except (StorageMissing, CannotSign):
        # The other way sees to that.
        return None
    except StorageBroken as fault:
        tries.add("signed URL", fault.why, began)
        tries.write_down()
        keeping.tell_of_a_broken_store("read", fault)
        return None
    tries.add("signed URL", "served", began)
    tries.write_down()
    return url, file.sha256


def record(report: Report, format_name: str, sha256: str, tier: str, person_id: int, *, counts: bool) -> None:
    """Write down that this person was handed this file, or without `counts` a later part of it, and by what means.
    Raises errors.ReportGone."""
    with unless_deleted(report):
        if counts:
            db.session.add(Download(report_id=report.id, person_id=person_id, format=format_name, tier=tier))
        audit.record(
            "report.downloaded" if counts else "report.downloaded_in_part",
            f"report:{report.id}",
            person_id=person_id,
            format=format_name,
            tier=tier,
            sha256=sha256,
        )
        db.session.commit()


@contextmanager
def _turn(name: str) -> Iterator[None]:
    """The right to fetch or make a file on this machine alone. What lies in a folder needs no fetching: there, one at a
    time draws it, and any number read it."""
    if _is_a_folder():
        yield
        return
    with _spool().turn(name, Deadline(_settings().fetch_seconds)):
        yield


def _is_a_folder() -> bool:
    return isinstance(storage.current(), LocalStorage)


def _once(report: Report, format_name: str, tries: Tries) -> Fetched | None:
    """The file as it is stored, or made; None while somebody else makes it."""
    file = _row_now(report, format_name)
    if file is None:
        return _made(report, format_name, "first", tries)
    lookup = Lookup(file, _spool(), tries, Deadline(_settings().fetch_seconds))
    if found := lookup.find():
        return Fetched(found.stream, file.size, file.sha256, found.tier)
    if lookup.broken and _is_a_folder():
        return _copied_or_made_at_once(report, format_name, tries)
    if lookup.broken:
        return _made_at_once(report, format_name, tries)
    return _made(report, format_name, lookup.why, tries)


def _row_now(report: Report, format_name: str) -> File | None:
    """As row_of(), read anew, and to be used without the session."""
    with unless_deleted(report):
        file = row_of(report, format_name)
        if file is not None:
            db.session.refresh(file)
            db.session.expunge(file)
        db.session.commit()
    return file


def _wait_for_who_makes_it(report: Report, format_name: str, deadline: Deadline) -> None:
    """Until whoever draws the file has it, or is dead. The store is left in peace meanwhile. Raises BeingMade."""
    while True:
        with unless_deleted(report):
            making = FileMaking.of(report.id, format_name)
            is_held = making is not None and making.is_held
            db.session.commit()
        if not is_held:
            return
        if deadline.has_passed:
            raise BeingMade("somebody else makes it")
        time.sleep(_LOOK_AGAIN)


def _copied_or_made_at_once(report: Report, format_name: str, tries: Tries) -> Fetched:
    """For a folder that is broken: nobody has had a turn until here, so one draws, and the others find the copy."""
    deadline = Deadline(_settings().fetch_seconds)
    with _spool().turn(report.id, deadline):
        file = _row_now(report, format_name)
        if file and (found := Lookup(file, _spool(), tries, deadline).find_copy()):
            return Fetched(found.stream, file.size, file.sha256, found.tier)
        return _made_at_once(report, format_name, tries)


def _made_at_once(report: Report, format_name: str, tries: Tries) -> Fetched:
    """Made again, without waiting for a store that is broken; a worker puts it there later."""
    drawn, is_same = _drawn(report, format_name, "store broken", tries)
    with _closed_on_fault(drawn.stream):
        if not is_same:
            keeping.name_anew(report, format_name, drawn)
        keeping.put_back_later(report, format_name)
    return Fetched(drawn.stream, drawn.size, drawn.sha256, "made again", is_same)


def _made(report: Report, format_name: str, why: str, tries: Tries) -> Fetched | None:
    """Made and put back by us alone, or by a worker where it is large; None while somebody else does."""
    with unless_deleted(report):
        waiting = FileMaking.of(report.id, format_name)
        in_vain, failure = (waiting.was_in_vain, waiting.failure) if waiting else (False, None)
        is_large = _likely_size(report, format_name) > _settings().remake_kb * 1024
        db.session.commit()
    if is_large and not in_vain:
        if failure:
            raise NotMade("a worker could not make it", failure)
        if waiting is None:
            making.enqueue_file(report, format_name, why)
        raise BeingMade("it is large")
    turn = Turn.take(report, format_name, why)
    if turn is None:
        return None
    with turn.held():
        drawn, is_same = _drawn(report, format_name, why, tries)
        with _closed_on_fault(drawn.stream):
            if keeping.keep_or_tell(report, format_name, drawn):
                turn.finish()
            else:
                turn.hand_over(keeping.STORE_RESTS)
    return Fetched(drawn.stream, drawn.size, drawn.sha256, "made" if why == "first" else "made again", is_same)


def _drawn(report: Report, format_name: str, why: str, tries: Tries) -> tuple[Drawn, bool]:
    """As making.make_again(), written down as a try, and with a copy for those who ask next."""
    tier, began = "made" if why == "first" else "made again", time.perf_counter()
    try:
        drawn, is_same = making.make_again(report, format_name, why)
    except Exception:
        tries.add(tier, "failed", began)
        raise
    tries.add(tier, "served" if is_same else "other bytes", began)
    _spool().keep(drawn.stream, drawn.size, drawn.sha256)
    return drawn, is_same


@contextmanager
def _closed_on_fault(stream: BinaryIO) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stream.close()
        raise


def _likely_size(report: Report, format_name: str) -> int:
    """Bytes of the file as it was, or, where it never was, of the largest other one of the report."""
    of_report = select(func.max(File.size)).where(File.report_id == report.id)
    return db.session.scalar(of_report.where(File.format == format_name)) or db.session.scalar(of_report) or 0


def _spool() -> Spool:
    spool: Spool = current_app.extensions["spool"]
    return spool


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
