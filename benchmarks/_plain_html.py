"""A report as one plain HTML page for other makers of PDF: headings, tables and inline SVG, the fonts embedded."""

from collections.abc import Iterator
from html import escape

from webapp import words
from webapp.figures import Cell, Column, Document, Table
from webapp.files import charts, facts, fonts

STYLE = """
@page { size: %(paper)s; margin: 24mm 18mm 22mm; @bottom-right { content: "page " counter(page); font-size: 7pt } }
body { font-family: Reports; font-size: 9pt; line-height: 1.4; color: #1B2A32; margin: 0 }
h1 { font-size: 20pt; margin: 0 } h2 { font-size: 8.5pt; color: #0F5C63 } h3 { font-size: 11.5pt; margin: 8pt 0 0 }
table { border-collapse: collapse; width: 100%%; font-size: 8.5pt; margin-bottom: 12pt }
td, th { border-bottom: 0.5pt solid #E6EBED; padding: 2.5pt 4.5pt; text-align: left; vertical-align: top }
.number { text-align: right } .total { font-weight: bold } thead { display: table-header-group }
svg { display: block; width: 100%%; height: auto } tr, svg { break-inside: avoid } .small { font-size: 7.5pt }
"""


def page(document: Document) -> str:
    return "".join(_parts(document))


def _parts(document: Document) -> Iterator[str]:
    content, faces = document.content, fonts.build()
    yield "<!doctype html><meta charset=utf-8><style>"
    for name, weight in fonts.WEIGHTS.items():
        source = f'src: url("{faces[name].as_uri()}")'
        yield f"@font-face {{ font-family: Reports; font-weight: {weight}; {source} }}"
    yield f"{STYLE % {'paper': document.presentation.paper}}</style><title>{escape(content.title)}</title>"
    yield f"<h1>{escape(content.title)}</h1><p>{escape(facts.heading(document))}</p>"
    yield _pairs(facts.cover(document))
    yield _pairs(
        (one.label, f"{facts.value(one)} {one.unit} {facts.change(one)} {one.note}") for one in content.metrics
    )
    yield f"<p>{escape(' '.join(content.summary))}</p>"
    for section in content.sections:
        yield f"<h2>{escape(section.title)}</h2><p>{escape(section.text)}</p>"
        for chart in section.charts:
            wide, _ = charts.wide_and_narrow(chart, section.table(chart.table))
            yield f"<h3>{escape(chart.title)}</h3><p>{escape(chart.subtitle)}</p>{wide}"
        yield from map(_table, section.tables)
    yield "<h2>About these figures</h2><div class=small>"
    yield from (f"<p><b>{escape(one.term)}</b> {escape(one.meaning)}</p>" for one in content.definitions)
    yield f"{_pairs(facts.provenance(document))}</div>"


def _pairs(pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><td>{escape(label)}</td><td>{escape(told)}</td></tr>" for label, told in pairs)
    return f"<table>{rows}</table>"


def _table(table: Table) -> str:
    def cells(tag: str, texts: Iterator[str]) -> str:
        numeric = [column.kind in ("count", "number", "percent") for column in table.columns]
        told = zip(texts, numeric, strict=True)
        return "".join(f"<{tag}{' class=number' if right else ''}>{escape(text)}</{tag}>" for text, right in told)

    head = cells("th", (column.label for column in table.columns))
    rows = "".join(f"<tr>{cells('td', _written(row, table.columns))}</tr>" for row in table.rows)
    total = f"<tr class=total>{cells('td', _written(table.total, table.columns))}</tr>" if table.total else ""
    note = f"<p class=small>{escape(table.note)}</p>"
    return f"<h3>{escape(table.title)}</h3>{note}<table><thead><tr>{head}</tr></thead>{rows}{total}</table>"


def _written(row: tuple[Cell, ...], columns: tuple[Column, ...]) -> Iterator[str]:
    for cell, column in zip(row, columns, strict=True):
        is_label = isinstance(cell, str) and column.kind in ("day", "month") and not cell[:1].isdigit()
        yield str(cell) if is_label else words.cell(cell, column.kind, column.decimals)
