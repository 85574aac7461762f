"""Documents to draw: a year of visits, a patient summary, outcomes. What is odd on purpose is in odd_samples.py."""

from dataclasses import replace
from typing import Any

from webapp.figures import (
    SUPPRESSED,
    Cell,
    Change,
    Chart,
    Choice,
    Column,
    Content,
    Definition,
    Document,
    Excluded,
    Metric,
    Presentation,
    Provenance,
    Rows,
    Section,
    Table,
    freeze,
)

MONTHS = ("2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 11)))
MEDICAL = (712, 641, 759, 742, 803, 769, 790, 731, 705, 822, 861, 913)
DENTAL = (214, 180, 228, 231, 246, 239, 252, 241, 220, 262, 270, 291)
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
HOURS = tuple(range(8, 18))
BUSY = (
    (17, 48, 47, 20, 6, 30, 29, 42, 18, 17),
    (17, 39, 45, 14, 1, 23, 28, 31, 14, 16),
    (15, 32, 44, 15, 1, 21, 31, 27, 15, 16),
    (15, 47, 38, 16, 1, 32, 31, 22, 12, 12),
    (17, 39, 42, 13, 1, 26, 25, 28, 15, 17),
    (6, 20, 20, 7, None, 10, 13, 14, 7, 6),
)
AGES = ("0 to 9", "10 to 19", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 to 69", "70 to 79", "80 and over")
FEMALE = (101, 88, 143, 171, 160, 149, 122, 77, 41)
MALE = (110, 91, 102, 120, 131, 133, 107, 60, 22)


def document(content: Content, **changes: Any) -> Document:
    """A document about `content`; `changes` go to its provenance or presentation."""
    asked = {
        "report_number": "VT-2026-10487",
        "requested_by": "Demo manager",
        "asked_at": "2026-11-22T06:05:00+00:00",
        "data_as_of": "2026-11-22T06:03:00+00:00",
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "filters": (Choice("Visits", "medical and dental"), Choice("Provider", "everyone"), Choice("Age", "all ages")),
        "template": content.template,
        "template_title": content.title.split(",")[0],
        "template_version": 3,
        "compare": "1 to 30 September 2026, the period before",
    }
    shown: dict[str, Any] = {"clinic_name": "Riverside Clinic", "timezone": "Asia/Manila", "paper": "A4"}
    for key, value in changes.items():
        (asked if key in asked else shown)[key] = value
    return Document(content, Provenance(**asked), Presentation(**shown), freeze(content).sha256)


def visit_trends() -> Content:
    months = Table(
        "months",
        "Visits by month",
        (
            Column("month", "Month", "month"),
            Column("medical", "Medical", "count"),
            Column("dental", "Dental", "count"),
            Column("all", "All", "count"),
            Column("share", "Dental share", "percent", decimals=1),
        ),
        tuple(
            (month, medical, dental, medical + dental, round(100 * dental / (medical + dental), 1))
            for month, medical, dental in zip(MONTHS, MEDICAL, DENTAL, strict=True)
        ),
        total=("Total", sum(MEDICAL), sum(DENTAL), sum(MEDICAL) + sum(DENTAL), 23.7),
    )
    busy = Table(
        "busy",
        "Visits by weekday and hour",
        (Column("weekday", "Weekday"), *(Column(f"h{hour}", f"{hour}", "count") for hour in HOURS)),
        tuple((day, *row) for day, row in zip(WEEK, BUSY, strict=True)),
    )
    peaks = Table(
        "peaks",
        "Busiest hours",
        (
            Column("when", "When"),
            Column("visits", "Visits", "count"),
            Column("times", "Times average", "number", decimals=1),
        ),
        (("Monday 9:00", 48, 2.4), ("Monday 10:00", 47, 2.4), ("Thursday 9:00", 47, 2.4), ("Tuesday 10:00", 45, 2.3),
         ("Wednesday 10:00", 44, 2.2), ("Friday 10:00", 42, 2.1)),
    )  # fmt: skip
    return Content(
        template="visit_trends",
        title="Visit trends, October 2026",
        summary=(
            "Visits rose by 6.5 % on September, the third rise in a row; dental visits reached their highest month of "
            "the year.",
            "Monday and Thursday mornings carry a third of the week. Saturday afternoons have room.",
        ),
        metrics=(
            Metric("visits", "Visits", 1204, change=Change(73, 6.5, "September 2026")),
            Metric("medical", "Medical", 913, change=Change(52, 6.0, "September 2026")),
            Metric("dental", "Dental", 291, change=Change(-21, -6.7, "September 2026")),
            Metric("busiest", "Busiest hour", "Mon 9:00", "text", note="48 visits, 2.4 times average"),
        ),
        sections=(
            Section(
                "months",
                "By month",
                (
                    Chart(
                        "line",
                        "line",
                        "Visits rose for the third month running",
                        "Visits a month, November 2025 to October 2026",
                        "months",
                        "month",
                        ("medical", "dental"),
                    ),
                ),
                (months,),
            ),
            Section(
                "week",
                "In the week",
                (
                    Chart(
                        "heat",
                        "heat",
                        "Monday mornings carry the week",
                        "Visits by weekday and hour",
                        "busy",
                        "weekday",
                        tuple(f"h{hour}" for hour in HOURS),
                    ),
                ),
                (busy, peaks),
            ),
        ),
        rows=Rows("visits", 1209, 1204, (Excluded("cancelled", 5),)),
        definitions=(
            Definition("Visit", "One arrival of a patient at the clinic, medical or dental, that was not cancelled."),
            Definition("Change", "The difference from the period of the same length just before."),
        ),
    )


def patient_summary() -> Content:
    ages = Table(
        "ages",
        "Patients by age and sex",
        (
            Column("age", "Age"),
            Column("female", "Female", "count"),
            Column("male", "Male", "count"),
            Column("all", "All", "count"),
        ),
        tuple((age, f, m, f + m) for age, f, m in zip(AGES, FEMALE, MALE, strict=True)),
        total=("All ages", sum(FEMALE), sum(MALE), sum(FEMALE) + sum(MALE)),
    )
    new = Table(
        "new",
        "New registrations",
        (Column("month", "Month", "month"), Column("new", "New patients", "count")),
        tuple((month, dental // 4) for month, dental in zip(MONTHS, DENTAL, strict=True)),
    )
    seen = Table(
        "seen",
        "Patients by diagnosis",
        (Column("diagnosis", "Diagnosis"), Column("patients", "Patients", "count")),
        (
            ("Essential hypertension", 312),
            ("Type 2 diabetes mellitus without complications", 188),
            ("Dental caries", 171),
            ("Acute upper respiratory infection", 140),
            ("Gingivitis", 96),
        ),
    )
    return Content(
        template="patient_summary",
        title="Patient summary, October 2026",
        summary=("1,928 patients are on the books; 412 of them came in October.",),
        metrics=(
            Metric("patients", "Patients", 1928, change=Change(58, 3.1, "end of September 2026")),
            Metric("active", "Active patients", 412, change=Change(0, 0.0, "September 2026")),
            Metric("share", "Active share", 21.4, "percent", decimals=1, change=Change(-0.6, None, "September 2026")),
            Metric("wait", "Median wait", 18, "number", "min", note="from arrival to consultation"),
            Metric("unknown", "Without a birth date", None),
        ),
        sections=(
            Section(
                "people",
                "Who they are",
                (
                    Chart(
                        "pyramid",
                        "pyramid",
                        "Women of working age are the largest group",
                        "Patients by age and sex",
                        "ages",
                        "age",
                        ("female", "male"),
                    ),
                ),
                (ages,),
                "Age is counted on the last day of the period.",
            ),
            Section(
                "new",
                "New registrations",
                (
                    Chart("new", "bar", "More people registered in October than in any month", "New patients a month",
                          "new", "month", ("new",)),
                ),
                (new,),
            ),
            Section(
                "diagnoses",
                "What they have",
                (
                    Chart("seen", "bar", "Hypertension is the most common diagnosis", "Patients with each", "seen",
                          "diagnosis", ("patients",)),
                ),
                (seen,),
            ),
        ),
        rows=Rows("patients", 1931, 1928, (Excluded("merged into another", 3),)),
        definitions=(Definition("Active patient", "At least one visit in the period."),),
    )  # fmt: skip


DIAGNOSES = (
    "Essential hypertension",
    "Type 2 diabetes mellitus without complications",
    "Dental caries",
    "Gingivitis",
    "Low back pain",
    "Asthma",
)
OUTCOMES: dict[str, tuple[Cell, ...]] = {
    "Improved": (180, 90, 120, 60, 0, 13),
    "Unchanged": (80, 60, 30, 20, 0, SUPPRESSED),
    "Worse": (40, 30, 15, 12, 0, SUPPRESSED),
    "Not recorded": (12, 8, 1, 4, 0, 11),
}
SUCCESS: dict[str, tuple[Cell, ...]] = {
    "Success rate": (57.7, 47.9, 72.3, 62.5, None, SUPPRESSED),
    "Lower end": (52.1, 40.8, 65.2, 52.5, None, SUPPRESSED),
    "Upper end": (63.1, 55.0, 78.4, 71.5, None, SUPPRESSED),
}


def outcomes() -> Content:
    """Shares and intervals by diagnosis, and headline figures with the way to them."""
    shares = _table_of("shares", "Outcomes by diagnosis", DIAGNOSES, OUTCOMES, "count", 0)
    rates = _table_of("rates", "Success rate by diagnosis", DIAGNOSES, SUCCESS, "percent", 1)
    stack = Chart("stack", "stack", "Most get better", "Outcome of each treatment", "shares", "label", tuple(OUTCOMES))
    interval = Chart("interval", "interval", "Caries leads", "Success rate with its 95 % interval", "rates", "label",
                     tuple(SUCCESS))  # fmt: skip
    return replace(
        visit_trends(),
        metrics=(
            Metric("treated", "Treated", 767, change=Change(21, 2.8, "September 2026"), trend=MEDICAL),
            Metric("success", "Success rate", 60.1, "percent", decimals=1, trend=(58.0, None, 59.5, 60.1)),
            Metric("due", "Follow-ups overdue", SUPPRESSED, trend=(12, SUPPRESSED, 14, SUPPRESSED)),
            Metric("once", "Treated once", 4, trend=(4,)),
            Metric("level", "Doctors", 7, trend=(7,) * 12),
        ),
        sections=(
            Section("shares", "Outcomes", (stack,), (shares,)),
            Section("rates", "Success", (interval,), (rates,)),
        ),
    )


def _table_of(
    key: str, title: str, labels: tuple[str, ...], series: dict[str, tuple[Cell, ...]], kind: Any, decimals: int
) -> Table:
    columns = (Column("label", "Diagnosis"), *(Column(name, name, kind, decimals=decimals) for name in series))
    return Table(key, title, columns, tuple(zip(labels, *series.values(), strict=True)))
