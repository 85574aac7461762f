"""The PDF of daily patients, four bubble charts each: time, memory and bytes, beside other makers, and how it grows.

All that is frozen given; 30 readings a patient. Each maker runs in a process of its own, which draws once to warm up:
CPU and wall are of the median of the times after that, the peak is of the whole process. Bare ReportLab draws the same
pages, whose blocks, places, widths and chart drawings it is given (_bare_patients.py). WeasyPrint, Chromium and
wkhtmltopdf get the same content as a plain HTML page with the fonts embedded (_plain_html.py); their CPU and peak are
those of all their processes.
"""

import io
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pypdf import PdfReader

from benchmarks import _bare_patients, _plain_html
from tests.files import daily_samples
from webapp.figures import Document
from webapp.files import FORMATS, lettering, patients, pdf_tables, reconcile
from webapp.settings import PROJECT

PATIENTS, READINGS = 20, 30
GROWING = (20, 200, 2000)
TIMES = 9
MAKERS = ("ours", "ours, with the guard", "bare ReportLab", "WeasyPrint", "Chromium", "wkhtmltopdf")


def main() -> str:
    """Markdown tables."""
    with TemporaryDirectory(prefix="bench-") as folder:
        found = {name: _in_its_process("maker", name, folder) for name in MAKERS if _is_there(name)}
        return "\n\n".join(["\n".join(_beside(found)), *_absent(), "\n".join(_growth(folder))])


def _is_there(name: str) -> bool:
    if name == "WeasyPrint":
        return find_spec("weasyprint") is not None
    return bool(_program(name)) if name in ("Chromium", "wkhtmltopdf") else True


def _program(name: str) -> str | None:
    if name == "wkhtmltopdf":
        return shutil.which(name)
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _absent() -> list[str]:
    missing = [name for name in MAKERS if not _is_there(name)]
    return [f"Not measured, for it is not there: {', '.join(missing)}."] if missing else []


def _in_its_process(*asked: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.daily_patients", *asked]
    said = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, _, value in (line.partition("=") for line in said.split())}


def _beside(found: dict[str, dict[str, float]]) -> list[str]:
    bare, ours = found["bare ReportLab"]["cpu"], found["ours, with the guard"]["cpu"]
    lines = [
        f"{PATIENTS} patients, {4 * PATIENTS} charts of {READINGS} bubbles, {found['ours']['pages']:.0f} pages:",
        "",
        "| maker | CPU, ms | wall, ms | times bare ReportLab | times ours with the guard | peak, MB | kB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, one in found.items():
        lines.append(
            f"| {name} | {one['cpu']:,.0f} | {one['wall']:,.0f} | {one['cpu'] / bare:.2f} | {one['cpu'] / ours:.1f} | "
            f"{one['peak']:,.0f} | {one['bytes'] / 1000:,.0f} |"
        )
    return lines


def _growth(folder: str) -> list[str]:
    lines = [
        "| patients | pages | CPU, s | a patient, ms | guard, CPU, s | MB at rest, with the figures | "
        "peak in drawing, MB | peak with the guard, MB | kB a patient |",
        f"| ---: |{' ---: |' * 8}",
    ]
    for count in GROWING:
        one = _in_its_process("growing", str(count), folder)
        lines.append(
            f"| {count:,} | {one['pages']:,.0f} | {one['cpu']:.2f} | {one['cpu'] / count * 1000:.1f} | "
            f"{one['guard']:.2f} | {one['rest']:.0f} | {one['peak']:.0f} | {one['peak_with_guard']:.0f} | "
            f"{one['bytes'] / count / 1000:.1f} |"
        )
    return lines


def _maker(name: str, folder: str) -> None:
    document = daily_samples.document(PATIENTS, READINGS)
    make = _made_by(name, document, Path(folder))
    cpu, wall, made = [], [], b""
    for turn in range(TIMES if name.startswith(("ours", "bare")) else 3):
        # A report that is made once finds none of its texts measured already.
        for cache in (lettering.visible, lettering.visual, lettering._thousandths, pdf_tables._of_cells):
            cache.cache_clear()
        began, spent = time.perf_counter(), _cpu()
        made = make()
        if turn:
            wall.append((time.perf_counter() - began) * 1000)
            cpu.append((_cpu() - spent) * 1000)
    _say(cpu=median(cpu), wall=median(wall), peak=_peak(), bytes=len(made), pages=_pages(made))


def _made_by(name: str, document: Document, folder: Path) -> Callable[[], bytes]:
    if name == "ours":
        return lambda: _ours(document)
    if name == "ours, with the guard":
        return lambda: _ours(document, is_checked=True)
    if name == "bare ReportLab":
        planned = _bare_patients.plan(document)
        return lambda: _bare_patients.draw(planned)
    page, out = folder / "patients.html", folder / "patients.pdf"
    page.write_text(_plain_html.page(document))
    if name == "WeasyPrint":
        return lambda: _by_weasyprint(page)
    command = [_program(name) or name]
    if name == "Chromium":
        command += ["--headless=new", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={out}", page.as_uri()]
    else:
        command += ["--quiet", "--enable-local-file-access", str(page), str(out)]
    return lambda: _by_command(command, out)


def _ours(document: Document, is_checked: bool = False) -> bytes:
    out = io.BytesIO()
    FORMATS["pdf"].render(document, out)
    if is_checked:
        reconcile.check(document, "pdf", out)
    return out.getvalue()


def _by_weasyprint(page: Path) -> bytes:
    from weasyprint import HTML

    return bytes(HTML(filename=page).write_pdf())


def _by_command(command: list[str], out: Path) -> bytes:
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return out.read_bytes()


def _growing(count: int, folder: str) -> None:
    document = daily_samples.document(count, READINGS)
    _ours(daily_samples.document(1, 1))
    _forget_the_peak()
    rest, spent = _peak_now(), _cpu()
    path = Path(folder) / "patients.pdf"
    with path.open("w+b") as out:
        FORMATS["pdf"].render(document, out)
        cpu, peak = _cpu() - spent, _peak_now()
        spent = _cpu()
        reconcile.check(document, "pdf", out)
        guarded = _cpu() - spent
    pages = PdfReader(path).get_num_pages()
    _say(
        cpu=cpu,
        rest=rest,
        peak=peak,
        guard=guarded,
        peak_with_guard=_peak_now(),
        pages=pages,
        bytes=path.stat().st_size,
    )
    assert len(patients.sections(document)) == count


def _cpu() -> float:
    """Seconds of this process and those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak() -> float:
    """MB, of this process or the largest it has waited for."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def _forget_the_peak() -> None:
    """So that the peak of making up the figures does not hide that of drawing them."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak_now() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _pages(made: bytes) -> int:
    return PdfReader(io.BytesIO(made)).get_num_pages()


def _say(**found: float) -> None:
    for name, value in found.items():
        sys.stdout.write(f"{name}={value}\n")


if __name__ == "__main__":
    if sys.argv[1] == "maker":
        _maker(sys.argv[2], sys.argv[3])
    else:
        _growing(int(sys.argv[2]), sys.argv[3])
