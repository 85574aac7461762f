"""A daily patients document without a database, as content/daily_patients/ makes them: so many patients with so many
readings each, invented by rule so that no two patients have the same figures."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.figures import (
    Cell,
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
    Subject,
    Table,
    Zone,
    freeze,
)

ZONE = "Asia/Manila"
FIRST = datetime(2026, 11, 21, 0, 20, tzinfo=ZoneInfo(ZONE))

RESPIRATION = (Zone(None, 8.5, 3), Zone(8.5, 11.5, 1), Zone(11.5, 20.5, 0), Zone(20.5, 24.5, 2), Zone(24.5, None, 3))
OXYGEN = (Zone(None, 91.5, 3), Zone(91.5, 93.5, 2), Zone(93.5, 95.5, 1), Zone(95.5, None, 0))
SYSTOLIC = (
    Zone(None, 90.5, 3), Zone(90.5, 100.5, 2), Zone(100.5, 110.5, 1), Zone(110.5, 219.5, 0), Zone(219.5, None, 3),
)  # fmt: skip
PULSE = (
    Zone(None, 40.5, 3), Zone(40.5, 50.5, 1), Zone(50.5, 90.5, 0), Zone(90.5, 110.5, 1), Zone(110.5, 130.5, 2),
    Zone(130.5, None, 3),
)  # fmt: skip
TEMPERATURE = (
    Zone(None, 35.05, 3), Zone(35.05, 36.05, 1), Zone(36.05, 38.05, 0), Zone(38.05, 39.05, 1), Zone(39.05, None, 2),
)  # fmt: skip

COLUMNS = (
    Column("at", "Time", "moment"),
    Column("respiration", "Respiration", "number", "per minute"),
    Column("respiration_points", "Points for respiration", "number"),
    Column("oxygen", "Oxygen saturation", "number", "%"),
    Column("oxygen_points", "Points for oxygen saturation", "number"),
    Column("oxygen_given", "Air or oxygen"),
    Column("oxygen_given_points", "Points for oxygen given", "number"),
    Column("systolic", "Systolic pressure", "number", "mm Hg"),
    Column("diastolic", "Diastolic pressure", "number", "mm Hg"),
    Column("systolic_points", "Points for systolic pressure", "number"),
    Column("pulse", "Pulse", "number", "per minute"),
    Column("pulse_points", "Points for pulse", "number"),
    Column("temperature", "Temperature", "number", "°C", 1),
    Column("temperature_points", "Points for temperature", "number"),
    Column("consciousness", "Consciousness"),
    Column("consciousness_points", "Points for consciousness", "number"),
    Column("score", "NEWS2", "number"),
    Column("remark", "Remark"),
)
CHARTS = (
    ("respiration", "Respiration", "breaths a minute", RESPIRATION),
    ("oxygen", "Oxygen saturation", "percent, scale 1", OXYGEN),
    ("systolic", "Systolic blood pressure", "mm Hg", SYSTOLIC),
    ("pulse", "Pulse", "beats a minute", PULSE),
)
FAMILIES = ("Santos", "Reyes", "Cruz", "Bautista", "Ocampo", "García", "Mendoza", "Torres", "Tomás", "Andrada")
GIVEN = ("Maria Luisa", "José", "Ana", "Juan Carlos", "Rosa", "Pedro", "Luz", "Miguel", "Carmen", "Antonio", "Elena")


def document(patients: int = 20, readings: int = 30) -> Document:
    content = content_of(patients, readings)
    return Document(
        content=content,
        provenance=Provenance(
            report_number="DP-7K4M-2Q9X",
            requested_by="Nurse Lim",
            asked_at="2026-11-21T15:10:00+00:00",
            data_as_of="2026-11-21T15:10:00+00:00",
            period_start="2026-11-21",
            period_end="2026-11-21",
            filters=(Choice("Sheet", "ward-a.xlsx"), Choice("Brought by", "Nurse Lim, 21 November 2026, 23:05")),
            template="daily_patients",
            template_title="Daily patients",
            template_version=1,
        ),
        presentation=Presentation("Riverside Clinic", ZONE),
        figures_sha256=freeze(content).sha256,
    )


def content_of(patients: int, readings: int) -> Content:
    sections = sorted((patient(number, readings) for number in range(patients)), key=lambda section: -latest(section))
    named = tuple(
        Section(f"patient-{at}", section.title, section.charts, section.tables, section.text, section.metrics,
                section.subject)
        for at, section in enumerate(sections, 1)
    )  # fmt: skip
    high = sum(latest(section) >= 7 for section in sections)
    return Content(
        template="daily_patients",
        title="Daily patients, 21 November 2026",
        summary=(f"{high} of {patients} patients have a NEWS2 score of 7 or more.",),
        metrics=(
            Metric("patients", "Patients", patients),
            Metric("high", "NEWS2 of 7 or more", high, note="emergency response"),
            Metric("medium", "NEWS2 of 5 or 6", sum(5 <= latest(section) < 7 for section in sections)),
            Metric("unscored", "Not scored", 0),
        ),
        sections=(overview(named), *named),
        rows=Rows("rows", patients * readings + 3, patients * readings, (Excluded("unknown patient", 3),)),
        definitions=(Definition("NEWS2", "National Early Warning Score 2, Royal College of Physicians, 2017."),),
    )


def overview(sections: tuple[Section, ...]) -> Section:
    columns = (
        Column("patient", "Patient"),
        Column("born", "Born"),
        Column("mrn", "MRN"),
        Column("score", "NEWS2", "number"),
        Column("advice", "Response"),
        Column("at", "Latest reading", "moment"),
        Column("why", "What scores"),
    )
    rows = []
    for section in sections:
        subject = section.subject
        assert subject is not None
        last = section.tables[0].rows[-1]
        rows.append((subject.name, subject.born, subject.mrn, last[16], subject.advice, last[0], "pulse 2"))
    return Section(
        "overview", "Patients by score", tables=(Table("patients", "Patients by score", columns, tuple(rows)),)
    )


def latest(section: Section) -> int:
    score = section.tables[0].rows[-1][16]
    assert isinstance(score, int)
    return score


def patient(number: int, readings: int) -> Section:
    rows = tuple(reading(number, at, readings) for at in range(readings))
    last = rows[-1]
    score = last[16]
    assert isinstance(score, int)
    verdicts = ((7, ("high", "emergency response")), (5, ("medium", "urgent review")), (0, ("low", "")))
    level, advice = next(told for least, told in verdicts if score >= least)
    name = f"{FAMILIES[number % 10]}, {GIVEN[number // 10 % 11]} {number + 1}"
    charts = tuple(
        Chart(
            key, "bubble", title, f"{told}; number and area: NEWS2 points; shaded: 0 points", "readings", "at",
            (key, f"{key}_points"), zones=zones,
        )
        for key, title, told, zones in CHARTS
    )  # fmt: skip
    return Section(
        key=f"patient-{number + 1}",
        title=name,
        charts=charts,
        tables=(Table("readings", "Readings", COLUMNS, rows, note="21 November 2026, Manila time"), days(number)),
        metrics=(
            Metric("respiration", "Respiration", last[1], "number", "a minute", note=points(last[2])),
            Metric("oxygen", "Oxygen saturation", last[3], "number", "%", note=points(last[4])),
            Metric("oxygen_given", "Air or oxygen", last[5], "text", note=points(last[6])),
            Metric("pressure", "Blood pressure", f"{last[7]}/{last[8]}", "text", "mm Hg", note=points(last[9])),
            Metric("pulse", "Pulse", last[10], "number", "a minute", note=points(last[11])),
            Metric("temperature", "Temperature", last[12], "number", "°C", 1, note=points(last[13])),
            Metric("consciousness", "Consciousness", last[14], "text", note=points(last[15])),
        ),
        subject=Subject(
            name=name,
            born=f"{1930 + number % 70}-{number % 12 + 1:02}-{number % 28 + 1:02}",
            mrn=f"{number // 1000:03}-{417 + number:04}",
            age=str(96 - number % 70),
            sex=("female", "male")[number % 2],
            verdict=f"NEWS2 {score}",
            level=level,  # type: ignore[arg-type]
            advice=advice,
            since=f"at {str(last[0])[11:16]}, was {rows[0][16]} at {str(rows[0][0])[11:16]}",
        ),
    )


def points(cell: Cell) -> str:
    return "1 point" if cell == 1 else f"{cell} points"


def days(number: int) -> Table:
    columns = (
        Column("day", "Day", "day"),
        Column("readings", "Readings", "count"),
        Column("highest", "Highest NEWS2", "number"),
        Column("respiration", "Respiration"),
        Column("oxygen", "Oxygen saturation"),
        Column("systolic", "Systolic pressure"),
        Column("pulse", "Pulse"),
        Column("temperature", "Temperature"),
    )
    rows = tuple(
        (
            f"2026-11-{day}",
            4 + number % 3,
            (number + day) % 6,
            "16–18",
            "96–98",
            f"{118 + number % 9}–131",
            "70–84",
            "36.6",
        )
        for day in (18, 19, 20)
    )
    return Table("days", "Days before", columns, rows)


def graded(value: float, zones: tuple[Zone, ...]) -> int:
    return next(zone.grade for zone in zones if zone.high is None or value < zone.high)


def reading(number: int, at: int, readings: int) -> tuple[Cell, ...]:
    moment = FIRST + timedelta(minutes=1400 * at // max(readings, 1))
    ill = (number * 7 % 20) / 20 * at / max(readings - 1, 1)
    swing = (number * 31 + at * 17) % 5
    respiration, oxygen = round(14 + swing + 13 * ill), round(98 - swing % 3 - 7 * ill)
    systolic, pulse = round(124 + 3 * swing - 36 * ill), round(70 + 2 * swing + 55 * ill)
    temperature = round(36.5 + swing / 10 + 2.4 * ill, 1)
    scores = (
        graded(respiration, RESPIRATION), graded(oxygen, OXYGEN), 0, graded(systolic, SYSTOLIC), graded(pulse, PULSE),
        graded(temperature, TEMPERATURE), 0,
    )  # fmt: skip
    return (
        moment.isoformat(timespec="minutes"), respiration, scores[0], oxygen, scores[1], "air", scores[2], systolic,
        systolic - 45, scores[3], pulse, scores[4], temperature, scores[5], "alert", scores[6], sum(scores), None,
    )  # fmt: skip
