"""flask storage: files moved from one store to another, checked, and a store made ready."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import click
from flask import current_app
from tqdm import tqdm

from webapp import storage
from webapp.commands import PlainGroup
from webapp.errors import ReportFault, StorageNotConfigured
from webapp.extensions import leave_session
from webapp.models.file import STORES
from webapp.settings import Settings
from webapp.stocktaking import rows, telling
from webapp.stocktaking.check import Check
from webapp.stocktaking.faults import told
from webapp.stocktaking.move import Move
from webapp.stocktaking.pace import Pace, no_limit
from webapp.storage import Storage

group = PlainGroup("storage", help="Where files are kept: make a store ready, move files into it, check them.")

UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


class Preparable(Protocol):
    def prepare(self) -> Iterable[str]:
        """Make the bucket ready; a sentence for each thing that was done or found done. Raises StorageBroken."""


class Rate(click.ParamType):
    """Bytes a second, such as 10MB."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmg]?)b?(?:/s)?", str(value).strip().lower())
        if found is None or float(found[1]) == 0:
            self.fail(f"{value!r} is no number of bytes a second. Write it like 500kB, 10MB or 1GB.", param, ctx)
        return float(found[1]) * UNITS[found[2]]


@group.command("move")
@click.option("--from", "source", required=True, type=click.Choice(STORES), help="Where the files lie now.")
@click.option("--to", "target", required=True, type=click.Choice(STORES), help="Where they shall lie.")
@click.option("--rate", type=Rate(), metavar="RATE", help="At the most so many bytes a second, such as 10MB.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the N oldest files.")
@click.option("--remove-originals", is_flag=True, help="Remove each original when its file is safe in the new store.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def move(
    source: str, target: str, rate: float | None, limit: int | None, remove_originals: bool, dry_run: bool
) -> None:
    """Move files from one store to another, while the app serves them from both.

    It may be stopped at any time, and the same command goes on from there. Exit code 0: all that was asked for is
    moved; 1: something failed, or it was stopped.
    """
    if source == target:
        raise click.ClickException(f"The files lie in the {source} store already: --from and --to must differ.")
    stores = [_store(name) for name in (source, target)]
    pace = Pace(rate) if rate else no_limit
    job = Move(*stores, remove_originals=remove_originals, dry_run=dry_run, pace=pace, tell=_tell)
    total = rows.count(source)
    try:
        with _bar(min(total, limit or total), "Moving") as progress:
            job.run(limit, progress)
    except KeyboardInterrupt:
        # It may have struck in the middle of a command to the database.
        leave_session()
        job.tally.stopped = "You stopped it."
    job.ended()
    click.echo(telling.of_move(job.tally, source, target, left=rows.count(source), dry_run=dry_run))
    sys.exit(1 if job.tally.files["failed"] or job.tally.stopped else 0)


@group.command("check")
@click.option("--read", is_flag=True, help="Read each file, and compare its SHA-256, whatever the store says of it.")
@click.option("--repair", is_flag=True, help="Make again what is missing or corrupt; remove what belongs to no file.")
def check(read: bool, repair: bool) -> None:
    """Look whether every file has its object in a store, and every object its file.

    Exit code 0: all is well, or repaired; 1: something is not.
    """
    settings: Settings = current_app.config["SETTINGS"]
    home = _store(settings.store) if repair else None
    job = Check([_store(name) for name in _configured(settings)], home=home, read=read, tell=_tell)
    with _bar(rows.count(), "Checking") as progress:
        job.run(progress)
    click.echo(telling.of_check(job.tally, repaired=repair))
    sys.exit(1 if job.tally.left() or job.tally.stopped else 0)


@group.command("prepare")
def prepare() -> None:
    """Make the store of the settings ready for files."""
    settings: Settings = current_app.config["SETTINGS"]
    store = _store(settings.store)
    if store.name == "local":
        click.echo(f"Files are kept in the folder {settings.files_folder}. It needs no preparing.")
        return
    try:
        for sentence in cast(Preparable, store).prepare():
            click.echo(sentence)
    except ReportFault as fault:
        raise click.ClickException(told(fault)) from fault


def _configured(settings: Settings) -> list[str]:
    """The bucket, if there is one, and the folder, where files may lie from before."""
    return [settings.storage_service, "local"] if settings.storage_bucket else ["local"]


def _store(name: str) -> Storage:
    """Raises click.ClickException where the settings do not name it."""
    try:
        if name == "none":
            raise StorageNotConfigured("neither a bucket nor a folder is set")
        return storage.by_name(name)
    except StorageNotConfigured as fault:
        raise click.ClickException(
            "No file store is set up: set STORAGE_BUCKET, or STORAGE_FOLDER where a disk lasts."
            if name == "none"
            else f"The settings name no {name} store: set STORAGE_BUCKET, and STORAGE_SERVICE to {name}."
        ) from fault


@contextmanager
def _bar(total: int, what: str) -> Iterator[Callable[[], object]]:
    """A bar of files, at a terminal only."""
    with tqdm(total=total, desc=what, unit=" files", disable=None) as bar:
        yield bar.update


def _tell(sentence: str) -> None:
    """A line that does not tear the bar."""
    tqdm.write(sentence, file=sys.stdout)
