"""The clinic's logo in PDF files and workbooks."""

import base64
import io
import logging
import re
import struct
import zipfile
import zlib

import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.files import logos
from webapp.files.logos import TALLEST, WIDEST


def png(width: int, height: int, mode: str = "RGBA", colour: object = (200, 0, 0, 255)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")  # type: ignore[arg-type]
    return out.getvalue()


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is that large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


WIDE = base64_of(png(1200, 200))
BROKEN = {
    "no Base64": "no picture at all!",
    "no picture": base64_of(b"not a PNG"),
    "cut short": base64_of(png(300, 300)[:90]),
    "a JPEG": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkI",
    "too large": base64_of(bomb(60_000, 60_000)),
    "empty": base64_of(bomb(10, 10)),
    "of no size": base64_of(bomb(0, 0)),
}


@pytest.mark.parametrize(("size", "points"), [((1200, 200), (WIDEST, WIDEST / 6)), ((90, 90), (TALLEST, TALLEST))])
def test_it_keeps_its_shape_within_its_room(size: tuple[int, int], points: tuple[float, float]) -> None:
    logo = logos.read(base64_of(png(*size)))
    assert logo is not None
    assert (logo.width, logo.height) == pytest.approx(points)
    assert logo.width <= WIDEST + 0.01
    assert logo.height <= TALLEST + 0.01


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
        ("LA", (0, 0), (255, 255, 255)),
        ("P", 0, (0, 0, 0)),
        ("1", 1, (255, 255, 255)),
        ("L", 7, (7, 7, 7)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
    ],
)
def test_what_is_transparent_is_white(mode: str, colour: object, seen: tuple[int, int, int]) -> None:
    logo = logos.read(base64_of(png(20, 20, mode, colour)))
    assert logo is not None
    with Image.open(io.BytesIO(logo.png)) as picture:
        assert (picture.mode, picture.getpixel((9, 9))) == ("RGB", seen)


def test_a_pdf_has_it_at_the_head_of_its_first_page_only(draw: Draw) -> None:
    file = draw("pdf", samples.document(odd_samples.long_table(200), logo=WIDE))
    assert [len(page.images) for page in PdfReader(io.BytesIO(file)).pages][:2] == [1, 0]
    with pypdfium2.PdfDocument(file) as pdf:
        picture = pdf[0].render().to_pil().convert("RGB")
        text = pdf[0].get_textpage().get_text_range()
    seen = picture.crop((0, 0, picture.width, 200)).load()
    red = [(x, y) for x in range(picture.width) for y in range(200) if seen[x, y] == (200, 0, 0)]
    assert max(x for x, _ in red) - min(x for x, _ in red) == pytest.approx(WIDEST, abs=2)
    assert max(y for _, y in red) - min(y for _, y in red) == pytest.approx(WIDEST / 6, abs=2)
    assert text.index("Riverside Clinic", 30) < text.index("Visit trends, October 2026")


def test_a_workbook_has_it_on_its_first_sheet_only(draw: Draw) -> None:
    with zipfile.ZipFile(io.BytesIO(draw("excel", samples.document(samples.visit_trends(), logo=WIDE)))) as parts:
        assert [name for name in parts.namelist() if "media" in name] == ["xl/media/image1.png"]
        assert "image1.png" in parts.read("xl/drawings/_rels/drawing1.xml.rels").decode()
        assert "drawing1.xml" in parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
        place = parts.read("xl/drawings/drawing1.xml").decode()
    ((across, high),) = re.findall(r'<a:ext cx="(\d+)" cy="(\d+)"', place)
    assert int(across) / 12_700 == pytest.approx(WIDEST, abs=1)
    assert int(high) / 12_700 == pytest.approx(WIDEST / 6, abs=1)


@pytest.mark.parametrize("format_name", ["pdf", "excel"])
def test_it_makes_the_same_bytes_each_time(draw: Draw, format_name: str) -> None:
    document = samples.document(samples.visit_trends(), logo=WIDE)
    first = draw(format_name, document)
    logos.read.cache_clear()
    assert draw(format_name, document) == first
    assert first != draw(format_name, samples.document(samples.visit_trends()))


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_one_that_is_no_picture_is_left_out_and_logged(draw: Draw, text: str, caplog: pytest.LogCaptureFixture) -> None:
    logos.read.cache_clear()
    with caplog.at_level(logging.WARNING):
        file = draw("pdf", samples.document(samples.visit_trends(), logo=text))
    assert file == draw("pdf", samples.document(samples.visit_trends()))
    assert "logo cannot be drawn" in caplog.text
    assert draw("excel", samples.document(samples.visit_trends(), logo=text)) == draw(
        "excel", samples.document(samples.visit_trends())
    )


def test_the_clinics_name_is_not_said_again_under_it(draw: Draw) -> None:
    labels = []
    for logo in (WIDE, ""):
        document = samples.document(samples.visit_trends(), logo=logo)
        first = PdfReader(io.BytesIO(draw("pdf", document))).pages[0].extract_text().splitlines()
        labels.append([line.strip() for line in first].count("Clinic"))
    assert labels == [0, 1]
