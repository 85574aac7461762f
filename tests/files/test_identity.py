"""A file made again from what was frozen has the bytes that it had, whoever makes it, where and when.

Documents are frozen once and lie in a folder. Processes that differ in all that a process can differ in draw each of
them in every format. A template or a format that is added is among them by itself.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from apps import build_app, close

from tests.clinic_data.demo import loading
from tests.files import draw_all, odd_samples, samples
from tests.files.conftest import Draw
from tests.stack import PATIENCE
from webapp import generate
from webapp.content import CATALOGUE, Question
from webapp.files import FORMATS, reconcile

ROOT = Path(__file__).resolve().parents[2]
ODD = {
    "a long table": odd_samples.long_table(60),
    "other scripts": odd_samples.named("ที่ نهر <b>"),
    "no visits": odd_samples.empty(),
    "shares and intervals": samples.outcomes(),
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """A folder of frozen documents: each template about a year of a demo clinic, and some that are odd."""
    folder = tmp_path_factory.mktemp("documents")
    place = tmp_path_factory.mktemp("demo")
    app = build_app(place, f"sqlite:///{shutil.copy(migrated_sqlite, place / 'demo.db')}")
    loading.load(app)
    with app.app_context():
        clinic = loading.clinic("Riverside Clinic")
        for template in CATALOGUE:
            question = Question(template, clinic.id, clinic.timezone, loading.END - timedelta(days=364), loading.END)
            draw_all.write(
                generate.compose(question, clinic, generate.Asked("VT-2026-10487", "Ada Osei", loading.NOW)).document,
                folder / template,
            )
    close(app)
    for name, content in ODD.items():
        draw_all.write(samples.document(content), folder / name)
    return folder


def drawn_by_a_process(documents: Path, place: Path, umask: int, cwd: Path, **environ: str) -> dict[str, str]:
    """The SHA-256 of each document in each format, as a process with this environment draws them."""
    done = subprocess.run(
        [sys.executable, draw_all.__file__, str(documents), str(place / "temp")],
        cwd=cwd,
        umask=umask,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(": ") for line in done.stdout.splitlines())


def another_locale(folder: Path) -> dict[str, str]:
    """The environment of a process that speaks German, with its decimal commas. Made where the machine does not have
    it; where nothing can make it, of another locale that is there."""
    folder.mkdir()
    with suppress(FileNotFoundError):
        # It ends with 1 for a warning, and with 4 where the sources of locales are not installed.
        made = subprocess.run(
            ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")], capture_output=True, check=False
        )
        if made.returncode < 2:
            return {"LOCPATH": str(folder), "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    others = [name for name in known if name.partition(".")[0] not in ("C", "POSIX")]
    name = min(others, key=lambda name: not name.startswith(("de_", "fr_", "ar_", "tr_")), default="POSIX")
    return {"LANG": name, "LC_ALL": name}


def test_every_template_in_every_format_has_the_same_bytes_in_any_process(documents: Path, tmp_path: Path) -> None:
    here = drawn_by_a_process(
        documents, tmp_path / "one", 0o022, ROOT, PYTHONHASHSEED="1", TZ="UTC", LANG="C.UTF-8", LC_ALL="C.UTF-8"
    )
    assert set(here) == {f"{name}, {form}" for name in (*CATALOGUE, *ODD) for form in FORMATS}
    assert len(set(here.values())) == len(here)
    # It is never the same day in these two zones.
    elsewhere = drawn_by_a_process(
        documents,
        tmp_path / "two",
        0o077,
        Path("/"),
        PYTHONHASHSEED="4242",
        TZ="Pacific/Kiritimati",
        **another_locale(tmp_path / "locales"),
        HOME="/",
        FONT_FOLDER=str(tmp_path / "fonts"),
    )
    assert elsewhere == here
    assert len(list((tmp_path / "fonts").iterdir())) == 2
    elsewhere = drawn_by_a_process(
        documents, tmp_path / "three", 0, tmp_path, PYTHONHASHSEED="0", TZ="Etc/GMT+12", LANG="C", LC_ALL="C",
        PYTHONUTF8="0", PYTHONOPTIMIZE="1",
    )  # fmt: skip
    assert elsewhere == here


def test_every_figure_of_every_template_is_read_back_from_every_file(documents: Path, draw: Draw) -> None:
    for folder in sorted(documents.iterdir()):
        document = draw_all.read(folder)
        for name in FORMATS:
            reconcile.check(document, name, io.BytesIO(draw(name, document)), whole=True)


def test_what_was_drawn_before_does_not_change_the_bytes(draw: Draw) -> None:
    document = samples.document(samples.visit_trends())
    first = {name: hashlib.sha256(draw(name, document)).hexdigest() for name in FORMATS}
    for name in FORMATS:
        draw(name, odd_samples.named_document("ที่ نهر"))
    assert {name: hashlib.sha256(draw(name, document)).hexdigest() for name in FORMATS} == first
