"""How fast FHIR is imported, and whether memory stays the same as the files grow.

    python -m benchmarks.import_fhir [MB ...]

The sample bundles, found by SAMPLE_DATA, are copied with fresh ids until they reach each size; each import runs in a
process of its own into an empty SQLite database, and its memory is the highest that the system counted for it.
"""

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from tests.sample_data import SAMPLE_DATA

PROJECT = Path(__file__).resolve().parent.parent
SAMPLES = SAMPLE_DATA / "fhir" / "synthea-25-bundles"
SIZES = (10, 30, 100)
MEGABYTE = 1_000_000
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def main(sizes: tuple[int, ...] = SIZES) -> str:
    """A Markdown table, or a line that says why there is none."""
    if not SAMPLES.is_dir():
        return f"**Not measured: there is no sample data at {SAMPLES}.** Set SAMPLE_DATA to its folder."
    lines = [
        "| FHIR bundles | resources | kept | seconds | resources a second | peak memory |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            written = _multiply(Path(folder) / "bundles", size * MEGABYTE)
            found = _measured(Path(folder))
        speed = found["resources"] / found["seconds"]
        lines.append(
            f"| {written / MEGABYTE:.0f} MB | {found['resources']:,} | {found['kept']:,} | {found['seconds']:.1f} "
            f"| {speed:,.0f} | {found['peak'] / MEGABYTE:.0f} MB |"
        )
    return "\n".join(lines)


def _multiply(folder: Path, size: int) -> int:
    """Copies of the bundles, each copy with ids of its own; how many bytes were written."""
    folder.mkdir()
    texts = [path.read_text() for path in sorted(SAMPLES.glob("*.json"))]
    written = copy = 0
    while True:
        copy += 1
        for number, text in enumerate(texts):
            path = folder / f"{copy:04}-{number:02}.json"
            written += path.write_bytes(_renamed(text, copy).encode())
            if written >= size:
                return written


def _renamed(text: str, copy: int) -> str:
    return UUID.sub(lambda match: str(uuid.uuid5(uuid.NAMESPACE_OID, f"{copy}/{match[0]}")), text)


def _measured(folder: Path) -> dict[str, float]:
    """One import in a child process; what it prints of itself."""
    command = [sys.executable, "-m", "benchmarks.import_fhir", "--child", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _child(folder: Path) -> None:
    from flask_migrate import upgrade

    from webapp import create_app
    from webapp.clinic_data.clinics import add_clinic
    from webapp.clinic_data.fhir import import_fhir
    from webapp.extensions import db

    app = create_app(data_dir=folder / "data", log_level="error")
    with app.app_context():
        upgrade()
        clinic = add_clinic("Benchmark", "America/New_York")
        db.session.commit()
        started = time.perf_counter()
        summary = import_fhir(folder / "bundles", clinic, errors=folder / "errors.jsonl")
        seconds = time.perf_counter() - started
    if not summary.complete:
        raise SystemExit(f"not all was imported: {summary}")
    resources = summary.total.read + summary.others.total()
    # ru_maxrss is in kilobytes on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"resources": resources, "kept": summary.total.added, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(Path(sys.argv[2]))
    else:
        print(main(tuple(int(size) for size in sys.argv[1:]) or SIZES))
