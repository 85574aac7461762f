"""FHIR R4 into a clinic's records. docs/importing.md tells people what is read and how."""

from pathlib import Path

from webapp import audit
from webapp.clinic_data.fhir import drafts
from webapp.clinic_data.fhir.elements import Refused
from webapp.clinic_data.fhir.identity import key_of, names_of, written_id
from webapp.clinic_data.fhir.sources import Entry, Fault, Progress, Source
from webapp.clinic_data.fhir.spool import Spool, spool
from webapp.clinic_data.fhir.tally import COLUMNS, Counts, Summary, Tally
from webapp.clinic_data.fhir.write import Writer
from webapp.extensions import db
from webapp.models import Clinic

__all__ = ["COLUMNS", "Counts", "Progress", "Summary", "import_fhir"]


def _no_progress(stage: str, done: int, total: int) -> None:
    pass


def import_fhir(path: Path, clinic: Clinic, *, errors: Path, progress: Progress = _no_progress) -> Summary:
    """Read all FHIR resources under `path` into the clinic's records, and tell what became of them.

    Reading comes first and all of it goes to disk, so that references may point forward; then the rows are written in
    batches, each its own transaction. What was written stays when an import is stopped; to go on, import again. What
    cannot be kept is named in the file `errors`. Raises FileNotFoundError when there is nothing at `path`.
    """
    tally = Tally(errors)
    clinic_id = clinic.id
    try:
        with spool() as spooled:
            _read(Source(path, progress), clinic.timezone, spooled, tally)
            Writer(clinic, spooled, tally).write_all(progress)
    finally:
        tally.close()
        db.session.rollback()
        counts = tally.summary.total
        if counts.added or counts.updated or counts.removed:
            written = {name: getattr(counts, name) for name in COLUMNS}
            audit.record("records.imported", f"clinic:{clinic_id}", source="FHIR", **written)
            db.session.commit()
    return tally.summary


def _read(source: Source, zone: str, spooled: Spool, tally: Tally) -> None:
    for found in source:
        if isinstance(found, Fault):
            tally.fault(found)
        else:
            _read_one(found, zone, spooled, tally)
    spooled.complete()
    tally.summary.ignored_files = source.ignored
    for kind, counts in tally.summary.by_type.items():
        repeated = counts.read - counts.refused - spooled.count(kind)
        tally.count(kind, "skipped", repeated)


def _read_one(entry: Entry, zone: str, spooled: Spool, tally: Tally) -> None:
    kind = entry.resource.get("resourceType") if isinstance(entry.resource, dict) else None
    if not isinstance(kind, str) or not kind.isalnum():
        tally.fault(Fault(entry.file, entry.place, "it is JSON, but not FHIR: it has no resourceType"))
        return
    if kind not in drafts.READERS:
        tally.summary.others[kind[:64]] += 1
        return
    tally.count(kind, "read")
    try:
        draft = drafts.read(entry.resource, zone)
        key = key_of(entry, drafts.digest(draft.body))
        names = list(names_of(entry, key))
    except Refused as refusal:
        tally.refuse(kind, entry.file, entry.place, written_id(entry.resource), str(refusal))
        return
    spooled.put(kind, key, draft, (entry.file, entry.place, entry.scope), written_id(entry.resource))
    for scope, name in names:
        spooled.name(scope, name, kind, key)
    for reference in draft.links:
        spooled.link(entry.scope, key, reference)
