"""A sheet of 100,000 rows of 8 columns, from the file to its values, beside python-calamine and csv.reader bare.

    python -m benchmarks.reading

Bare means in one process, without a look at what the file is, what it holds and what is left out, and without limits.
Each reading is made in a process of its own, whose libraries are loaded before the time is taken.
"""

import csv
import datetime
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parent.parent
ROWS = 100_000
TIMES = 5
MEGABYTE = 1_000_000

HEADERS = ("MRN", "Name", "Time", "Respiration", "SpO2", "Pulse", "Temperature", "Blood pressure")

Found = dict[str, float]


def main(rows: int = ROWS, times: int = TIMES) -> str:
    """A Markdown table, and what the same sheet is as the other kind of file."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        paths = {"xlsx": Path(folder) / "sheet.xlsx", "csv": Path(folder) / "sheet.csv"}
        # By another process too: what this one holds would count as held by those that it starts.
        _run("write", *map(str, paths.values()), str(rows))
        ways = [(kind, how) for kind in paths for how in ("bare", "read")]
        # All of them by turns, so that what else the machine does meets them alike.
        rounds = [{way: _measured(way[1], paths[way[0]]) for way in ways} for _ in range(times)]
        sizes = {kind: path.stat().st_size for kind, path in paths.items()}
    found = {way: {name: median(one[way][name] for one in rounds) for name in rounds[0][way]} for way in ways}
    return _table(found, sizes, rows, times)


def _write(rows: int, workbook_path: Path, text_path: Path) -> None:
    import xlsxwriter

    dice = random.Random(1)
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
    with xlsxwriter.Workbook(workbook_path) as workbook, text_path.open("w", newline="") as text:
        sheet, plain = workbook.add_worksheet(), csv.writer(text)
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, HEADERS)
        plain.writerow(HEADERS)
        for at in range(1, rows + 1):
            patient = at % 5_000
            cells = (
                f"MRN{patient:06}",
                f"Patient {patient}",
                start + datetime.timedelta(minutes=at),
                dice.randint(8, 30),
                dice.randint(85, 100),
                dice.randint(50, 120),
                round(dice.uniform(35, 40), 1),
                f"{dice.randint(90, 180)}/{dice.randint(50, 100)}",
            )
            plain.writerow(cells)
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime.datetime):
                    sheet.write_datetime(at, column, cell, moment)
                else:
                    sheet.write(at, column, cell)


def _measured(how: str, path: Path) -> Found:
    return json.loads(_run(how, str(path)))


def _run(*words: str) -> str:
    command = [sys.executable, "-m", "benchmarks.reading", *words]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout


def _one(how: str, path: Path) -> Found:
    """In a process of its own: seconds by the clock and of CPU, and the highest memory of whatever parsed."""
    read = _bare(path) if how == "bare" else _ours(path)
    began, cpu = time.perf_counter(), _cpu()
    kept = read()
    found = {"wall": time.perf_counter() - began, "cpu": _cpu() - cpu}
    who = resource.RUSAGE_SELF if how == "bare" else resource.RUSAGE_CHILDREN
    assert kept
    return {
        **found,
        "peak": resource.getrusage(who).ru_maxrss * 1024,
        "asking": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _bare(path: Path) -> Callable[[], object]:
    if path.suffix == ".csv":
        return lambda: list(csv.reader(io.StringIO(path.read_text(), newline="")))
    from python_calamine import load_workbook

    return lambda: load_workbook(path).get_sheet_by_index(0).to_python()


def _ours(path: Path) -> Callable[[], object]:
    from webapp.uploads.reading import read

    return lambda: read(path, path.name)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _table(found: dict[tuple[str, str], Found], sizes: dict[str, int], rows: int, times: int) -> str:
    told = {
        ("xlsx", "bare"): "python-calamine, bare",
        ("xlsx", "read"): "ours",
        ("csv", "bare"): "csv.reader, bare, UTF-8",
        ("csv", "read"): "ours",
    }
    calamine = found["xlsx", "bare"]
    lines = [
        f"{rows:,} rows of {len(HEADERS)} columns; {times} times by turns, the medians.",
        "",
        "| file | MB | how | seconds | times bare | CPU, seconds | times bare | times calamine's seconds "
        "| peak memory, MB | of the process that asks, MB |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (kind, how), one in found.items():
        bare = found[kind, "bare"]
        lines.append(
            f"| {kind} | {sizes[kind] / MEGABYTE:.1f} | {told[kind, how]} | {one['wall']:.2f} "
            f"| {one['wall'] / bare['wall']:.1f} | {one['cpu']:.2f} | {one['cpu'] / bare['cpu']:.1f} "
            f"| {one['wall'] / calamine['wall']:.1f} | {one['peak'] / MEGABYTE:.0f} "
            f"| {one['asking'] / MEGABYTE:.0f} |"
        )
    lines += [
        "",
        "Ours is from the stored file to the Workbook in the process that asks: another process started, the file "
        "looked into, read, put right, packed, handed over, unpacked. Peak memory is that of the process that parses.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", workbook, text, rows]:
            _write(int(rows), Path(workbook), Path(text))
        case [how, path]:
            print(json.dumps(_one(how, Path(path))))
        case _:
            print(main())
