"""What the page of a report shows beside what."""

from dataclasses import replace

from tests.files import odd_samples, samples
from webapp.figures import Column, Section, Table
from webapp.report_requests.reading import read


def section(key: str = "s", title: str = "What is seen", many: int = 6) -> Section:
    """A section of one bar chart over a table of so many columns of counts."""
    made = odd_samples.one_chart("bar", ("a", "b"), *[(1, 2)] * many).sections[0]
    return replace(made, key=key, charts=(replace(made.charts[0], title=title),))


def test_a_chart_has_a_row_to_itself_where_nothing_could_stand_beside_it() -> None:
    narrow = replace(section(many=1).tables[0], key="narrow")
    alone = section("alone")
    beside = replace(section("beside"), tables=(*alone.tables, narrow))
    shown = read(samples.document(replace(odd_samples.empty(), sections=(alone, beside)))).sections
    assert [[item.has_row for item in (*one.charts, *one.tables)] for one in shown] == [
        [True, True],
        [False, False, True],
    ]


def test_a_percent_sign_stays_on_the_line_of_its_figure() -> None:
    told = section(title="Visits rose by 6.5 %")
    document = read(samples.document(replace(odd_samples.empty(), sections=(told,))))
    assert document.sections[0].charts[0].title == "Visits rose by 6.5\N{NO-BREAK SPACE}%"


def test_the_table_of_a_chart_that_is_left_out_stays() -> None:
    (shown,) = read(samples.document(odd_samples.in_shreds())).sections
    assert shown.charts == ()
    assert [table.title for table in shown.tables] == ["The table"]


def test_a_total_says_nothing_where_it_has_no_figure_and_its_label_may_stand_among_months() -> None:
    columns = (Column("month", "Month", "month"), Column("name", "Name"), Column("visits", "Visits", "count"))
    table = Table("t", "The table", columns, (("2026-10", None, 3),), ("All months", None, 3))
    one = Section("s", "The section", (), (table,))
    (shown,) = read(samples.document(replace(odd_samples.empty(), sections=(one,)))).sections
    (told,) = shown.tables
    assert [cell.text for cell in told.rows[0]] == ["Oct 2026", "–", "3"]
    assert [cell.text for cell in told.total] == ["All months", "", "3"]
