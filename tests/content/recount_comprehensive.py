"""A second opinion on the clinic as a whole: rows looked at one at a time in plain Python, with nothing taken from the
code under test."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.content.recount import DID_NOT_HAPPEN, Asked, Row, each, month_told, months_back, percent, percent_more
from tests.content.recount_users import users
from tests.content.recount_vitals import pressures

HIGH = ("Stage 1", "Stage 2")
CLASSES = ("Normal", "Elevated", *HIGH)
SUCCEEDED, KNOWN = ("successful", "improved"), ("successful", "improved", "unchanged", "worse")


def later(day: date, months: int) -> date:
    """The same day so many months on, or the last one of a shorter month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    while True:
        try:
            return date(year, month, day.day)
        except ValueError:
            day -= timedelta(days=1)


class Clinic:
    """All rows of one clinic. `rows` has them by table name."""

    def __init__(self, rows: dict[str, list[Row]], zone: str, asked: Asked) -> None:
        self.rows, self.asked, self.zone = rows, asked, ZoneInfo(zone)
        self.all_visits = [(self.wall(row["started_at"]), row) for row in rows["visits"]]
        self.visits = [(day, row) for day, row in self.all_visits if row["status"] not in DID_NOT_HAPPEN]
        registered = [row["registered_on"] for row in rows["patients"] if row["registered_on"]]
        self.first_record = min([*registered, *(day for day, _ in self.all_visits)])
        self.now, self.then = (asked.start, asked.end), asked.earlier
        after = asked.end + timedelta(days=1)
        self.steps = [(later(after, -n), later(after, 1 - n) - timedelta(days=1)) for n in range(12, 0, -1)]
        self.reports = [(self.wall(row["asked_at"]), row) for row in rows["reports"]]

    def wall(self, moment: Any) -> date:
        return moment.astimezone(self.zone).date()

    def is_compared(self) -> bool:
        return self.then[1] >= self.first_record

    def came(self, period: tuple[date, date]) -> list[Row]:
        return [row for day, row in self.visits if period[0] <= day <= period[1]]

    def having(self, table: str, day: str, period: tuple[date, date]) -> list[Row]:
        return [row for row in self.rows[table] if row[day] and period[0] <= row[day] <= period[1]]

    def known(self, period: tuple[date, date]) -> list[Row]:
        return [
            row
            for row in self.rows["patients"]
            if not (row["registered_on"] and row["registered_on"] > period[1])
            and not (row["deceased_on"] and row["deceased_on"] < period[0])
        ]

    def active(self, period: tuple[date, date]) -> int:
        year = (later(period[1] + timedelta(days=1), -12), period[1])
        who = {row["patient_id"] for row in self.came(year)}
        return sum(1 for row in self.known(period) if row["id"] in who)

    def new(self, period: tuple[date, date]) -> int:
        return len(self.having("patients", "registered_on", period))

    def rating(self, period: tuple[date, date]) -> float | None:
        found = [row["rating"] for row in self.rated(period)]
        return each(sum(found), len(found))

    def rated(self, period: tuple[date, date]) -> list[Row]:
        return [row for row in self.having("feedback", "local_day", period) if row["rating"] in (1, 2, 3, 4, 5)]

    def outcomes(self, period: tuple[date, date], which: tuple[str, ...]) -> int:
        return sum(1 for row in self.having("treatments", "performed_on", period) if row["outcome"] in which)

    def success(self, period: tuple[date, date]) -> float | None:
        return percent(self.outcomes(period, SUCCEEDED), self.outcomes(period, KNOWN))

    def overdue(self, period: tuple[date, date]) -> int:
        end, found = period[1], 0
        dead = {row["id"] for row in self.rows["patients"] if row["deceased_on"] and row["deceased_on"] <= end}
        for row in self.rows["treatments"]:
            due, done = row["follow_up_due_on"], row["follow_up_done_on"]
            if due and due < end and not (done and done <= end) and row["patient_id"] not in dead:
                found += 1
        return found

    def made(self, period: tuple[date, date]) -> int:
        return sum(1 for row in self.asked_for(period) if row["status"] in ("ready", "expired"))

    def asked_for(self, period: tuple[date, date]) -> list[Row]:
        return [row for day, row in self.reports if period[0] <= day <= period[1]]

    def headline(self) -> dict[str, tuple[Any, Any, tuple[Any, ...]]]:
        """Value, the one of the earlier period, and the small line."""
        figures: dict[str, Callable[[tuple[date, date]], Any]] = {
            "visits": lambda period: len(self.came(period)),
            "patients": lambda period: len(self.known(period)),
            "active": self.active,
            "new": self.new,
            "mean_rating": self.rating,
            "success_rate": self.success,
            "overdue": self.overdue,
            "reports": self.made,
        }
        first_report = min((day for day, _ in self.reports), default=date.max)
        found = {}
        for key, figure in figures.items():
            begin = first_report if key == "reports" else self.first_record
            line = tuple(figure(step) for step in self.steps if begin <= step[0])
            told = [point for point in line if point is not None]
            found[key] = (figure(self.now), figure(self.then), line if len(told) > 2 and any(told) else ())
        return found

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        months = {}
        for key in months_back(self.asked, self.first_record):
            first = date.fromisoformat(f"{key}-01")
            months[key] = (first, min(later(first, 1) - timedelta(days=1), self.asked.end))
        if any(self.came(month) for month in months.values()):
            found["months"] = [(month_told(key, self.asked.end), *self.month(days)) for key, days in months.items()]
        if any(self.having("treatments", "performed_on", month) for month in months.values()):
            found["outcomes"] = [
                (
                    month_told(key, self.asked.end),
                    len(self.having("treatments", "performed_on", days)),
                    self.outcomes(days, KNOWN),
                    self.outcomes(days, SUCCEEDED),
                    self.success(days),
                )
                for key, days in months.items()
            ]
        if self.held(self.now):
            found["diagnoses"] = self.diagnoses()
        stretches = [self.then, self.now] if self.is_compared() else [self.now]
        if any(self.came(period) for period in stretches):
            found["efficiency"] = [self.efficiency(period) for period in stretches]
        if self.is_compared():
            headline = self.headline()
            pairs = [headline[key][1::-1] for key in ("visits", "patients", "active", "new")]
            pairs.append((sum(self.held(self.then).values()), sum(self.held(self.now).values())))
            pairs.append(tuple(len(self.having("treatments", "performed_on", of)) for of in (self.then, self.now)))
            pairs.append((len(self.rated(self.then)), len(self.rated(self.now))))
            pairs.append((self.overdue(self.then), self.overdue(self.now)))
            found["compared"] = [(was, came, came - was, percent_more(came, was)) for was, came in pairs]
        return found | self.pressures(months) | self.told_reports() | users(self.rows, self.zone, self.now)

    def pressures(self, months: dict[str, tuple[date, date]]) -> dict[str, list[tuple[Any, ...]]]:
        """Those with a class, and the high ones."""
        people = {person["id"]: person for person in self.rows["patients"]}
        found = [(day, told) for _, day, _, told in pressures(self.rows["measurements"], people) if told in CLASSES]
        rows = []
        for key, (first, last) in months.items():
            those = [told for day, told in found if first <= day <= last]
            high = sum(told in HIGH for told in those)
            rows.append((month_told(key, self.asked.end), len(those), high, percent(high, len(those))))
        return {"pressures": rows} if any(row[1] for row in rows) else {}

    def month(self, days: tuple[date, date]) -> tuple[int, ...]:
        kinds = Counter(row["kind"] for row in self.came(days))
        return kinds["medical"], kinds["dental"], len(self.came(days)), self.new(days)

    def held(self, period: tuple[date, date]) -> Counter[str]:
        """Diagnoses by name; those of the tests differ in case alone."""
        found: Counter[str] = Counter()
        for row in self.having("diagnoses", "recorded_on", period):
            if row["verification_status"] not in ("refuted", "entered-in-error"):
                found[row["name"].lower()] += 1
        return found

    def diagnoses(self) -> list[tuple[Any, ...]]:
        """Without their names: case is a matter of taste."""
        now, then = self.held(self.now), self.held(self.then)
        top = sorted(now, key=lambda name: (-now[name], name))[:10]
        groups = [[name] for name in top]
        rest = sorted((now.keys() | then.keys()) - set(top))
        if any(now[name] for name in rest) or (self.is_compared() and rest):
            groups.append(rest)
        rows = []
        for names in groups:
            came, was = (sum(found[name] for name in names) for found in (now, then))
            rows.append((*((was,) if self.is_compared() else ()), came, percent(came, sum(now.values()))))
        return rows

    def efficiency(self, period: tuple[date, date]) -> tuple[Any, ...]:
        visits = [(day, row) for day, row in self.visits if period[0] <= day <= period[1]]
        days = {day for day, _ in visits}
        with_one = [(row["provider_id"], day) for day, row in visits if row["provider_id"]]
        seconds = [
            int((row["ended_at"] - row["started_at"]).total_seconds())
            for _, row in visits
            if row["ended_at"] and row["local_hour"] is not None
        ]
        timed = [length for length in seconds if 60 <= length <= 86400]
        minutes = each(round(2 * median(timed)), 120) if timed else None
        return (
            len(days),
            each(len(visits), len(days)),
            each(len(with_one), len(set(with_one))),
            minutes,
            len(timed),
        )

    def told_reports(self) -> dict[str, list[tuple[Any, ...]]]:
        now, then = self.asked_for(self.now), self.asked_for(self.then)
        if not (now or then):
            return {}
        periods = [self.then, self.now] if min(day for day, _ in self.reports) <= self.then[1] else [self.now]
        found: dict[str, list[tuple[Any, ...]]] = {"reports": [self.told(period) for period in periods]}
        if now:
            templates = Counter(row["template"] for row in now)
            order = sorted(templates, key=lambda name: (-templates[name], name))
            found["templates"] = [self.outcome([row for row in now if row["template"] == name]) for name in order]
            found["formats"] = [
                (
                    sum(1 for row in now if row["format"] == name),
                    sum(1 for row in self.downloads(self.now) if row["format"] == name),
                )
                for name in ("pdf", "excel", "csv", "json")
            ]
        return found

    def outcome(self, reports: list[Row]) -> tuple[int, int, int]:
        statuses = Counter(row["status"] for row in reports)
        return len(reports), statuses["ready"] + statuses["expired"], statuses["failed"]

    def downloads(self, period: tuple[date, date]) -> list[Row]:
        return [row for row in self.rows["downloads"] if period[0] <= self.wall(row["at"]) <= period[1]]

    def told(self, period: tuple[date, date]) -> tuple[Any, ...]:
        reports = self.asked_for(period)
        waited = [
            (row["finished_at"].replace(microsecond=0) - row["asked_at"].replace(microsecond=0)).total_seconds()
            for row in reports
            if row["status"] in ("ready", "expired")
        ]
        return (*self.outcome(reports), median(waited) if waited else None, len(self.downloads(period)))
