"""A sheet's report whose worker is killed half-way, with real processes: it is made again, once, and nothing is lost or
doubled."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import factories
import pytest
from sqlalchemy import func, select, update

from tests.stack import Stack, running
from webapp import clock, generate
from webapp.extensions import db
from webapp.models import Clinic, File, Measurement, Person, Report, Upload
from webapp.uploads import steps
from webapp.uploads.accepting import shown_of

PATIENTS, TIMES = 20, 6
SETTINGS = {"lease_seconds": 12, "sweep_seconds": 1, "takeovers": 10}
HEAD = "MRN,Family name,Given name,Date of birth,Date,Time,Resp,SpO2 %,Air or oxygen,BP,Pulse,Temp (°C),AVPU\n"


def sheet(day: str) -> bytes:
    """Six readings of each of twenty patients."""
    rows = (
        f"{patient:04},Family{patient},Given{patient},1950-01-{patient + 1:02},{day},{4 * turn:02}:{patient:02},"
        f"{14 + patient % 9 + turn},{97 - patient % 5},air,{118 + patient}/{70 + turn},{60 + 3 * patient},36.8,alert\n"
        for turn in range(TIMES)
        for patient in range(PATIENTS)
    )
    return (HEAD + "".join(rows)).encode()


@pytest.fixture(scope="module")
def stack(migrated_sqlite: Path) -> Iterator[Stack]:
    with TemporaryDirectory(prefix="daily-faults-") as name:
        database = shutil.copy(migrated_sqlite, Path(name) / "faults.db")
        with running(Path(name), f"sqlite:///{database}", **SETTINGS) as stack:
            with stack.app.app_context():
                clinic = factories.add_clinic("Riverside Clinic")
                factories.add_person("clinician", clinic, email="nurse@example.org")
                for patient in range(PATIENTS):
                    factories.add_patient(
                        clinic, mrn=f"{patient:04}", family_name=f"Family{patient}", given_name=f"Given{patient}",
                        birth_date=clock.now().date().replace(year=1950, month=1, day=patient + 1),
                    )  # fmt: skip
            stack.start("watch")
            yield stack


def accepted(stack: Stack, day: str) -> str:
    """The report of a sheet of that day, which somebody has just accepted."""
    with stack.app.app_context():
        nurse = db.session.scalars(select(Person)).one()
        clinic = db.session.scalars(select(Clinic)).one()
        upload = steps.bring(nurse, clinic, io.BytesIO(sheet(day)), "ward.csv")
        db.session.refresh(upload)
        assert (upload.status, upload.refusal) == ("checked", None)
        return steps.accept(upload, nurse, limit=10, shown=shown_of(upload.findings or b"")).id


@pytest.mark.parametrize(
    ("place", "day"),
    [("drawing", "2026-11-02"), ("storing", "2026-11-03"), ("ending", "2026-11-04")],
)
def test_a_worker_killed_half_way_loses_nothing(stack: Stack, place: str, day: str) -> None:
    stack.start("held worker")
    stack.hold(place)
    report_id = accepted(stack, day)
    stack.wait_for_held(place)
    stack.kill("held worker")
    stack.release()
    with stack.app.app_context():
        assert db.session.get_one(Report, report_id).status == "running"
        db.session.execute(update(Report).where(Report.id == report_id).values(lease_until=clock.now()))
        db.session.commit()
    stack.start("held worker")
    stack.wait_for_status(report_id, "ready")
    stack.stop("held worker")
    with stack.app.app_context():
        report = db.session.get_one(Report, report_id)
        assert report.takeovers == 1
        file = db.session.scalars(select(File).where(File.report_id == report_id)).one()
        with generate.draw(report, "pdf").stream as drawn:
            assert (stack.folder / "files" / file.storage_key).read_bytes() == drawn.read()
        assert [path for path in stack.stored() if report_id in str(path)] == [
            stack.folder / "files" / file.storage_key
        ]
        upload = db.session.get_one(Upload, report.upload_id)
        assert upload.status == "accepted"
        stored = select(func.count(Measurement.id)).where(Measurement.upload_id == upload.id)
        assert db.session.scalar(stored) == PATIENTS * TIMES * 8
        others = select(func.count(Report.id)).where(Report.upload_id == upload.id)
        assert db.session.scalar(others) == 1
