"""Which figures are withheld, in tables made by hand and at random. test_suppression_attack.py attacks real reports."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.reading import metric, rows, table
from webapp.content import suppression
from webapp.content.suppression import complement, counts, numerals, relations
from webapp.content.suppression.relations import System
from webapp.content.suppression.sums import Sum
from webapp.figures import SUPPRESSED, Cell, Change, Chart, Column, Content, Excluded, Metric, Rows, Section, Table

C = SUPPRESSED

COLUMNS = (
    Column("age", "Age"),
    Column("female", "Female", "count"),
    Column("male", "Male", "count"),
    Column("all", "All", "count"),
    Column("share", "Share", "percent", decimals=1),
)
YOUNG, MIDDLE, OLD = ("0 to 14", 30, 25, 55, 35.5), ("15 to 64", 41, 37, 78, 50.3), ("65 or over", 3, 19, 22, 14.2)
TOTAL = ("All", 74, 81, 155, 100.0)


def report(*lines: tuple[Cell, ...], total: tuple[Cell, ...] | None = TOTAL, **values: object) -> Content:
    """A report of 155 patients by age and sex."""
    ages = Table("ages", "Patients by age and sex", COLUMNS, lines or (YOUNG, MIDDLE, OLD), total)
    chart = Chart("ages", "pyramid", "Three women are 65 or over", "Patients by age", "ages", "age", ("female", "male"))
    usual = {
        "template": "patient_summary",
        "title": "Patient summary, October 2026",
        "summary": ("There were 155 patients.", "Of them 3 were women of 65 or over.", "Most were younger."),
        "metrics": (Metric("patients", "Patients", 155),),
        "sections": (Section("ages", "Ages", (chart,), (ages,)),),
        "rows": Rows("patients", 155, 155),
    }
    return Content(**{**usual, **values})  # type: ignore[arg-type]


def test_without_a_threshold_nothing_is_withheld() -> None:
    assert suppression.protect(report(), 0) == report()


def test_a_report_without_small_counts_keeps_its_texts() -> None:
    whole = report(YOUNG, MIDDLE, total=("All", 71, 62, 133, 100.0), summary=("There were 133 patients.",),
                   metrics=(), rows=Rows("patients", 133, 133))  # fmt: skip
    chart = replace(whole.sections[0].charts[0], title="Patients were of every age")
    whole = replace(whole, sections=(replace(whole.sections[0], charts=(chart,)),))
    assert suppression.protect(whole, 5) == whole


def test_a_small_count_goes_with_the_fewest_that_would_tell_it() -> None:
    told = rows(suppression.protect(report(), 5), "ages")
    assert {label: (row["female"], row["male"], row["all"]) for label, row in told.items()} == {
        "0 to 14": (C, C, 55),
        "15 to 64": (41, 37, 78),
        "65 or over": (C, C, 22),
    }
    assert table(suppression.protect(report(), 5), "ages").total == TOTAL


def test_zero_is_published() -> None:
    whole = report(YOUNG, MIDDLE, ("65 or over", 0, 22, 22, 14.2), total=("All", 71, 84, 155, 100.0),
                   summary=("There were 155 patients.",))  # fmt: skip
    assert rows(suppression.protect(whole, 5), "ages")["65 or over"]["female"] == 0
    assert C not in table(suppression.protect(whole, 5), "ages").rows[2]


def test_two_small_counts_alone_are_too_little_to_hide_in() -> None:
    """1 + 1 = 2 could be nothing else, since a zero would be published."""
    whole = report(("0 to 14", 1, 1, 2, 1.3), MIDDLE, total=("All", 42, 38, 80, 100.0), metrics=(),
                   rows=Rows("patients", 80, 80))  # fmt: skip
    assert rows(suppression.protect(whole, 5), "ages")["0 to 14"] == {
        "age": "0 to 14", "female": C, "male": C, "all": C, "share": C,
    }  # fmt: skip


def test_a_share_of_a_withheld_count_goes_with_it_and_one_of_published_counts_stays() -> None:
    columns = (*COLUMNS[:4], Column("women", "Share of women", "percent", decimals=1), COLUMNS[4])
    lines = [(*line[:4], round(100 * line[1] / line[3], 1), line[4]) for line in (YOUNG, MIDDLE, OLD)]  # type: ignore[operator]
    ages = Table("ages", "Patients by age and sex", columns, tuple(lines), (*TOTAL[:4], 47.7, 100.0))
    told = rows(suppression.protect(report(sections=(Section("ages", "Ages", (), (ages,)),)), 5), "ages")
    assert told["65 or over"]["women"] == C
    assert told["65 or over"]["share"] == 14.2
    assert told["15 to 64"]["women"] == lines[1][4]


def test_a_headline_that_equals_a_withheld_count_is_withheld_too() -> None:
    whole = report(metrics=(Metric("patients", "Patients", 155), Metric("old_women", "Women of 65 or over", 3)))
    told = suppression.protect(whole, 5)
    assert metric(told, "old_women").value == C
    assert metric(told, "patients").value == 155


def test_a_change_that_tells_a_small_earlier_count_is_withheld() -> None:
    whole = report(metrics=(Metric("patients", "Patients", 155, change=Change(152, None, "September 2026")),))
    told = metric(suppression.protect(whole, 5), "patients")
    assert (told.value, told.change) == (155, Change(C, C, "September 2026"))


def test_a_rate_cannot_be_worked_out_from_the_other_one_and_their_step() -> None:
    columns = (
        Column("what", "Share"),
        Column("then", "September 2026", "percent", decimals=1),
        Column("now", "October 2026", "percent", decimals=1),
        Column("change", "Change", "number", decimals=1),
    )
    lines = ("Women of 65 or over", 2.6, 1.9, -0.7), ("Who came back", 45.8, 41.1, -4.7)
    compared = Section("compared", "What changed", (), (Table("compared", "Shares then and now", columns, lines),))
    metrics = (Metric("patients", "Patients", 155), Metric("old_women", "Women of 65 or over", 3))
    whole = report(metrics=metrics, sections=(*report().sections, compared))
    made_of = ("compared:Women of 65 or over:now <- metric:old_women + metric:patients",)
    told = rows(suppression.protect(whole, 5, made_of), "compared")
    assert tuple(told["Women of 65 or over"].values())[1:] == (2.6, C, C)
    assert tuple(told["Who came back"].values())[1:] == (45.8, 41.1, -4.7)


def months(*patients: int) -> Section:
    columns = (Column("month", "Month", "month"), Column("patients", "Patients", "count"))
    lines = tuple((f"2026-{at:02}", many) for at, many in enumerate(patients, 1))
    return Section("months", "Months", (), (Table("months", "Patients by month", columns, lines),))


def test_numbers_that_are_equal_by_chance_are_not_tied() -> None:
    """30 girls and 25 boys are withheld, and 30 and 25 patients of two months are not."""
    told = suppression.protect(report(sections=(*report().sections, months(30, 25))), 5)
    assert rows(told, "ages")["0 to 14"]["female"] == rows(told, "ages")["0 to 14"]["male"] == C
    assert [line["patients"] for line in rows(told, "months").values()] == [30, 25]


@pytest.mark.parametrize(
    ("side", "months_tied"),
    [
        ("months:last:patients", [3]),
        ("months:latest:patients", [3]),
        ("months:earlier:patients", [0]),
        ("months:first:patients", [0]),
        ("months:before:patients", []),
        ("months:2026-04:patients", [3]),
        ("months:each:patients", [0, 3]),
        ("nowhere:all:patients", []),
        ("months:last:nothing", []),
    ],
)
def test_what_is_declared_to_be_the_same_is_one_quantity(side: str, months_tied: list[int]) -> None:
    whole = report(metrics=(Metric("old", "Old", 13),), sections=(months(13, 40, 50, 13),))
    found = counts.read(whole)
    tied = relations.find(found, whole, (f"metric:old = {side}",))
    rows_of = [count.place[1] for count, one in zip(found.every, tied.of, strict=False) if one == tied.of[0]]
    assert rows_of[1:] == months_tied


def headlines(content: Content) -> list[Cell]:
    return [item.value for item in content.metrics]


def test_of_a_sum_that_is_declared_a_second_part_is_withheld() -> None:
    names = {"patients": 155, "old": 3, "middle": 78, "young": 74}
    whole = report(metrics=tuple(Metric(name, name.capitalize(), value) for name, value in names.items()))
    assert headlines(suppression.protect(whole, 5)) == [155, C, 78, 74]
    declared = ("metric:patients = metric:old + metric:middle + metric:young",)
    assert headlines(suppression.protect(whole, 5, declared)) == [155, C, 78, C]


def test_a_sum_that_does_not_hold_is_none() -> None:
    whole = report(metrics=(Metric("patients", "Patients", 155), Metric("old", "Old", 3), Metric("young", "Young", 99)))
    assert headlines(suppression.protect(whole, 5, ("metric:patients = metric:old + metric:young",))) == [155, C, 99]


def test_what_nothing_needs_any_more_is_given_back() -> None:
    """1 + 11 + 8 = 20 and 1 + 11 = 12. The 8 is taken first, as the smallest, and then the 11, and the 12, without
    which 20 - 12 would tell the 8. With the 11 gone neither is needed."""
    sums = (Sum(3, ((0, 1), (1, 1), (2, 1))), Sum(4, ((0, 1), (1, 1))))
    assert complement.withheld(System(tuple(range(5)), (1, 11, 8, 20, 12), (0, 0, 0, 3, 1), sums, ()), 5) == {0, 1}


def test_a_sparkline_with_a_small_count_is_left_out() -> None:
    whole = report(metrics=(Metric("patients", "Patients", 155, trend=(2, 90, 155)),))
    assert metric(suppression.protect(whole, 5), "patients").trend == ()
    whole = report(metrics=(Metric("patients", "Patients", 155, trend=(60, 90, 155)),))
    assert metric(suppression.protect(whole, 5), "patients").trend == (60, 90, 155)


def test_rows_left_out_take_the_rows_read_with_them() -> None:
    told = suppression.protect(report(rows=Rows("patients", 157, 155, (Excluded("registered later", 2),))), 5)
    assert told.rows == Rows("patients", C, 155, (Excluded("registered later", C),))


def test_sentences_and_titles_that_tell_are_replaced() -> None:
    told = suppression.protect(report(), 5)
    assert told.summary == (
        "There were 155 patients.",
        "Figures marked [c] are withheld, so that no count under 5 can be read from them.",
    )
    chart = told.sections[0].charts[0]
    assert (chart.title, chart.subtitle) == ("Patients by age", "Figures marked [c] are withheld")
    assert told.definitions[0].term == "Withheld figures"


def test_where_a_headline_is_withheld_no_sentence_is_trusted() -> None:
    whole = report(
        metrics=(Metric("patients", "Patients", 155), Metric("new", "New", 4)), summary=("Patients stayed away.",)
    )
    assert suppression.protect(whole, 5).summary[0] == "Patients: 155."


def test_a_note_with_a_small_number_is_left_out_and_one_with_dates_stays() -> None:
    def noted(text: str) -> str:
        ages = replace(table(report(), "ages"), note=text)
        return table(suppression.protect(report(sections=(Section("ages", "Ages", (), (ages,)),)), 5), "ages").note

    assert noted("2 patients stand in no row.") == ""
    assert noted("Records begin on 3 March 2026, 2 months before.") == "Records begin on 3 March 2026, 2 months before."


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,204 visits, 6.5 % more than in September 2026", ["1,204", "6.5"]),
        ("22 visits at 9:00 on 3 November 2026", ["22"]),
        ("1 to 22 October 2026, aged 5 to 14, within 30 days: 7", ["7"]),
        ("2026 was a year, 2,026 is a count", ["2,026"]),
    ],
)
def test_numbers_that_count_nothing_are_told_from_counts(text: str, numbers: list[str]) -> None:
    assert numerals.written(text) == numbers


@pytest.mark.parametrize(
    ("count", "threshold", "words"),
    [
        (0, 5, "0 visits"), (1, 5, "fewer than 5 visits"), (4, 5, "fewer than 5 visits"), (5, 5, "about 5 visits"),
        (1, 0, "1 visit"), (1204, 0, "1,204 visits"), (1204, 10, "about 1,200 visits"),
    ],
)  # fmt: skip
def test_how_many_match_is_told_as_far_as_may_be(count: int, threshold: int, words: str) -> None:
    assert suppression.told(count, "visits", threshold) == words


def system(values: list[int], sums: list[Sum]) -> System:
    return System(tuple(range(len(values))), tuple(values), (0,) * len(values), tuple(sums), ())


def crossed(lines: list[list[int]]) -> System:
    """A table with the totals of its rows and columns and of all: its cells row by row, each row with its total."""
    full = [[*line, sum(line)] for line in lines]
    full.append([sum(column) for column in zip(*full, strict=True)])
    wide, values = len(full[0]), [value for line in full for value in line]
    across = [[wide * at + column for column in range(wide)] for at in range(len(full))]
    down = [list(column) for column in zip(*across, strict=True)]
    kept = [[number for number in line if values[number]] for line in [*across, *down] if values[line[-1]]]
    return system(values, [Sum(line[-1], tuple((part, 1) for part in line[:-1])) for line in kept])


TABLES = st.integers(2, 4).flatmap(
    lambda wide: st.lists(st.lists(st.integers(0, 12), min_size=wide, max_size=wide), min_size=2, max_size=4)
)


@given(TABLES, st.sampled_from([5, 10]))
def test_in_a_table_with_totals_no_withheld_count_has_one_value(lines: list[list[int]], threshold: int) -> None:
    crossing = crossed(lines)
    gone = complement.withheld(crossing, threshold)
    assert {at for at, value in enumerate(crossing.values) if 0 < value < threshold} <= gone
    assert not [at for at in gone if crossing.values[at] == 0]
    equations = [{at: many for at, many in ((one.whole, -1), *one.parts) if at in gone} for one in crossing.sums]
    assert not complement.determined(equations)
    for one in crossing.sums:
        parts = [crossing.values[part] for part, _ in one.parts if part in gone]
        assert one.whole in gone or not parts or (len(parts) > 1 and sum(parts) >= threshold)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=2))
def test_not_even_trying_every_table_tells_a_small_count(lines: list[list[int]]) -> None:
    """Whoever knows that no withheld count is zero still finds several tables with the same published figures."""
    crossing = crossed(lines)
    gone = complement.withheld(crossing, 5)
    cells = [0, 1, 3, 4]
    choices = [range(1, 8) if at in gone else [crossing.values[at]] for at in cells]
    fitting = []
    for first, second, third, fourth in product(*choices):
        guess = crossed([[first, second], [third, fourth]]).values
        if all(guess[at] == value for at, value in enumerate(crossing.values) if at not in gone):
            fitting.append(guess)
    assert all(len({guess[at] for guess in fitting}) > 1 for at in gone)


def test_equations_are_solved_exactly() -> None:
    assert complement.determined([{1: 1, 2: 1}, {1: 1, 2: -1}]) == {1, 2}
    assert complement.determined([{1: 1, 2: 1}, {2: 3, 1: 3}]) == set()
    assert complement.determined([{1: 1, 2: 1, 3: 1}, {2: 1, 3: 1}]) == {1}


def test_a_heat_map_of_a_week_is_protected_at_once() -> None:
    counts = [[(weekday * 7 + hour * 5) % 23 for hour in range(24)] for weekday in range(7)]
    columns = (Column("weekday", "Weekday"), *(Column(f"h{hour}", f"{hour}:00", "count") for hour in range(24)))
    lines = tuple((f"Day {at}", *line) for at, line in enumerate(counts))
    total = ("All days", *(sum(column) for column in zip(*counts, strict=True)))
    everything = sum(map(sum, counts))
    chart = Chart("hours", "heat", "Mondays", "Visits", "hours", "weekday", tuple(f"h{hour}" for hour in range(24)))
    hours = Section("hours", "Hours", (chart,), (Table("hours", "Visits", columns, lines, total),))
    read, visits = Rows("visits", everything, everything), Metric("visits", "Visits", everything)
    told = suppression.protect(report(sections=(hours,), metrics=(visits,), rows=read), 10)
    shown = [cell for line in table(told, "hours").rows for cell in line[1:]]
    assert not [cell for cell in shown if isinstance(cell, int) and 0 < cell < 10]
    assert metric(told, "visits").value == everything
