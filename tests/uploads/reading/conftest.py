"""A file with any content, read as an upload is."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webapp.uploads.reading import read
from webapp.uploads.reading.child import read_here
from webapp.uploads.reading.limits import Limits
from webapp.uploads.workbook import Workbook


@pytest.fixture(autouse=True)
def _longest_cell_of_csv() -> Iterator[None]:
    """The reader sets it for its whole process, which is not to be that of other tests."""
    before = csv.field_size_limit()
    yield
    csv.field_size_limit(before)


Read = Callable[..., Workbook]


@pytest.fixture
def reading(tmp_path: Path) -> Read:
    """Called with the content and perhaps a name and limits, in a process of its own."""

    def from_file(content: bytes, name: str = "sheet.xlsx", limits: Limits | None = None) -> Workbook:
        path = tmp_path / "stored"
        path.write_bytes(content)
        return read(path, name, limits)

    return from_file


@pytest.fixture
def reading_here(tmp_path: Path) -> Read:
    """The same without another process, for what is refused before calamine sees it."""

    def from_file(content: bytes, name: str = "sheet.xlsx") -> Workbook:
        path = tmp_path / "stored"
        path.write_bytes(content)
        return read_here(path, Path(name).suffix)

    return from_file
