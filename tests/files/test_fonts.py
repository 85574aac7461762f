"""The font family: the same bytes wherever it is built, whoever builds it at once, and what it can draw."""

import functools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from tests.stack import PATIENCE
from webapp.errors import RenderFailed
from webapp.files import fonts, lettering

ROOT = Path(__file__).resolve().parents[2]


def test_it_has_the_same_bytes_wherever_it_is_built(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "webapp.files.fonts"],
        cwd=ROOT,
        env={**os.environ, "FONT_FOLDER": str(tmp_path), "PYTHONHASHSEED": "7", "TZ": "Asia/Manila", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
        timeout=5 * PATIENCE,
    )
    assert {Path(line) for line in made.stdout.splitlines()} == set(tmp_path.iterdir())
    for path in fonts.build().values():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_builders_at_once_do_not_disturb_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(3)

    def joined(name: str, weight: int) -> bytes:
        together.wait(timeout=PATIENCE)
        return name.encode() * 100_000

    monkeypatch.setattr(fonts, "_joined", joined)
    with ThreadPoolExecutor(3) as pool:
        built = [future.result() for future in [pool.submit(fonts.build, tmp_path) for _ in range(3)]]
    assert built[0] == built[1] == built[2]
    assert set(built[0].values()) == set(tmp_path.iterdir())
    assert all(path.read_bytes() == name.encode() * 100_000 for name, path in built[0].items())


def test_a_folder_that_cannot_be_written_gives_way_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_joined", lambda name, weight: b"the font")
    # A folder of this test's own, so that no later one is given this font.
    monkeypatch.setattr(fonts, "_own_folder", functools.cache(fonts._own_folder.__wrapped__))
    blocked = tmp_path / "a file"
    blocked.write_text("in the way of the folder")
    files = fonts.build(blocked / "fonts")
    assert {path.read_bytes() for path in files.values()} == {b"the font"}
    assert tmp_path not in next(iter(files.values())).parents


def test_a_build_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, weight: int) -> bytes:
        raise RenderFailed("no such package")

    monkeypatch.setattr(fonts, "_joined", broken)
    with pytest.raises(RenderFailed):
        fonts.build(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_covers_latin_greek_cyrillic_thai_and_arabic() -> None:
    letters = "AzÀŒşứ ΑΩέ ЖяЇ กิ่ปู้ัฯ ابتثيى٠٩ ﻻ ▲▼□ –−…·•"
    assert [char for char in letters if ord(char) not in fonts.ready()] == []


def test_thai_tones_stand_clear_of_the_vowels_below_them() -> None:
    for path in fonts.build().values():
        font = TTFont(path)
        glyphs, named = font["glyf"], font.getBestCmap()
        vowels = max(glyphs[named[code]].yMax for code in (0xE31, *range(0xE34, 0xE38)))
        assert min(glyphs[named[code]].yMin for code in fonts.THAI_TONES) > vowels


def test_what_draws_nothing_is_left_out_and_what_cannot_be_drawn_is_marked() -> None:
    assert lettering.visible("so\u00adft \u202eturn\u202c e\u0301 \u2003 日本 \ufe0f") == "soft turn é   □□ "
    assert lettering.visible("plain") == "plain"


def test_arabic_is_joined_in_the_order_it_is_drawn() -> None:
    assert lettering.visual("نهر 12") == "12 \ufeae\ufeec\ufee7"
    assert lettering.visual("Bay (نهر)") == "Bay (\ufeae\ufeec\ufee7)"


@pytest.mark.parametrize("text", ["words and words " * 20, "w" * 300, "ไม่มีช่องว่าง" * 20, "عيادة النهر " * 20])
def test_lines_fit_their_room_and_keep_every_character(text: str) -> None:
    lines = lettering.lines(text, 120, 8.5, most=100)
    assert max(lettering.width(line, 8.5) for line in lines) <= 120
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ["words and words " * 20, "w" * 300, "ไม่มีช่องว่าง" * 20, "عيادة النهر " * 20, "w" * 16])
def test_a_first_line_that_is_indented_has_less_room(text: str) -> None:
    first, *rest = lettering.lines(text, 120, 8.5, most=100, indent=50)
    assert 0 < lettering.width(first, 8.5) <= 70
    assert max(lettering.width(line, 8.5) for line in rest) <= 120
    assert "".join([first, *rest]).replace(" ", "") == text.replace(" ", "")


def test_too_many_lines_end_in_an_ellipsis() -> None:
    lines = lettering.lines("words and words " * 50, 120, 8.5, most=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert max(lettering.width(line, 8.5) for line in lines) <= 120


def test_a_last_line_with_room_to_spare_ends_in_one_ellipsis() -> None:
    assert lettering.lines("wordy and wordier", 58, 8.5, most=1) == ["wordy and…"]


def test_a_line_never_begins_with_a_mark_of_the_letter_before() -> None:
    for room in range(20, 60):
        for line in lettering.lines("ที่ปู่ย่าน้ำ" * 4, room, 8.5, most=100):
            assert line[0] not in "่้๊๋์ิีึืัุู็ํ"


def test_a_line_never_ends_between_a_letter_and_its_vowel_in_thai() -> None:
    text = "รายงานประจำเดือนและการเยี่ยมฯไปใช้โต๊ะๆ"
    for room in range(25, 60):
        lines = lettering.lines(text, room, 8.5, most=100)
        assert "".join(lines) == text
        assert not {line[0] for line in lines} & set("ะาำๆฯ")
        assert not {line[-1] for line in lines} & set("เแโใไ")
