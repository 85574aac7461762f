"""A file is read back before it is kept: it says what was frozen, or it is thrown away."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.errors import FiguresDiffer, RenderFailed
from webapp.figures import SUPPRESSED, Chart, Column, Content, Document, Metric, Rows, Section, Table, freeze, thaw
from webapp.files import FORMATS, excel_cells, pdf_tables, reconcile, to_csv, to_json


def withheld() -> Content:
    """A year of visits with two figures withheld, and what they would give away."""
    content = samples.visit_trends()
    months, week = content.sections
    (table,) = months.tables
    rows = [list(row) for row in table.rows]
    rows[3][1:] = [SUPPRESSED, SUPPRESSED, 973, SUPPRESSED]
    rows[5][1:] = [SUPPRESSED, SUPPRESSED, 1008, SUPPRESSED]
    total = ("Total", SUPPRESSED, SUPPRESSED, 12122, None)
    hidden = replace(table, rows=tuple(map(tuple, rows)), total=total)
    metrics = (replace(content.metrics[0], value=SUPPRESSED, change=None), *content.metrics[1:])
    return replace(
        content,
        metrics=metrics,
        sections=(replace(months, tables=(hidden,)), week),
        rows=Rows("visits", SUPPRESSED, SUPPRESSED),
    )


CONTENTS: dict[str, Callable[[], Content]] = {
    "trends": samples.visit_trends,
    "summary": samples.patient_summary,
    "empty": odd_samples.empty,
    "withheld": withheld,
    "long": lambda: odd_samples.long_table(300),
    "round the clock": lambda: odd_samples.round_the_clock(9),
    "round the clock, busy": lambda: odd_samples.round_the_clock(9999),
    "cut short": odd_samples.cut_short,
    "wide": lambda: odd_samples.wide_table(13, 70),
    "too wide": lambda: odd_samples.wide_table(40, 30),
    "many rows in a map": lambda: odd_samples.one_chart("heat", tuple(map(str, range(70))), *[tuple(range(70))] * 3),
    "arabic": lambda: odd_samples.named("عيادة النهر"),
    "thai": lambda: odd_samples.named("ที่ปู่ย่า"),
    "japanese": lambda: odd_samples.named("日本の診療所"),
    "markup": lambda: odd_samples.named("<b>&\"'</b> -- =1+1"),
    "formula": lambda: odd_samples.named("=1+1"),
    "long names": lambda: odd_samples.named("long name " * 50),
    "no spaces": lambda: odd_samples.named("W" * 59),
    "hyphens": lambda: odd_samples.named("well-being-of-the-well-to-do-in-the-upper-river-valley"),
    "numbers": lambda: odd_samples.named("5 of 1,204"),
    "one column": lambda: replace(
        odd_samples.empty(),
        sections=(Section("s", "S", (), (Table("t", "T", (Column("a", "A"),), (("x",), ("-y",))),)),),
    ),
}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", CONTENTS)
def test_every_figure_of_every_file_is_read_back(draw: Draw, name: str, format_name: str) -> None:
    document = samples.document(CONTENTS[name](), paper="Letter" if len(name) % 2 else "A4")
    file = io.BytesIO(draw(format_name, document))
    reconcile.check(document, format_name, file)
    reconcile.check(document, format_name, file, whole=True)
    assert file.tell() == 0


def altered(content: Content, step: float = 1) -> Iterator[tuple[str, Content]]:
    """The content with one number changed, each in its turn, and where that is."""
    for at, metric in enumerate(content.metrics):
        if isinstance(metric.value, int | float):
            changed = replace(metric, value=metric.value + step)
            yield f"headline figure {metric.key}", with_metric(content, at, changed)
    for section in content.sections:
        for table in section.tables:
            for row, cells in enumerate([*table.rows, *([table.total] if table.total else [])]):
                for column, cell in enumerate(cells):
                    if isinstance(cell, int | float):
                        new = (*cells[:column], cell + step, *cells[column + 1 :])
                        is_total = row == len(table.rows)
                        rows = (*table.rows[:row], new, *table.rows[row + 1 :])
                        other = replace(table, total=new) if is_total else replace(table, rows=rows)
                        place = "total" if is_total else f"row {row + 1}"
                        address = f"table {section.key}/{table.key}, {place}, column {table.columns[column].key}"
                        yield address, with_table(content, section, table, other)


def with_metric(content: Content, at: int, metric: Any) -> Content:
    return replace(content, metrics=(*content.metrics[:at], metric, *content.metrics[at + 1 :]))


def with_table(content: Content, section: Section, table: Table, other: Table) -> Content:
    changed = replace(section, tables=tuple(other if one is table else one for one in section.tables))
    return replace(content, sections=tuple(changed if one is section else one for one in content.sections))


def told(document: Document, format_name: str, file: bytes, whole: bool = True) -> str:
    """What is said about a file that does not agree."""
    with pytest.raises(FiguresDiffer) as caught:
        reconcile.check(document, format_name, io.BytesIO(file), whole)
    assert isinstance(caught.value, RenderFailed)
    assert caught.value.format_name == format_name
    return caught.value.address


@pytest.mark.parametrize("format_name", ["excel", "csv", "json"])
def test_one_number_that_is_another_is_named(draw: Draw, format_name: str) -> None:
    for content in (samples.visit_trends(), samples.patient_summary(), odd_samples.cut_short()):
        document = samples.document(content)
        for address, other in list(altered(content))[::7]:
            file = draw(format_name, replace(document, content=other))
            assert told(document, format_name, file).startswith(address)


def test_one_number_that_is_another_is_found_in_a_pdf(draw: Draw) -> None:
    for content in (
        samples.visit_trends(),
        samples.patient_summary(),
        odd_samples.wide_table(13, 20),
        odd_samples.wide_table(40, 5),
    ):
        document = samples.document(content)
        for address, other in list(altered(content))[:: 1 + sum(1 for _ in altered(content)) // 4]:
            found = told(document, "pdf", draw("pdf", replace(document, content=other)))
            assert found.rpartition(",")[0] in address or found == address


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_quick_look_finds_wrong_headlines_totals_and_rows(draw: Draw, format_name: str) -> None:
    content = samples.visit_trends()
    document = samples.document(content)
    (months,) = content.sections[0].tables
    total = replace(months, total=("Total", 9248, 2875, 12122, 23.7))
    fewer, more = replace(months, rows=months.rows[:-1]), replace(months, rows=(*months.rows, months.rows[-1]))
    others = {
        "headline figure visits": with_metric(content, 0, replace(content.metrics[0], value=1205)),
        "table months/months, total, column dental": with_table(content, content.sections[0], months, total),
        "table months/months": with_table(content, content.sections[0], months, fewer),
        "rows ": replace(content, rows=replace(content.rows, used=1203)),
    }
    if format_name != "pdf":
        others |= {"table months/months,": with_table(content, content.sections[0], months, more)}
    for address, other in others.items():
        file = draw(format_name, replace(document, content=other))
        assert told(document, format_name, file, whole=False).startswith(address)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_withheld_figure_is_text_and_a_number_in_its_place_is_found(draw: Draw, format_name: str) -> None:
    content = withheld()
    document = samples.document(content)
    (table,) = content.sections[0].tables
    shown = (*table.rows[:3], ("2026-02", 742, SUPPRESSED, 973, SUPPRESSED), *table.rows[4:])
    other = with_table(content, content.sections[0], table, replace(table, rows=shown))
    found = told(document, format_name, draw(format_name, replace(document, content=other)))
    assert found == "table months/months, row 4, column medical"
    metric = with_metric(content, 0, replace(content.metrics[0], value=1204))
    assert told(document, format_name, draw(format_name, replace(document, content=metric))).startswith("headline")


def test_the_last_figure_of_a_row_is_not_taken_for_the_beginning_of_a_longer_one(draw: Draw) -> None:
    content = odd_samples.one_chart("bar", ("one", "two", "three"), (7, 21, 9))
    table = content.sections[0].tables[0]
    content = with_table(content, content.sections[0], table, table)
    document = samples.document(replace(content, sections=(replace(content.sections[0], charts=()),)))
    section = document.content.sections[0]
    other = with_table(document.content, section, table, replace(table, rows=(("one", 7), ("two", 212), ("three", 9))))
    file = draw("pdf", replace(document, content=other))
    assert told(document, "pdf", file) == "table s/t, row 2, column Series 1"


def test_a_renderer_that_writes_another_number_is_found(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    document = samples.document(samples.visit_trends())
    cell, written, text = excel_cells.cell, pdf_tables._set, to_csv.guarded

    def off(value: Any) -> Any:
        return 743 if value == 742 else value

    monkeypatch.setattr(
        excel_cells, "cell", lambda sheet, row, at, value, *more: cell(sheet, row, at, off(value), *more)
    )
    monkeypatch.setattr(to_csv, "guarded", lambda value: text(off(value)))
    monkeypatch.setattr(
        pdf_tables,
        "_set",
        lambda texts, *more, **named: written(["743" if one == "742" else one for one in texts], *more, **named),
    )
    plain = to_json.as_plain
    monkeypatch.setattr(to_json, "as_plain", lambda value: json.loads(json.dumps(plain(value)).replace("742", "743")))
    for format_name in FORMATS:
        address = told(document, format_name, draw(format_name, document))
        assert address == "table months/months, row 4, column medical"


def test_a_byte_of_the_file_that_is_another_is_found(draw: Draw) -> None:
    document = samples.document(samples.visit_trends())
    text = draw("csv", document).replace(b",2874,", b",2875,")
    assert told(document, "csv", text, whole=False) == "table months/months, total, column dental"
    text = draw("json", document).replace(b"2874", b"2875")
    assert told(document, "json", text, whole=False) == "table months/months, total, column dental"
    book = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(draw("excel", document))) as old, zipfile.ZipFile(book, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>2874</v>", b"<v>2875</v>"))
    assert told(document, "excel", book.getvalue(), whole=False) == "table months/months, total, column dental"


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("file", [b"", b"PK\x03\x04", b"%PDF-1.4 nothing", b'{"content": []}', b"\xff\xfe", b'a,"b'])
def test_what_cannot_be_read_is_no_report(format_name: str, file: bytes) -> None:
    told(samples.document(samples.visit_trends()), format_name, file)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_file_that_was_cut_short_is_found(draw: Draw, format_name: str) -> None:
    document = samples.document(samples.visit_trends())
    file = draw(format_name, document)
    told(document, format_name, file[: len(file) // 2], whole=False)


def test_an_address_holds_no_text_of_the_report(draw: Draw) -> None:
    content = odd_samples.named("Anna Patient")
    document = samples.document(content)
    for _, other in altered(content):
        for format_name in FORMATS:
            with pytest.raises(FiguresDiffer) as caught:
                reconcile.check(
                    document, format_name, io.BytesIO(draw(format_name, replace(document, content=other))), True
                )
            assert "Anna" not in f"{caught.value} {caught.value.plain}"


printable_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=80)
names = st.one_of(st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=80), printable_text)
figures = st.one_of(
    st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9, allow_nan=False), st.none(), st.just(SUPPRESSED), names
)


@settings(max_examples=15)
@given(
    st.lists(st.tuples(names, figures, figures, st.integers(0, 99)), max_size=30),
    st.sampled_from(["line", "bar", "heat"]),
    names,
    names,
)
def test_no_file_that_is_right_is_refused(
    draw: Draw, rows: list[tuple[Any, ...]], shape: Any, label: str, value: str
) -> None:
    columns = (
        Column("name", "Name"),
        Column("a", label, "number", decimals=1),
        Column("b", "Share", "percent", decimals=2),
        Column("c", "Visits", "count"),
    )
    table = Table("t", label, columns, tuple(rows), ("All", None, None, sum(row[3] for row in rows)))
    chart = Chart("c", shape, "Title", "Subtitle", "t", "name", ("c",))
    content = replace(
        odd_samples.empty(),
        metrics=(Metric("m", label, value, "text"), Metric("n", label, 12.5, "number", decimals=1)),
        sections=(Section("s", label, (chart,), (table,)),),
    )
    document = thawed(samples.document(content))
    for format_name in FORMATS:
        reconcile.check(document, format_name, io.BytesIO(draw(format_name, document)), whole=True)


def thawed(document: Document) -> Document:
    return replace(document, content=thaw(Content, freeze(document.content)))
