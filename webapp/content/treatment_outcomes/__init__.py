"""Treatment outcomes: what was found and done, how it went, and who should have come back.

    diagnoses       recorded on a day of the period, without those refuted or entered in error; share: / all of these
    treatments      given on a day of the period; share: / all of these
    outcomes        treatments by what their record says by now, and by the diagnosis that it names
    success rate    successful or improved / all whose outcome is known; 95 % interval by Wilson's score method (Wilson,
                    J Am Stat Assoc 1927; 22: 209; Newcombe, Stat Med 1998; 17: 857, method 3)
    due             follow-ups whose day due lies in the period, as they stood at the end of its last day
    overdue         not done by then and due before that day, whenever the treatment was; share of due, or of overdue
    came again      visits after which the patient came 1 to 30 days later / visits of the period that were followed for
                    as long
    months          the 12 calendar months up to the last day, or all of a longer period
    change          against the question's earlier period; of shares in percentage points

Codes are those of the records (SNOMED CT, ICD-10 and others: named.py), one line each; nothing is sorted into chapters.
From how many outcomes on a diagnosis may be named in a title (ENOUGH) is a rule of this system.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings, follow_ups, named, periods
from webapp.content.intervals import LEVEL
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.content.treatment_outcomes import revisits
from webapp.content.treatment_outcomes.counts import FILTERS, STEPS, Answer, Outcomes, ask, count
from webapp.figures import FEWEST_DRAWN, Cell, Change, Chart, Column, Definition, Metric, Section, Table

ENOUGH = 10
"""Treatments of known outcome a diagnosis must have to be named in a title."""

_RATE = (
    Column("known", "Known outcome", "count"),
    Column("succeeded", "Succeeded", "count"),
    Column("rate", "Success rate", "percent", decimals=1),
)
_ENDS = (
    Column("low", f"{LEVEL} % interval from", "percent", decimals=1),
    Column("high", "to", "percent", decimals=1),
)


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    sections = (
        _outcomes(answer),
        _success(answer),
        named.section("diagnoses", "Diagnosis", answer.diagnoses),
        named.section("treatments", "Treatment", answer.treatments),
        follow_ups.section(answer.follow_ups, answer.period),
        revisits.section(answer.revisits),
        _by_month(answer),
        _compared(answer),
    )
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=sections,
        rows=answer.rows,
        definitions=DEFINITIONS,
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    now, earlier = answer.total, answer.earlier
    rate, due = now.rate, answer.follow_ups
    again, again_before = revisits.total(answer.revisits), revisits.total(answer.revisits_before)
    overdue, overdue_before = due.overdue_in_all, answer.follow_ups_before.overdue_in_all

    def step(came: int, was: int) -> Change | None:
        return findings.change(came, was, earlier) if answer.is_compared else None

    def points(came: float | None, was: float | None) -> Change | None:
        return findings.difference(came, was, earlier) if answer.is_compared else None

    interval = f"{LEVEL} % interval {words.number(rate.low, 1)} to {words.number(rate.high, 1)}" if rate else ""
    if now.known < findings.SMALL:
        interval = _few(now.succeeded, now.known, "treatment")
    no_share = f"visits are followed for {revisits.DAYS} days" if again.visits and not again.followed else ""
    if again.followed < findings.SMALL:
        no_share = no_share or _few(again.again, again.followed, "visit")
    return (
        Metric("treatments", "Treatments", now.all, change=step(now.all, answer.before.all)),
        Metric("success_rate", "Success rate", rate.value if rate else None, "percent", decimals=1, note=interval,
               change=points(now.percent, answer.before.percent)),
        Metric("overdue", "Follow-ups overdue", overdue if due.recorded else None,
               note=f"on {words.day(answer.question.end)}" if due.recorded else "no follow-ups are on record",
               change=step(overdue, overdue_before) if due.recorded else None),
        Metric("came_again", f"Came again within {revisits.DAYS} days", again.share, "percent", decimals=1,
               change=points(again.share, again_before.share), note=no_share),
    )  # fmt: skip


def _few(part: int, whole: int, noun: str) -> str:
    """A share of so few that a percentage with a decimal would be too fine; nothing of none."""
    return f"{words.number(part)} of {words.plural(whole, noun)}" if whole else ""


def _outcomes(answer: Answer) -> Section | None:
    if not answer.total.all:
        return None
    columns = (
        Column("diagnosis", "Diagnosis"),
        Column("successful", "Successful", "count"),
        Column("improved", "Improved", "count"),
        Column("unchanged", "Unchanged", "count"),
        Column("worse", "Worse", "count"),
        Column("unknown", "Not known", "count"),
        Column("all", "Treatments", "count"),
    )

    def cells(name: str, found: Outcomes) -> tuple[Cell, ...]:
        return (
            name, found.successful, found.improved, found.unchanged, found.worse, found.unknown, found.all,
        )  # fmt: skip

    rows = tuple(cells(name, found) for name, found in answer.by_diagnosis.items())
    table = Table("outcomes", "Treatments by diagnosis and outcome", columns, rows, cells(findings.ALL, answer.total))
    if not answer.total.known:
        return Section("outcomes", "Outcomes by diagnosis", (), (table,))
    about = "Treatments of known outcome by diagnosis; those successful or improved have succeeded"
    subtitle = f"{about}, {periods.label(*answer.period)}"
    series = ("successful", "improved", "unchanged", "worse")
    chart = Chart("outcomes", "stack", _outcomes_title(answer.total), subtitle, table.key, "diagnosis", series)
    return Section("outcomes", "Outcomes by diagnosis", (chart,), (table,))


def _outcomes_title(total: Outcomes) -> str:
    known, well = words.plural(total.known, "treatment"), total.succeeded
    if well == total.known:
        return f"All {known} of known outcome succeeded" if well > 1 else "The one treatment of known outcome succeeded"
    if not well:
        return (
            f"None of {known} of known outcome succeeded" if total.known > 1 else "The one known outcome is no success"
        )
    return f"{words.number(well)} of {known} of known outcome succeeded"


def _success(answer: Answer) -> Section | None:
    total = answer.total
    if not total.known:
        return None
    tables = [_success_table("success", "Success rate by diagnosis", "Diagnosis", answer.by_diagnosis, total)]
    chart = Chart(
        "success",
        "interval",
        _success_title(answer),
        f"Success rate with its {LEVEL} % confidence interval, percent, {periods.label(*answer.period)}",
        "success",
        "name",
        ("rate", "low", "high"),
        whole="known",
    )
    is_drawn = any(found.known >= FEWEST_DRAWN for found in answer.by_diagnosis.values())
    if len(answer.by_kind) > 1:
        kinds = {filters.KIND_WORDS[kind]: found for kind, found in answer.by_kind.items()}
        tables.append(_success_table("success_by_care", "Success rate by kind of care", "Care", kinds, total))
    return Section("success", "Success rate", (chart,) if is_drawn else (), tuple(tables))


def _success_table(key: str, title: str, label: str, found: Mapping[str, Outcomes], total: Outcomes) -> Table:
    """Those with a known outcome."""
    rows = tuple((name, *_rate_cells(outcomes)) for name, outcomes in found.items() if outcomes.known)
    return Table(key, title, (Column("name", label), *_RATE, *_ENDS), rows, (findings.ALL, *_rate_cells(total)))


def _rate_cells(found: Outcomes) -> tuple[Cell, ...]:
    rate = found.rate
    return (found.known, found.succeeded, *((rate.value, rate.low, rate.high) if rate else (None, None, None)))


def _success_title(answer: Answer) -> str:
    """Names the diagnosis whose interval lies farthest below the overall rate, else the one farthest above."""
    overall = answer.total.rate
    single = {
        name: found.rate
        for name, found in answer.by_diagnosis.items()
        if found.rate and found.known >= ENOUGH and name not in (findings.ALL_OTHERS, named.NO_DIAGNOSIS)
    }
    if not (overall and single):
        return "Success rate by diagnosis"
    below = {name: overall.value - rate.high for name, rate in single.items()}
    above = {name: rate.low - overall.value for name, rate in single.items()}
    for word, distances in (("lower", below), ("higher", above)):
        top = max(distances, key=lambda name: distances[name])
        if distances[top] > 0:
            return f"Success was {word} for {top} than overall"
    return "No diagnosis stood out from the overall success rate"


def _by_month(answer: Answer) -> Section | None:
    months = answer.months
    if not any(found.all for found in months.values()):
        return None
    question = answer.question
    notes = (
        periods.months_note(months, question.start, question.end), coverage.months_note(months, answer.records_begin),
    )  # fmt: skip
    table = Table(
        "months",
        "Treatments and success rate by month",
        (Column("month", "Month", "month"), Column("all", "Treatments", "count"), *_RATE),
        tuple(
            (month, found.all, *_rate_cells(found)[:3])
            for month, found in zip(periods.month_cells(months, question.end), months.values(), strict=True)
        ),
        note=" ".join(filter(None, notes)),
    )
    rates = [found.rate.value for found in months.values() if found.rate]
    if len(months) < 2:
        return Section("by_month", "By month", (), (table,))
    told = periods.months_label(months, question.end)
    title = findings.months_title(
        "Treatments", {key: found.all for key, found in months.items()}, answer.period, answer.records_begin
    )
    charts = [Chart("months", "bar", title, f"Treatments a month, {told}", table.key, "month", ("all",))]
    if len(rates) > 1:
        is_enough = all(found.known >= findings.SMALL for found in months.values() if found.known)
        title = _rates_title(rates) if is_enough else "The success rate by month"
        subtitle = f"Success rate by month, percent, {told}"
        charts.append(Chart("rates", "line", title, subtitle, table.key, "month", ("rate",)))
    return Section("by_month", "By month", tuple(charts), (table,))


def _rates_title(rates: list[float]) -> str:
    low, high = (words.number(end(rates), 1) for end in (min, max))
    return f"The success rate stayed at {low} %" if low == high else f"The success rate lay between {low} and {high} %"


def _compared(answer: Answer) -> Section | None:
    now, then = answer.total, answer.before
    due, due_before = answer.follow_ups, answer.follow_ups_before
    steps = {
        "Diagnoses": (answer.diagnoses_before, answer.diagnoses.records),
        "Treatments": (then.all, now.all),
        "Treatments of known outcome": (then.known, now.known),
        "Treatments that succeeded": (then.succeeded, now.succeeded),
        "Follow-ups due": (due_before.due, due.due),
        "Follow-ups done on time": (due_before.on_time, due.on_time),
        "Follow-ups overdue in all, on the last day": (due_before.overdue_in_all, due.overdue_in_all),
    }
    if not (answer.is_compared and any(map(any, steps.values()))):
        return None
    title, begin = f"Compared with {answer.earlier_name}", answer.records_begin
    counts = findings.comparison("compared", title, "Records", answer.period, answer.earlier, steps, begin)
    rates = _rates_compared(answer)
    return Section("compared", "What changed", tables=(counts, *((rates,) if rates else ())))


def _rates_compared(answer: Answer) -> Table | None:
    again, again_before = revisits.total(answer.revisits).share, revisits.total(answer.revisits_before).share
    shares = {
        "Success rate": (answer.before.percent, answer.total.percent),
        f"Came again within {revisits.DAYS} days": (again_before, again),
    }
    rows: list[tuple[Cell, ...]] = [
        (name, was, came, None if was is None or came is None else round(came - was, 1))
        for name, (was, came) in shares.items()
        if was is not None or came is not None
    ]
    columns = (
        Column("what", "Share"),
        Column("then", periods.full_label(*answer.earlier), "percent", decimals=1),
        Column("now", periods.full_label(*answer.period), "percent", decimals=1),
        Column("change", "Change", "number", "percentage points", 1),
    )
    return Table("rates_compared", "Shares then and now", columns, tuple(rows)) if rows else None


def _summary(answer: Answer) -> tuple[str, ...]:
    matched = " matched the filters" if answer.question.chosen else ""
    now, then = answer.total, answer.before
    told = f", {findings.compared(now.all, then.all, answer.earlier)}" if answer.is_compared and now.all else ""
    treatments = words.plural(now.all, "treatment") if now.all else "No treatments"
    there = "was" if now.all == 1 else "were"
    counted = (
        f"{treatments} {answer.when}{matched}" if matched else f"There {there} {_lowered(treatments)} {answer.when}"
    )
    sentences = [f"{counted}{told}.", *_outcome_sentences(answer), *_diagnosis_sentence(answer)]
    sentences += follow_ups.sentences(answer.follow_ups, answer.period)
    again = revisits.total(answer.revisits)
    if again.share is not None:
        sentences.append(
            f"After {words.number(again.again)} of {words.plural(again.followed, 'visit')} that could be followed, "
            f"the patient came again within {revisits.DAYS} days."
        )
    limits = coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records")
    return tuple(filter(None, [*sentences, limits]))


def _lowered(text: str) -> str:
    return f"{text[0].lower()}{text[1:]}"


def _outcome_sentences(answer: Answer) -> list[str]:
    now, then = answer.total, answer.before
    if not now.all:
        return []
    if now.rate is None:
        return ["How they went is not known." if now.all > 1 else "How it went is not known."]
    rate, known = now.rate, words.plural(now.known, "treatment")
    succeeded = f"Of {known} of known outcome, {words.number(now.succeeded)} succeeded"
    if now.known < findings.SMALL:
        return [f"{succeeded}."]
    least = f"the {LEVEL} % confidence interval is {words.number(rate.low, 1)} to {words.number(rate.high, 1)} %"
    was = f"; {periods.within(*answer.earlier)} it was {words.number(then.rate.value, 1)} %" if then.rate else ""
    told = was if answer.is_compared and then.known >= findings.SMALL else ""
    return [
        f"{succeeded}: a success rate of {words.number(rate.value, 1)} %{told}.",
        f"{least[0].upper()}{least[1:]}.",
    ]


def _diagnosis_sentence(answer: Answer) -> list[str]:
    top = answer.diagnoses
    first = findings.leaders(top.named)
    if len(first) != 1:
        return []
    counted = f"{words.number(top.named[first[0]])} of {words.plural(top.records, 'diagnosis', 'diagnoses')}"
    return [f"The most common diagnosis was {first[0]}, {counted}."]


DEFINITIONS = (
    Definition(
        "Records",
        "Diagnoses recorded in the period and treatments given in it, by the clinic's days. Diagnoses that were "
        "refuted or entered in error are left out. Records without a day are in no period.",
    ),
    Definition(
        "Care",
        "Medical or dental, as the treatment is; a diagnosis is of the kind of the visit at which it was recorded, and "
        "without a visit of neither.",
    ),
    named.NAMES_DEFINITION,
    Definition(
        "Outcome",
        "As the treatment's record gives it by now: successful, improved (partly successful), unchanged or worse; "
        "not known where it says nothing. A treatment's diagnosis is the one that its record names; where it names "
        "none, or one that was refuted or entered in error, it stands with those without.",
    ),
    Definition(
        "Success rate",
        "Treatments whose outcome is successful or improved (succeeded), divided by all whose outcome is known. Its "
        f"{LEVEL} % confidence interval is Wilson's score interval (Wilson, Journal of the American Statistical "
        "Association 1927; 22: 209; Newcombe, Statistics in Medicine 1998; 17: 857), which takes treatments as "
        "independent of one another. A diagnosis is named in a title where its whole interval lies to one side of the "
        f"overall rate and at least {ENOUGH} outcomes are known: among ten diagnoses one may do so by chance. "
        f"Intervals of fewer than {FEWEST_DRAWN} are not drawn.",
    ),
    follow_ups.DEFINITION,
    revisits.DEFINITION,
    coverage.months_definition("visit on record"),
    findings.CHANGE_DEFINITION,
    filters.AGE_DEFINITION,
)

TIES = (
    "metric:treatments = months:latest:all = outcomes:all:all = treatments:all:records = compared:Treatments:now",
    "metric:treatments:then = months:earlier:all = compared:Treatments:then",
    "success:all:known = success_by_care:all:known = months:latest:known = compared:Treatments of known outcome:now",
    "compared:Treatments of known outcome:then = months:earlier:known",
    "success:all:succeeded = success_by_care:all:succeeded = months:latest:succeeded"
    " = compared:Treatments that succeeded:now = outcomes:all:successful + outcomes:all:improved",
    "compared:Treatments that succeeded:then = months:earlier:succeeded",
    "diagnoses:all:records = compared:Diagnoses:now",
    "rows:used = diagnoses:all:records + treatments:all:records",
    "rows:used = compared:Diagnoses:now + compared:Treatments:now",
    "follow_ups:all:count = compared:Follow-ups due:now",
    "follow_ups:Done on time:count = compared:Follow-ups done on time:now",
    "follow_ups:Overdue:count = delays:1 to 7 days:count + delays:8 to 30 days:count",
    "metric:overdue = delays:all:count = compared:Follow-ups overdue in all, on the last day:now",
    "metric:overdue:then = compared:Follow-ups overdue in all, on the last day:then",
    "outcomes:all:all = success:all:known + outcomes:all:unknown",
    "metric:success_rate = rates_compared:Success rate:now <- success:all:succeeded + success:all:known",
    "metric:success_rate:then = rates_compared:Success rate:then"
    " <- compared:Treatments that succeeded:then + compared:Treatments of known outcome:then",
    "metric:came_again = rates_compared:Came again within 30 days:now <- revisits:all:again + revisits:all:followed",
)
"""content/suppression/ties.py reads them."""

TEMPLATE = Template(
    name="treatment_outcomes",
    title="Treatment outcomes",
    number_prefix="TO",
    sentence="What was treated and how it went: diagnoses, treatments, success rate, follow-ups due and overdue.",
    pages="About 5 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(hours=1),
    ties=TIES,
)
