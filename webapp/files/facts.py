"""The sentences and pairs that every format prints about a report: period, filters, change, provenance, rows."""

from datetime import date, datetime

from webapp import words
from webapp.figures import SUPPRESSED, Change, Document, Metric

SEPARATOR = " · "
"""Stands between facts on one line."""


def period(document: Document) -> str:
    """1 to 31 October 2026"""
    asked = document.provenance
    return words.dates(date.fromisoformat(asked.period_start), date.fromisoformat(asked.period_end))


def heading(document: Document) -> str:
    """The line under the title: period with the clinic's zone, then the filters."""
    return SEPARATOR.join(
        [f"{period(document)} ({words.city(document.presentation.timezone)} time)", *filters(document)]
    )


def filters(document: Document) -> list[str]:
    """ "Provider: everyone", one text a filter."""
    return [f"{choice.label}: {choice.value}" for choice in document.provenance.filters]


def change(metric: Metric) -> str:
    """ "▲ up 73 (6.5 %) from September 2026"; empty when nothing is compared."""
    return f"{step(metric)} {base(metric.change)}" if metric.change else ""


def base(change: Change) -> str:
    """What a change is counted from: "from September 2026"; a range of days says "to" itself: "against 1 to 22 October
    2026"."""
    return f"{'against' if change.against[:1].isdigit() else 'from'} {change.against}"


def step(metric: Metric) -> str:
    """ "▲ up 73 (6.5 %)": the change without what it is compared with."""
    change = metric.change
    if change is None:
        return ""
    if change.difference == SUPPRESSED:
        return "change withheld"
    if change.difference == 0:
        return "no change"
    sign, word = ("▲", "up") if change.difference > 0 else ("▼", "down")
    much = words.number(abs(change.difference), metric.decimals)
    unit = " points" if metric.kind == "percent" else f" {metric.unit}" if metric.unit else ""
    if metric.unit == "%":
        unit = " percentage points"
    share = f" ({words.number(abs(change.percent), 1)} %)" if change.percent is not None else ""
    return f"{sign} {word} {much}{unit}{share}"


def summary(document: Document) -> str:
    """The summary as one paragraph."""
    return unbroken(" ".join(document.content.summary))


def unbroken(text: str) -> str:
    """`text` with its percent signs on the line of their figures."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


MOST_ACROSS = 4
"""Headline figures that stand side by side."""


def across(count: int) -> int:
    """How many of `count` headline figures stand in a row so that rows are as even as can be: 3 of 5, 4 of 7."""
    rows = -(-count // MOST_ACROSS) or 1
    return -(-count // rows) or 1


def value(metric: Metric) -> str:
    """The figure as it is read, without its unit."""
    return words.cell(metric.value, metric.kind, metric.decimals)


def moment(text: str, zone: str) -> str:
    """An ISO moment on the clinic's clock: "22 November 2026, 14:05"."""
    return words.moment(datetime.fromisoformat(text), zone)


def rows_used(document: Document) -> str:
    """ "1,204 of 1,209 visits used (5 cancelled)" """
    rows = document.content.rows
    told = f"{words.cell(rows.used)} of {words.cell(rows.read)} {rows.noun} used"
    reasons = [f"{words.cell(item.count)} {item.reason}" for item in rows.excluded if item.count]
    return f"{told} ({', '.join(reasons)})" if reasons else told


def provenance(document: Document) -> list[tuple[str, str]]:
    """All that says where the figures come from, as label and text."""
    asked, clinic = document.provenance, document.presentation
    return [
        ("Clinic", clinic.clinic_name),
        ("Report", asked.template_title),
        ("Period", period(document)),
        *([("Compared with", asked.compare)] if asked.compare else []),
        *((choice.label, choice.value) for choice in asked.filters),
        ("Report number", asked.report_number),
        ("Requested by", asked.requested_by),
        ("Requested at", moment(asked.asked_at, clinic.timezone)),
        ("Data as of", moment(asked.data_as_of, clinic.timezone)),
        ("Time zone", clinic.timezone),
        ("Records used", rows_used(document)),
        ("Template version", f"{asked.template_version}"),
        ("Figures SHA-256", document.figures_sha256),
    ]


def cover(document: Document) -> list[tuple[str, str]]:
    """The facts of the cover block that the title and the line under it do not say. The first is the clinic, which
    goes without saying under its logo."""
    asked, zone = document.provenance, document.presentation.timezone
    return [
        ("Clinic", document.presentation.clinic_name),
        ("Report number", asked.report_number),
        ("Requested by", asked.requested_by),
        ("Data as of", moment(asked.data_as_of, zone)),
    ]


def running(document: Document) -> str:
    """The clinic with the report and its period, on one line."""
    title = f"{document.provenance.template_title}, {period(document)}"
    return SEPARATOR.join([document.presentation.clinic_name, title])


def traced(document: Document) -> list[str]:
    """The facts at the foot of a patient's page, whose room the identifiers share: by what the report is traced."""
    asked, zone = document.provenance, document.presentation.timezone
    return [
        f"Report {asked.report_number}",
        f"data as of {moment(asked.data_as_of, zone)}",
        f"template version {asked.template_version}",
        f"figures {document.short_hash}",
    ]


def footer(document: Document) -> list[str]:
    """The facts at the foot of each page, whose head names the template. Names end their fact, so that one that is
    written from right to left does not take the figures after it along."""
    asked, zone = document.provenance, document.presentation.timezone
    return [
        f"Report {asked.report_number}",
        f"asked {moment(asked.asked_at, zone)} by {asked.requested_by}",
        f"data as of {moment(asked.data_as_of, zone)}",
        rows_used(document),
        f"template version {asked.template_version}",
        f"figures {document.short_hash}",
    ]
