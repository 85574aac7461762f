"""Feedback analysis: how patients rate the clinic, about what, and how soon they are answered.

    responses          sent in on a day of the period, by the clinic's own clock, with or without a rating
    mean rating        sum / number of ratings from 1 to 5; others are not rated
    positive, negative ratings of 5 and 4, of 2 and 1 / ratings: as the Friends and Family Test groups its five answers
                       (NHS England, "Using the Friends and Family Test to improve patient experience", 2020)
    net score          share of positive less share of negative ratings; no part of the Test since 2014
    response rate      visits of the period that a response of then or later names / visits that took place in it
    answered in time   responses answered within 3 days of 24 hours / all responses of the period. Our limit, set beside
                       the 3 working days to acknowledge a complaint (SI 2009/309, regulation 13)
    median wait        of the answered responses, in completed hours, told in days
    categories         responses, mean and shares of each category; shares of its ratings
    months             the 12 calendar months up to the last day, or all of a longer period
    change             against the question's earlier period

A mean is told to have moved beyond 1.96 standard errors of the difference (Altman, Practical Statistics for Medical
Research, 1991, chapter 9). What readers are told of all this stands in sentences.py.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings, periods
from webapp.content.feedback_analysis import comments, sentences
from webapp.content.feedback_analysis.counts import (
    FILTERS,
    SOON_DAYS,
    STEPS,
    UNCLEAR,
    WAIT_LABELS,
    Answer,
    Said,
    Tally,
    ask,
    count,
    top,
)
from webapp.content.feedback_analysis.ties import TIES
from webapp.content.feedback_terms import NO_RATING, OUT_OF_RANGE
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.figures import Cell, Change, Chart, Column, Metric, Section, Table

MOST_SHOWN = 10
"""Categories that have a row of their own."""
RATING_LABELS = {
    5: "5 (positive)", 4: "4 (positive)", 3: "3 (neither)", 2: "2 (negative)", 1: "1 (negative)",
    NO_RATING: "No rating", OUT_OF_RANGE: "Out of range",
}  # fmt: skip


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    said = comments.section(answer.comments, is_whole=not question.suppress_below)
    sections = (
        _ratings(answer),
        _by_month(answer),
        _by_category(answer),
        _answers(answer),
        _compared(answer),
        said,
    )
    return Body(
        summary=sentences.summary(answer, _categories(answer)),
        metrics=_metrics(answer),
        sections=sections,
        rows=answer.rows,
        definitions=sentences.definitions(bool(said)),
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    now, before, tally = answer.now, answer.before, answer.now.tally

    def step(came: float | None, then: float | None) -> Change | None:
        return findings.difference(came, then, answer.earlier) if answer.is_compared else None

    def trend(figure: str) -> tuple[Cell, ...]:
        cells: tuple[Cell, ...] = tuple(getattr(found, figure) for found in answer.months.values())
        return cells if len(cells) > 1 else ()

    is_few = tally.rated < findings.SMALL
    of_ratings = f"of {words.plural(tally.rated, 'rating')}" if tally.rated else ""
    net = "" if tally.net is None else f"net score {sentences.signed(tally.net)}"
    positive = f"{words.number(tally.positive)} {of_ratings}" if tally.rated else ""
    rate = "" if now.response_rate is None else f"response rate {words.number(now.response_rate, 1)} %"
    if 0 < now.all_visits < findings.SMALL:
        rate = f"{words.number(now.visits_named)} of {words.plural(now.all_visits, 'visit')} drew one"
    days = "" if now.median_days is None else f"median {sentences.days(now.median_days)}"
    if 0 < tally.all < findings.SMALL:
        days = f"{words.number(now.waits.in_time)} of {words.plural(tally.all, 'response')}"
    then = before.tally
    more = findings.change(tally.all, then.all, answer.earlier) if answer.is_compared else None
    return (
        Metric("responses", "Responses", tally.all, change=more, note=rate, trend=trend("all")),
        Metric("mean", "Mean rating", tally.mean, "number", decimals=1,
               change=step(tally.mean, then.mean), note=of_ratings, trend=trend("mean")),
        Metric("positive", "Positive ratings", tally.positive_share, "percent", decimals=1,
               change=step(tally.positive_share, then.positive_share), note=positive if is_few else net,
               trend=trend("positive_share")),
        Metric("answered_soon", f"Answered within {SOON_DAYS} days", now.waits.soon, "percent", decimals=1,
               change=step(now.waits.soon, before.waits.soon), note=days),
    )  # fmt: skip


def _ratings(answer: Answer) -> Section | None:
    tally = answer.now.tally
    if not tally.all:
        return None
    table = Table(
        "ratings",
        "Responses by rating",
        (
            Column("rating", "Rating"),
            Column("responses", "Responses", "count"),
            Column("share", "Share of ratings", "percent", decimals=1),
        ),
        tuple(
            (label, tally.by.get(rating, 0), tally.share(tally.by.get(rating, 0)) if rating > 0 else None)
            for rating, label in RATING_LABELS.items()
            if rating > 0 or tally.by.get(rating)
        ),
        total=("All responses", tally.all, 100.0 if tally.rated else None),
    )
    chart = Chart(
        "ratings",
        "bar",
        sentences.ratings_title(tally),
        f"Responses by rating, 5 the best, {periods.label(*answer.period)}",
        table.key,
        "rating",
        ("responses",),
    )
    return Section("ratings", "Ratings", (chart,), (table, _scores(answer)))


def _scores(answer: Answer) -> Table:
    """Means and shares, beside those of the earlier period where that has records."""
    name_of = {
        "mean": "Mean rating, 1 to 5",
        "positive": "Positive, % of ratings",
        "neither": "Neither, % of ratings",
        "negative": "Negative, % of ratings",
        "net": "Net score, −100 to +100",
        "rate": "Response rate, % of visits",
        "soon": f"Answered within {SOON_DAYS} days, % of responses",
        "median": "Median time to answer, days",
    }
    now, then = _measured(answer.now), _measured(answer.before)
    keys = [key for key in name_of if now[key] is not None or (answer.is_compared and then[key] is not None)]
    is_now = Column("now", periods.full_label(*answer.period), "number", decimals=1)
    if not answer.is_compared:
        rows: tuple[tuple[Cell, ...], ...] = tuple((name_of[key], now[key]) for key in keys)
        return Table("scores", "Scores", (Column("what", "Score"), is_now), rows)
    columns = (
        Column("what", "Score"),
        Column("then", periods.full_label(*answer.earlier), "number", decimals=1),
        is_now,
        Column("change", "Change", "number", decimals=1),
    )
    rows = tuple((name_of[key], then[key], now[key], _step(now[key], then[key])) for key in keys)
    return Table("scores", "Scores", columns, rows, note=coverage.comparison_note(answer.earlier, answer.records_begin))


def _measured(said: Said) -> dict[str, float | None]:
    tally = said.tally
    return {
        "mean": tally.mean,
        "positive": tally.positive_share,
        "neither": tally.share(tally.neither),
        "negative": tally.negative_share,
        "net": tally.net,
        "rate": said.response_rate,
        "soon": said.waits.soon,
        "median": said.median_days,
    }


def _step(now: float | None, then: float | None) -> float | None:
    """Of two figures with one decimal, as a reader works it out."""
    return None if now is None or then is None else round(now - then, 1)


def _by_month(answer: Answer) -> Section | None:
    if not any(tally.all for tally in answer.months.values()):
        return None
    question, months = answer.question, answer.months
    notes = (
        periods.months_note(months, question.start, question.end),
        coverage.months_note(months, answer.records_begin),
    )
    table = Table(
        "months",
        "Responses and ratings by month",
        (
            Column("month", "Month", "month"),
            Column("responses", "Responses", "count"),
            Column("ratings", "Ratings", "count"),
            Column("mean", "Mean rating", "number", decimals=1),
            Column("positive", "Positive", "percent", decimals=1),
            Column("negative", "Negative", "percent", decimals=1),
            Column("net", "Net score", "number", decimals=1),
        ),
        tuple(
            (month, tally.all, tally.rated, tally.mean, tally.positive_share, tally.negative_share,
             tally.net)
            for month, tally in zip(periods.month_cells(months, question.end), months.values(), strict=True)
        ),
        note=" ".join(filter(None, notes)),
    )  # fmt: skip
    charts: list[Chart] = []
    if len(months) > 1:
        shown = periods.months_label(months, question.end)
        if sum(1 for tally in months.values() if tally.rated) > 1:
            title, plotted = sentences.means_title(answer), f"Mean rating a month, 1 to 5, {shown}"
            charts.append(Chart("means", "line", title, plotted, table.key, "month", ("mean",)))
        numbers = {key: tally.all for key, tally in months.items()}
        title = findings.months_title("Responses", numbers, answer.period, answer.records_begin)
        plotted = f"Responses a month, {shown}"
        charts.append(Chart("responses", "line", title, plotted, table.key, "month", ("responses",)))
    return Section("by_month", "By month", tuple(charts), (table,))


def _categories(answer: Answer) -> list[tuple[str, Tally]]:
    """The categories to show; none where there is nothing to tell apart."""
    shown = top(answer.categories, MOST_SHOWN, findings.ALL_OTHERS)
    return shown if len(shown) > 1 else []


def _by_category(answer: Answer) -> Section | None:
    categories, tally = _categories(answer), answer.now.tally
    if not categories:
        return None
    not_rated = (Column("not_rated", "Not rated", "count"),) if tally.all > tally.rated else ()

    def cells(name: str, of: Tally) -> tuple[Cell, ...]:
        without = (of.all - of.rated,) if not_rated else ()
        shares = (of.positive_share, of.negative_share)
        return (name, of.positive, of.neither, of.negative, *without, of.all, of.mean, *shares)

    table = Table(
        "categories",
        "Responses by category",
        (
            Column("category", "Category"),
            Column("positive", "Positive", "count"),
            Column("neither", "Neither", "count"),
            Column("negative", "Negative", "count"),
            *not_rated,
            Column("all", "All responses", "count"),
            Column("mean", "Mean rating", "number", decimals=1),
            Column("share_positive", "Share positive", "percent", decimals=1),
            Column("share_negative", "Share negative", "percent", decimals=1),
        ),
        tuple(cells(name, found) for name, found in categories),
        cells("All categories", tally),
        note="Shares are of ratings." if not_rated else "",
    )
    if not tally.rated:
        return Section("by_category", "By category", (), (table,))
    chart = Chart(
        "categories",
        "stack",
        sentences.categories_title(categories),
        f"Positive, neither and negative ratings by category, {periods.label(*answer.period)}",
        table.key,
        "category",
        ("positive", "neither", "negative"),
    )
    return Section("by_category", "By category", (chart,), (table,))


def _answers(answer: Answer) -> Section | None:
    """How many visits were followed by a response, and how long it took to be answered."""
    tables = [table for table in (_waits(answer), _visits(answer)) if table]
    if not tables:
        return None
    charts: tuple[Chart, ...] = ()
    if answer.now.tally.all:
        chart = Chart(
            "waits",
            "bar",
            sentences.waits_title(answer.now),
            f"Responses by time to answer, {periods.label(*answer.period)}",
            "waits",
            "wait",
            ("responses",),
        )
        charts = (chart,)
    return Section("answers", "Time to answer and response rate", charts, tuple(tables))


def _waits(answer: Answer) -> Table | None:
    now = answer.now
    if not now.tally.all:
        return None
    negative = now.tally.negative

    def cells(name: str, found: int, of_negative: int) -> tuple[Cell, ...]:
        shares = findings.share(found, now.tally.all), findings.share(of_negative, negative)
        return name, found, shares[0], of_negative, shares[1]

    return Table(
        "waits",
        "Responses by time to answer",
        (
            Column("wait", "Time to answer"),
            Column("responses", "Responses", "count"),
            Column("share", "Share", "percent", decimals=1),
            Column("negative", "Negative ratings", "count"),
            Column("share_negative", "Share of negative", "percent", decimals=1),
        ),
        tuple(
            cells(label, now.waits.by.get(name, 0), now.negative.by.get(name, 0))
            for name, label in WAIT_LABELS.items()
            if name != UNCLEAR or now.waits.by.get(name)
        ),
        cells("All responses", now.tally.all, negative),
    )


def _visits(answer: Answer) -> Table | None:
    visits = answer.now.visits
    if not visits:
        return None

    def cells(name: str, found: Mapping[str, tuple[int, int]]) -> tuple[Cell, ...]:
        all_visits, named = (sum(pair[at] for pair in found.values()) for at in (0, 1))
        return name, all_visits, named, findings.share(named, all_visits)

    rows = tuple(cells(filters.KIND_WORDS[kind], {kind: pair}) for kind, pair in visits.items())
    columns = (
        Column("kind", "Visits"),
        Column("visits", "Visits that took place", "count"),
        Column("named", "With a response", "count"),
        Column("rate", "Response rate", "percent", decimals=1),
    )
    total = cells("All visits", visits) if len(rows) > 1 else None
    return Table("visits", "Response rate by kind of visit", columns, rows, total)


def _compared(answer: Answer) -> Section | None:
    now, then = answer.now.tally, answer.before.tally
    if not answer.is_compared or not (now.all or then.all):
        return None
    steps = {
        "All responses": (then.all, now.all),
        "Positive ratings": (then.positive, now.positive),
        "Neither": (then.neither, now.neither),
        "Negative ratings": (then.negative, now.negative),
        "Not rated": (then.all - then.rated, now.all - now.rated),
    }
    title = f"Compared with {answer.earlier_name}"
    table = findings.comparison(
        "compared", title, "Responses", answer.period, answer.earlier, steps, answer.records_begin
    )
    return Section("compared", "What changed", tables=(table,))


TEMPLATE = Template(
    name="feedback_analysis",
    title="Feedback analysis",
    number_prefix="FA",
    sentence="What patients say: ratings by month and category, how many respond, and how soon they are answered.",
    pages="About 4 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(minutes=30),
    has_comments=True,
    ties=TIES,
)
