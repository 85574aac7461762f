"""Daily patients worked out a second time from raw rows, in plain Python: nothing is taken from the code under test."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.content.recount import Row

NAMES = {
    "9279-1": "respiration", "2708-6": "oxygen", "59408-5": "oxygen", "8480-6": "systolic", "8462-4": "diastolic",
    "8867-4": "pulse", "8310-5": "temperature", "8331-1": "temperature", "15074-8": "glucose", "29463-7": "weight",
    "3151-8": "oxygen_given", "67775-7": "consciousness",
}  # fmt: skip
MINUTE = [
    "per minute",
    "/min",
    "{beats}/min",
    "{breaths}/min",
    "beats/min",
    "breaths/min",
    "beats/minute",
    "breaths/minute",
]
MERCURY = ["mm Hg", "mm[Hg]", "mmHg"]
UNITS = {
    "respiration": MINUTE, "oxygen": ["%"], "systolic": MERCURY, "diastolic": MERCURY, "pulse": MINUTE,
    "temperature": ["Cel", "°C", "degC"], "glucose": ["mmol/L"], "weight": ["kg"],
}  # fmt: skip
BEYOND = {
    "respiration": 70, "oxygen": 100.001, "systolic": 400, "diastolic": 300, "pulse": 300, "temperature": 50,
    "glucose": 100, "weight": 650,
}  # fmt: skip
TENTHS = ("temperature", "glucose", "weight")
LEVELS = ["alert", "confused", "voice", "pain", "unresponsive"]
SCORED = ("respiration", "oxygen", "oxygen_given", "systolic", "pulse", "temperature", "consciousness")
CHART = {
    "respiration": [(8, 3), (11, 1), (20, 0), (24, 2), (999, 3)],
    "oxygen": [(91, 3), (93, 2), (95, 1), (999, 0)],
    "on air": [(83, 3), (85, 2), (87, 1), (999, 0)],
    "on oxygen": [(83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (999, 3)],
    "systolic": [(90, 3), (100, 2), (110, 1), (219, 0), (999, 3)],
    "pulse": [(40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (999, 3)],
    "temperature": [(35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (999, 2)],
}
"""The last value of each band, and its points."""
WORDS_OF = ["", "low", "low-medium", "medium", "high"]
SOON = {"high": "emergency response", "medium": "urgent review", "low-medium": "urgent ward review"}


def half_up(value: float, name: str) -> float:
    # Nine digits are enough for any reading, and cut off what binary arithmetic has left.
    exact = Decimal(repr(round(value, 9)))
    return float(exact.quantize(Decimal("0.1" if name in TENTHS else "1"), ROUND_HALF_UP))


def number(row: Row, name: str) -> float | None:
    value, unit = row["value"], row["unit"]
    if value is None:
        return None
    if name == "temperature" and unit in ("[degF]", "degF", "°F"):
        value = (value - 32) * 5 / 9
    elif name == "glucose" and unit == "mg/dL":
        value = value / 18.0156
    elif name == "weight" and unit == "lb":
        value = value * 0.45359237
    elif unit not in UNITS[name]:
        return None
    lowest = 10 if name == "temperature" else 0
    return half_up(value, name) if lowest < value < BEYOND[name] else None


def word(row: Row, name: str) -> str | None:
    text = (row["text"] or "").strip().lower()
    if name == "consciousness":
        return text if text in LEVELS else None
    if text in ("air", "oxygen"):
        return text
    if row["value"] is None or row["unit"] != "L/min" or row["value"] < 0:
        return None
    return "oxygen" if row["value"] > 0 else "air"


def points(readings: dict[str, Any], name: str, scale: int) -> int | None:
    value = readings.get(name)
    if value is None:
        return None
    if name == "oxygen_given":
        return 2 if value == "oxygen" else 0
    if name == "consciousness":
        return 0 if value == "alert" else 3
    chart = name
    if name == "oxygen" and scale == 2:
        given = readings.get("oxygen_given")
        if given is None and value > 92:
            return None
        chart = "on oxygen" if given == "oxygen" else "on air"
    return next(told for last, told in CHART[chart] if value <= last)


def years(born: date, day: date) -> int:
    had = (day.month, day.day) >= (born.month, born.day)
    return day.year - born.year - (not had)


def grown(person: Row, day: date) -> str:
    """ "child", "adult" or "unknown"."""
    born = person["birth_date"]
    if born is None or born > day or years(born, day) >= 130:
        return "unknown"
    latest = born
    if person["birth_precision"] == "year":
        latest = date(born.year, 12, 31)
    elif person["birth_precision"] == "month":
        latest = date(born.year + born.month // 12, born.month % 12 + 1, 1) - timedelta(days=1)
    ages = {years(born, day) >= 16, years(min(latest, day), day) >= 16}
    return "unknown" if len(ages) > 1 else "adult" if ages == {True} else "child"


class Daily:
    """`rows` are those of one clinic by table, as tests/content/raw_rows.py has them."""

    def __init__(self, rows: dict[str, list[Row]], upload: str, zone: str) -> None:
        self.people = {person["id"]: person for person in rows["patients"]}
        self.zone = ZoneInfo(zone)
        own, others = defaultdict(dict), defaultdict(dict)  # type: ignore[var-annotated]
        for row in sorted(rows["measurements"], key=lambda row: row["id"]):
            name = NAMES.get(row["loinc"])
            if name is None or (row["measured_at"] or row["local_day"]) is None:
                continue
            is_own = row["upload_id"] == upload
            if not is_own and row["local_day"] is None:
                continue
            key = row["patient_id"], row["measured_at"], None if row["measured_at"] else row["local_day"]
            readings = (own if is_own else others)[key]
            if name == "oxygen" and number(row, name) is not None:
                readings["scale"] = row["spo2_scale"] or self.people[row["patient_id"]]["spo2_scale"]
            value = word(row, name) if name in ("oxygen_given", "consciousness") else number(row, name)
            if value is not None:
                readings[name] = value
            if name == "oxygen_given" and value is not None:
                flow = row["value"] if row["unit"] == "L/min" and row["value"] else 0
                readings["told"] = f"oxygen, {flow:g} L/min" if value == "oxygen" and flow else value
        self.own = {who: self.sets(own, who) for who in {key[0] for key in own}}
        self.beside = {who: self.on_record(others, who, 0) for who in self.own}
        self.before = {who: self.on_record(others, who, 7) for who in self.own}

    def sets(self, found: dict[Any, dict[str, Any]], who: int) -> list[dict[str, Any]]:
        """Each with its day, moment and what it says, in their order."""
        those = []
        for (patient, moment, day), readings in found.items():
            if patient == who:
                there = moment.astimezone(self.zone) if moment else None
                those.append({"day": there.date() if there else day, "moment": moment, "at": there, **readings})
        return sorted(those, key=self.place)

    def place(self, one: dict[str, Any]) -> datetime:
        day = one["day"]
        return one["moment"] or datetime(day.year, day.month, day.day, 12, tzinfo=self.zone).astimezone(UTC)

    def on_record(self, others: dict[Any, dict[str, Any]], who: int, days: int) -> list[dict[str, Any]]:
        """Of the days of the sheet, or of so many before them."""
        first, last = self.own[who][0]["day"], self.own[who][-1]["day"]
        if days:
            first, last = first - timedelta(days=days), first - timedelta(days=1)
        return [one for one in self.sets(others, who) if len(one) > 3 and first <= one["day"] <= last]

    def all_of_days(self, who: int) -> list[dict[str, Any]]:
        return sorted([*self.beside[who], *self.own[who]], key=self.place)

    def scored(self, who: int, one: dict[str, Any]) -> list[int | None]:
        """The points of the seven signs, then the score."""
        stage = grown(self.people[who], one["day"])
        if stage == "child":
            return [None] * 8
        given = [points(one, name, one.get("scale", 1)) for name in SCORED]
        return [*given, None if stage == "unknown" or None in given else sum(given)]  # type: ignore[arg-type]

    def at_least(self, who: int, one: dict[str, Any]) -> tuple[str, int]:
        """Level and points, as far as can be said."""
        *each, total = self.scored(who, one)
        known = [one for one in each if one is not None]
        if grown(self.people[who], one["day"]) != "adult" or not (known if total is not None else sum(known)):
            return "", -1
        number = sum(known)
        level = "high" if number > 6 else "medium" if number > 4 else "low-medium" if 3 in known else "low"
        return ("" if level == "low" and total is None else level), number

    def standing(self, who: int) -> tuple[str, str, int]:
        """Verdict, level, and the points by which patients are ordered: -1 where nothing can be said."""
        latest = self.latest(who)
        level, number = self.at_least(who, latest)
        total = self.scored(who, latest)[-1]
        verdict = "not scored" if number < 0 else f"NEWS2 {number}" if total is not None else f"NEWS2 at least {number}"
        if total is not None:
            return verdict, level, number
        place = self.place(latest)
        earlier = [one for one in [*self.before[who], *self.beside[who], *self.own[who]]
                   if self.place(one) < place or (self.place(one) == place and one in self.beside[who])]  # fmt: skip
        known = sum(one or 0 for one in self.scored(who, latest))
        gravest: dict[str, Any] | None = None
        for one in sorted(earlier, key=self.place)[::-1]:
            points_then = self.at_least(who, one)[1]
            best = self.at_least(who, gravest)[1] if gravest else known
            if place - self.place(one) <= timedelta(hours=24) and points_then > best:
                gravest = one
            if self.scored(who, one)[-1] is not None:
                break
        if gravest:
            was, points_then = self.at_least(who, gravest)
            if was in SOON and (WORDS_OF.index(was), points_then) > (WORDS_OF.index(level), number):
                is_whole = self.scored(who, gravest)[-1] is not None
                verdict, level = f"NEWS2 was {'' if is_whole else 'at least '}{points_then}", was
            number = max(number, points_then)
        return verdict, level, number

    def highest(self, who: int) -> int | None:
        """Of the sheet's days, where it is of a higher level than what the patient is judged by."""
        found = [self.at_least(who, one) for one in self.all_of_days(who)]
        level, number = max(found, key=lambda one: (WORDS_OF.index(one[0]), one[1]))
        is_higher = WORDS_OF.index(level) > WORDS_OF.index(self.standing(who)[1])
        return number if is_higher and level in SOON else None

    def readings(self, who: int) -> list[list[Any]]:
        """The table of readings: time, values, points, score, and whether it is on record."""
        those, before = self.all_of_days(who), self.before[who]
        wanted = max(12 - len(those), 0)
        rows = []
        for one in [*before[::-1][:wanted][::-1], *those]:
            at = one["at"].isoformat(timespec="minutes") if one["at"] else one["day"].isoformat()
            named = ("told" if name == "oxygen_given" else name for name in SCORED)
            values = [one.get(name) for name in (*named, "diastolic", "glucose", "weight")]
            rows.append([at, *values, *self.scored(who, one), not any(one is own for own in self.own[who])])
        return rows

    def days(self, who: int) -> list[list[Any]]:
        """Day, sets, highest score, then the lowest and highest of each sign that is a number."""
        rows = []
        for day in sorted({one["day"] for one in self.before[who]}):
            those = [one for one in self.before[who] if one["day"] == day]
            scores = [score for one in those if (score := self.scored(who, one)[-1]) is not None]
            ends = []
            for name in ("respiration", "oxygen", "systolic", "pulse", "temperature"):
                values = sorted(one[name] for one in those if name in one)
                told = [f"{value:.1f}" if name == "temperature" else f"{value:.0f}" for value in values]
                ends.append(None if not told else told[0] if told[0] == told[-1] else f"{told[0]}–{told[-1]}")
            rows.append([day.isoformat(), len(those), max(scores, default=None), *ends])
        return rows

    def latest(self, who: int) -> dict[str, Any]:
        asked = [one for one in self.own[who] if set(one) & set(SCORED)]
        return (asked or self.own[who])[-1]

    def order(self) -> list[int]:
        def place(who: int) -> tuple[Any, ...]:
            person, number = self.people[who], self.standing(who)[2]
            names = [(person[name] or "").strip().casefold() for name in ("family_name", "given_name", "mrn")]
            return (-number, *names, who)

        return sorted(self.own, key=place)

    def changes(self, who: int) -> dict[str, float | None]:
        """Of each sign that is a number, how far the latest set is from the last reading of the day before."""
        latest, found = self.latest(who), {}
        sets = [*self.before[who], *self.all_of_days(who)]
        for name in ("respiration", "oxygen", "systolic", "pulse", "temperature"):
            then = [one[name] for one in sets if name in one and one["day"] == latest["day"] - timedelta(days=1)]
            found[name] = round(latest[name] - then[-1], 1) if then and name in latest else None
        return found
