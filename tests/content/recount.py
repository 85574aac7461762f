"""A second opinion: the figures counted one row at a time in plain Python, from the moment a visit began and the
clinic's zone, with nothing taken from the code under test."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DID_NOT_HAPPEN = {"planned": "planned", "cancelled": "cancelled", "entered-in-error": "entered in error"}
AGES = {
    "0-4": ("0 to 4", range(5)),
    "5-14": ("5 to 14", range(5, 15)),
    "15-24": ("15 to 24", range(15, 25)),
    "25-44": ("25 to 44", range(25, 45)),
    "45-64": ("45 to 64", range(45, 65)),
    "65+": ("65 or over", range(65, 130)),
}


@dataclass(frozen=True)
class Asked:
    """A question with its periods written out: the one before and, if it is shown beside that, the one a year earlier.
    With `compare` "year" the latter is the one to compare with, shown or not."""

    start: date
    end: date
    before: tuple[date, date]
    year_before: tuple[date, date]
    is_apart: bool
    filters: dict[str, str]
    compare: str = "before"

    @property
    def earlier(self) -> tuple[date, date]:
        return self.year_before if self.compare == "year" else self.before

    @property
    def other(self) -> tuple[date, date] | None:
        """The one that is shown as well."""
        return None if not self.is_apart else self.before if self.compare == "year" else self.year_before


def percent(part: int, whole: int) -> float | None:
    return each(100 * part, whole)


def each(part: int, whole: int) -> float | None:
    return float((Decimal(part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)) if whole else None


def percent_more(now: int, then: int) -> float | None:
    """Of at least 20, and up to three times as many."""
    rise = percent(now - then, then)
    return None if rise is None or then < 20 or rise > 200 else rise


def age(person: Row, on: date) -> int | None:
    born = person["birth_date"]
    if born is None or born > on:
        return None
    years = on.year - born.year
    if (on.month, on.day) < (born.month, born.day):
        years -= 1
    return years if years < 130 else None


def band(person: Row, on: date) -> str:
    years = age(person, on)
    return next((name for name, (_, ages) in AGES.items() if years in ages), "unknown")


def is_asked(person: Row, asked: Asked) -> bool:
    chosen = asked.filters
    is_of_sex = chosen.get("sex", person["sex"]) == person["sex"]
    return is_of_sex and ("age" not in chosen or chosen["age"] == band(person, asked.end))


def month_told(key: str, end: date) -> str:
    """A month, or of the one that the period leaves before its end the days up to there."""
    leaves_it = f"{end:%Y-%m}" == key and (end + timedelta(days=1)).day != 1
    return f"{key}-01/{end:%d}" if leaves_it else key


def months_back(asked: Asked, first_record: date) -> list[str]:
    """The last 12 months or, when it began earlier, those since the period's start; none that ended before there were
    records."""
    keys, day, looked_at = [], asked.end.replace(day=1), 0
    while looked_at < 12 or day >= asked.start.replace(day=1):
        looked_at += 1
        if (day + timedelta(days=31)).replace(day=1) > first_record:
            keys.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return keys[::-1]


class Visits:
    """The visits of one clinic as wall times: (day, hour or None, kind, status)."""

    def __init__(self, visits: Iterable[Row], people: dict[int, Row], zone: str, asked: Asked) -> None:
        self.asked, self.found = asked, []
        self.first_record = date.max
        for visit in visits:
            wall = visit["started_at"].astimezone(ZoneInfo(zone))
            self.first_record = min(self.first_record, wall.date())
            if not is_asked(people[visit["patient_id"]], asked):
                continue
            if asked.filters.get("kind", visit["kind"]) != visit["kind"]:
                continue
            provider = "none" if visit["provider_id"] is None else str(visit["provider_id"])
            if asked.filters.get("provider", provider) == provider:
                hour = None if visit["local_hour"] is None else wall.hour
                self.found.append((wall.date(), hour, visit["kind"], visit["status"]))

    def between(self, start: date, end: date, is_wanted: Callable[..., bool] = lambda *_: True) -> list[Any]:
        return [v for v in self.found if start <= v[0] <= end and v[3] not in DID_NOT_HAPPEN and is_wanted(*v)]

    def is_compared(self) -> bool:
        return self.asked.earlier[1] >= self.first_record

    def cells(self, those: list[Any]) -> tuple[Any, ...]:
        """Medical, dental (unless one kind was asked for), all, days and visits a day."""
        kinds = Counter(kind for _, _, kind, _ in those)
        days = len({day for day, *_ in those})
        split = () if "kind" in self.asked.filters else (kinds["medical"], kinds["dental"])
        return (*split, len(those), days, each(len(those), days))

    def comparison(self, earlier: tuple[date, date]) -> list[tuple[Any, ...]]:
        rows = []
        now, then = self.between(self.asked.start, self.asked.end), self.between(*earlier)
        kinds = [] if "kind" in self.asked.filters else ["medical", "dental"]
        for kind in (*kinds, ""):
            came = sum(1 for visit in now if visit[2] == (kind or visit[2]))
            was = sum(1 for visit in then if visit[2] == (kind or visit[2]))
            rows.append((was, came, came - was, percent_more(came, was)))
        return rows

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Expected rows by table, without their first cell where that is only words."""
        start, end = self.asked.start, self.asked.end
        now = self.between(start, end)
        weekdays = {(start + timedelta(days=ahead)).isoweekday() for ahead in range((end - start).days + 1)}
        window = {key: [] for key in months_back(self.asked, self.first_record)}
        for visit in self.between(date.min, end):
            window.get(f"{visit[0]:%Y-%m}", []).append(visit)
        found: dict[str, list[tuple[Any, ...]]] = {}
        if any(window.values()):
            found["months"] = [(month_told(key, self.asked.end), *self.cells(those)) for key, those in window.items()]
        keys = ["compared_before", "compared_year_before"]
        main, second = keys[::-1] if self.asked.compare == "year" else keys
        if self.is_compared() and (now or self.between(*self.asked.earlier)):
            found[main] = self.comparison(self.asked.earlier)
        if self.asked.other and self.between(*self.asked.other):
            found[second] = self.comparison(self.asked.other)
        if now:
            found["weekdays"] = [self.weekday(number, now) for number in sorted(weekdays)]
            if peaks := self.peaks(now):
                found["peaks"] = peaks
            timed = [visit for visit in now if visit[1] is not None]
            if timed:
                found["hours"] = self.hours(timed)
        return found

    def weekday(self, number: int, now: list[Any]) -> tuple[Any, ...]:
        those = [visit for visit in now if visit[0].isoweekday() == number]
        return (NAMES[number - 1], *self.cells(those), percent(len(those), len(now)))

    def hours(self, now: list[Any]) -> list[tuple[Any, ...]]:
        first, last = min(visit[1] for visit in now), max(visit[1] for visit in now)
        grid = Counter((visit[0].isoweekday(), visit[1]) for visit in now)
        open_days = sorted({weekday for weekday, _ in grid})
        return [(NAMES[day - 1], *(grid[day, hour] for hour in range(first, last + 1))) for day in open_days]

    def peaks(self, now: list[Any]) -> list[tuple[Any, ...]]:
        """Visits and times the average of the busiest hour, weekday, day and, over whole months, month: of those where
        one or two are ahead of others."""
        parts = [
            Counter((visit[0].isoweekday(), visit[1]) for visit in now if visit[1] is not None),
            Counter(visit[0].isoweekday() for visit in now),
            Counter(visit[0] for visit in now),
        ]
        start, end = self.asked.start, self.asked.end
        asked = [start + timedelta(days=n) for n in range((end - start).days + 1)]
        months = {f"{day:%Y-%m}" for day in asked} & set(months_back(self.asked, self.first_record))
        if start.day == 1 and (end + timedelta(days=1)).day == 1:
            parts.append(Counter(dict.fromkeys(months, 0)))
            parts[-1].update(f"{visit[0]:%Y-%m}" for visit in now)
        rows = []
        for counts in parts:
            ranked = sorted(counts.values(), reverse=True)
            ahead = ranked.count(ranked[0]) if ranked else 0
            if 0 < ahead < min(3, len(ranked)) and ranked[0] > 1:
                rows.append((ranked[0], each(ranked[0] * len(ranked), sum(ranked))))
        return rows

    def excluded(self) -> dict[str, int]:
        asked = self.asked
        statuses = Counter(v[3] for v in self.found if asked.start <= v[0] <= asked.end and v[3] in DID_NOT_HAPPEN)
        return {DID_NOT_HAPPEN[status]: count for status, count in statuses.items()}


class Patients:
    """The patients of one clinic, with the wall days of the visits that took place."""

    def __init__(self, visits: Iterable[Row], people: dict[int, Row], zone: str, asked: Asked) -> None:
        self.asked = asked
        self.read = [person for person in people.values() if is_asked(person, asked)]
        self.late = [p for p in self.read if p["registered_on"] and p["registered_on"] > asked.end]
        gone = [p for p in self.read if p["deceased_on"] and p["deceased_on"] < asked.start]
        self.gone = [p for p in gone if p not in self.late]
        self.counted = [p for p in self.read if p not in self.late and p not in self.gone]
        self.then = [p for p in self.read if self.was_there(p)]
        self.days: dict[int, list[date]] = {person: [] for person in people}
        self.first_record = min((p["registered_on"] for p in people.values() if p["registered_on"]), default=date.max)
        self.first_visit = date.max
        for visit in visits:
            day = visit["started_at"].astimezone(ZoneInfo(zone)).date()
            self.first_visit = min(self.first_visit, day)
            if visit["status"] not in DID_NOT_HAPPEN:
                self.days[visit["patient_id"]].append(day)
        self.first_record = min(self.first_record, self.first_visit)

    def was_there(self, person: Row) -> bool:
        """Whether the clinic knew the patient in the earlier period."""
        first, last = self.asked.earlier
        came = person["registered_on"] is None or person["registered_on"] <= last
        return came and (person["deceased_on"] is None or person["deceased_on"] >= first)

    def is_compared(self) -> bool:
        return self.asked.earlier[1] >= self.first_record

    def came(self, person: Row, start: date, end: date) -> int:
        return sum(1 for day in self.days[person["id"]] if start <= day <= end)

    def often(self, people: list[Row], start: date, end: date) -> list[int]:
        """The visits of those who came, the rarest first."""
        return sorted(filter(None, (self.came(person, start, end) for person in people)))

    def window(self, end: date) -> date:
        """The first of the days on which an active patient came."""
        day = end + timedelta(days=1)
        month, wanted = 12 * day.year + day.month - 1 - int(self.asked.filters.get("active", "12")), day.day
        while True:
            try:
                return date(month // 12, month % 12 + 1, wanted)
            except ValueError:
                wanted -= 1

    def active(self, people: list[Row], end: date) -> int:
        return len(self.often(people, self.window(end), end))

    def new(self, start: date, end: date) -> int:
        return sum(1 for p in self.read if p["registered_on"] and start <= p["registered_on"] <= end)

    def median_age(self, people: list[Row], on: date) -> float | None:
        ages = [years for person in people if (years := age(person, on)) is not None]
        return median(ages) if ages else None

    def steps(self) -> dict[str, tuple[int, int]]:
        """Counts of the earlier period and of this one, of what is on record of both."""
        start, end = self.asked.start, self.asked.end
        earlier = self.asked.earlier
        steps = {"Patients": (len(self.then), len(self.counted))}
        if self.first_visit <= self.window(earlier[1]):
            steps["Active patients"] = (self.active(self.then, earlier[1]), self.active(self.counted, end))
        steps["New registrations"] = (self.new(*earlier), self.new(start, end))
        if self.first_visit <= earlier[0]:
            steps["Patients who came"] = (
                len(self.often(self.then, *earlier)), len(self.often(self.counted, start, end)),
            )  # fmt: skip
        return steps if self.is_compared() else {}

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        if self.counted:
            if "age" not in self.asked.filters:
                groups = self.bands()
                found["ages"] = [self.ages(label, people) for label, people in groups.items()]
            elif "sex" not in self.asked.filters:
                groups = self.sexes()
                found["sexes"] = [
                    (s, len(people), percent(len(people), len(self.counted))) for s, people in groups.items()
                ]
            if not self.asked.filters.keys() >= {"age", "sex"}:
                found["active"] = [self.activity(label, people) for label, people in groups.items()]
        window = dict.fromkeys(months_back(self.asked, self.first_record), 0)
        for person in self.read:
            day = person["registered_on"]
            if day and day <= self.asked.end and f"{day:%Y-%m}" in window:
                window[f"{day:%Y-%m}"] += 1
        if any(window.values()):
            found["registrations"] = [(month_told(key, self.asked.end), count) for key, count in window.items()]
        steps = self.steps()
        if any(map(any, steps.values())):
            found["compared"] = [(then, now, now - then, percent_more(now, then)) for then, now in steps.values()]
        times = self.often(self.counted, self.asked.start, self.asked.end)
        if times:
            found["visits"] = self.visits(times)
            found["visits_a_patient"] = [self.a_patient(times)]
            before = self.often(self.then, *self.asked.earlier)
            if before and "Patients who came" in steps:
                found["visits_a_patient"].insert(0, self.a_patient(before))
        return found

    def bands(self) -> dict[str, list[Row]]:
        labels = {name: label for name, (label, _) in AGES.items()} | {"unknown": "Unknown"}
        groups: dict[str, list[Row]] = {name: [] for name in labels}
        for person in self.counted:
            groups[band(person, self.asked.end)].append(person)
        return {labels[name]: groups[name] for name in labels if name != "unknown" or groups[name]}

    def sexes(self) -> dict[str, list[Row]]:
        groups = {sex: [p for p in self.counted if p["sex"] == sex] for sex in ("female", "male", "other", "unknown")}
        return {sex.capitalize(): found for sex, found in groups.items() if found or sex in ("female", "male")}

    def ages(self, label: str, people: list[Row]) -> tuple[Any, ...]:
        sexes = Counter(person["sex"] for person in people)
        split = () if "sex" in self.asked.filters else tuple(sexes[s] for s in ("female", "male", "other", "unknown"))
        return (label, *split, len(people), percent(len(people), len(self.counted)))

    def activity(self, label: str, people: list[Row]) -> tuple[Any, ...]:
        active = self.active(people, self.asked.end)
        return (label, len(people), active, percent(active, len(people)))

    def a_patient(self, times: list[int]) -> tuple[Any, ...]:
        return (len(times), sum(times), each(sum(times), len(times)), median(times))

    def visits(self, times: list[int]) -> list[tuple[Any, ...]]:
        rows = []
        for number in range(1, 6):
            those = [count for count in times if count == number or (number == 5 and count > 5)]
            label = "5 or more" if number == 5 else str(number)
            rows.append((label, len(those), percent(len(those), len(times)), sum(those)))
        return rows
