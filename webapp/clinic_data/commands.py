"""flask clinics and flask import: the clinics, and records from other systems."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from sqlalchemy import select
from tqdm import tqdm

from webapp import clock
from webapp.clinic_data import clinics
from webapp.clinic_data.fhir import Progress, import_fhir
from webapp.clinic_data.fhir.tally import Summary
from webapp.clinic_data.report import last_line, table
from webapp.commands import PlainGroup
from webapp.extensions import db
from webapp.models import Clinic
from webapp.models.clinic import PAPERS
from webapp.words import plural

clinics_group = PlainGroup("clinics", help="The clinics: add, list, move to another time zone.")
import_group = PlainGroup("import", help="Bring in records from other systems.")

PARTLY = 1
NOTHING = 2
"""Exit codes besides 0: something was refused or could not be read; nothing could be imported at all."""


class _Refusal(click.ClickException):
    exit_code = NOTHING


@contextmanager
def _plain_refusals() -> Iterator[None]:
    try:
        yield
    except clinics.ClinicRefused as refusal:
        raise _Refusal(str(refusal)) from None


@clinics_group.command("add")
@click.argument("name")
@click.option("--timezone", required=True, metavar="ZONE", help="Its IANA time zone, such as Asia/Manila.")
@click.option("--paper", type=click.Choice(PAPERS), default="A4", show_default=True)
def add(name: str, timezone: str, paper: str) -> None:
    """Add a clinic."""
    with _plain_refusals():
        clinic = clinics.add_clinic(name, timezone, paper)
        db.session.commit()
    click.echo(f"{clinic.name} is added, in {clinic.timezone}, on {clinic.paper} paper.")


@clinics_group.command("list")
def list_() -> None:
    """One line a clinic: name, time zone, paper."""
    for clinic in db.session.scalars(select(Clinic).order_by(Clinic.name)):
        click.echo("\t".join([clinic.name, clinic.timezone, clinic.paper, *(["demo"] if clinic.is_demo else [])]))


@clinics_group.command("set-timezone")
@click.argument("name")
@click.argument("timezone", metavar="ZONE")
def set_timezone(name: str, timezone: str) -> None:
    """Move a clinic to another time zone: all local days and hours are worked out anew."""
    with _plain_refusals():
        count = clinics.set_timezone(clinics.clinic_called(name), timezone)
        db.session.commit()
    click.echo(
        f"{name} is now in {timezone}; {plural(count, 'visit and measurement', 'visits and measurements')} worked out "
        "anew. Import again to move the days of diagnoses and treatments."
    )


@import_group.command("fhir")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--clinic", "clinic_name", required=True, metavar="NAME", help="Whose records they are.")
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where refused resources are named; by default a new file in import-errors/ of the data folder.",
)
def fhir(path: Path, clinic_name: str, errors: Path | None) -> None:
    """Import FHIR R4: a Bundle, NDJSON or resource; a file, a folder, a .zip or .gz.

    The same file twice adds nothing, a changed resource updates. Exit code 0: all of it is in; 1: some was refused, the
    rest is in; 2: nothing could be imported.
    """
    with _plain_refusals():
        clinic = clinics.clinic_called(clinic_name)
    try:
        with _progress_bar() as progress:
            summary = import_fhir(path, clinic, errors=errors or _error_file(clinic), progress=progress)
    except FileNotFoundError:
        raise _Refusal(f"There is no file or folder {path}.") from None
    except OSError as fault:
        raise _Refusal(f"The import stopped: {fault.strerror or fault}. Put that right and import again.") from None
    click.echo(table(summary), nl=False)
    click.echo(last_line(summary, clinic_name))
    sys.exit(_exit_code(summary))


def _exit_code(summary: Summary) -> int:
    if summary.nothing_read:
        return NOTHING
    return 0 if summary.complete else PARTLY


def _error_file(clinic: Clinic) -> Path:
    folder = current_app.config["SETTINGS"].data_dir / "import-errors"
    return Path(folder) / f"clinic-{clinic.id}-{clock.now():%Y%m%dT%H%M%S-%f}.jsonl"


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar for each stage: bytes read, then resources stored. Only at a terminal."""
    bars: dict[str, tqdm[None]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        bar = bars.get(stage)
        if bar is None:
            in_bytes = {"unit": "B", "unit_scale": True} if stage == "reading" else {"unit": " resources"}
            bar = bars[stage] = tqdm(total=total, desc=stage.capitalize(), disable=None, **in_bytes)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        for bar in bars.values():
            bar.close()
