"""A second opinion on feedback: counted one response at a time in plain Python, from the moments themselves and the
clinic's zone, with nothing taken from the code under test."""

from collections.abc import Iterable
from datetime import date, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.content.recount import (
    DID_NOT_HAPPEN,
    Asked,
    Row,
    each,
    is_asked,
    month_told,
    months_back,
    percent,
    percent_more,
)

BANDS = ("Within 1 day", "2 to 3 days", "4 to 7 days", "Over a week", "Not answered", "Answered before sent")


def band_of(response: Row) -> str:
    if response["responded_at"] is None:
        return "Not answered"
    waited = response["responded_at"] - response["submitted_at"]
    if waited < timedelta(0):
        return "Answered before sent"
    limits = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta.max)
    return next(band for band, limit in zip(BANDS, limits, strict=False) if waited < limit)


def stars(responses: Iterable[Row]) -> list[int]:
    return [row["rating"] for row in responses if row["rating"] in (1, 2, 3, 4, 5)]


def scored(responses: Iterable[Row]) -> tuple[int, int, int]:
    """Positive, neither, negative."""
    given = stars(responses)
    return sum(g > 3 for g in given), given.count(3), sum(g < 3 for g in given)


def mean(given: list[int]) -> float | None:
    return each(sum(given), len(given))


class Feedbacks:
    """The responses of one clinic that were asked for, of whatever day, with that day on the clinic's wall."""

    def __init__(
        self, responses: list[Row], visits: dict[int, Row], people: dict[int, Row], zone: str, asked: Asked
    ) -> None:
        self.asked, self.visits = asked, visits
        self.zone = ZoneInfo(zone)
        self.first_record = min((self.day(row) for row in responses), default=date.max)
        self.people, self.everything = people, responses
        self.found = [row for row in responses if self.is_wanted(row)]

    def day(self, response: Row) -> date:
        return response["submitted_at"].astimezone(self.zone).date()  # type: ignore[no-any-return]

    def is_wanted(self, response: Row) -> bool:
        chosen = self.asked.filters
        if chosen.get("category") and (response["category"].strip(" ") or "none") != chosen["category"]:
            return False
        if "kind" in chosen and self.kind(response["visit_id"]) != chosen["kind"]:
            return False
        if chosen.keys() & {"age", "sex"}:
            person = self.people.get(response["patient_id"])
            return person is not None and is_asked(person, self.asked)
        return True

    def kind(self, visit_id: int | None) -> str | None:
        return self.visits[visit_id]["kind"] if visit_id in self.visits else None

    def between(self, start: date, end: date) -> list[Row]:
        return [row for row in self.found if start <= self.day(row) <= end]

    @property
    def now(self) -> list[Row]:
        return self.between(self.asked.start, self.asked.end)

    @property
    def then(self) -> list[Row]:
        return self.between(*self.asked.earlier)

    def is_compared(self) -> bool:
        return self.asked.earlier[1] >= self.first_record

    def visits_of(self, start: date, end: date) -> dict[str, tuple[int, int]]:
        """By kind: visits that took place, and those with a response since the first day."""
        if end < self.first_record or "category" in self.asked.filters:
            return {}
        named = {row["visit_id"] for row in self.everything if self.day(row) >= start}
        found: dict[str, tuple[int, int]] = {}
        for kind in ("Medical", "Dental"):
            those = [
                visit["id"]
                for visit in self.visits.values()
                if visit["kind"] == kind.lower() == self.asked.filters.get("kind", kind.lower())
                and visit["status"] not in DID_NOT_HAPPEN
                and start <= visit["started_at"].astimezone(self.zone).date() <= end
                and is_asked(self.people[visit["patient_id"]], self.asked)
            ]
            if those:
                found[kind] = (len(those), len(named.intersection(those)))
        return found

    def scores(self, responses: list[Row], period: tuple[date, date]) -> list[float | None]:
        given, (good, middling, bad) = stars(responses), scored(responses)
        visits = self.visits_of(*period).values()
        waits = [r["responded_at"] - r["submitted_at"] for r in responses if band_of(r) in BANDS[:4]]
        middle = median(wait // timedelta(hours=1) for wait in waits) if waits else None
        soon = sum(band_of(row) in BANDS[:2] for row in responses)
        return [
            mean(given), percent(good, len(given)), percent(middling, len(given)), percent(bad, len(given)),
            percent(good - bad, len(given)), percent(sum(n for _, n in visits), sum(v for v, _ in visits)),
            percent(soon, len(responses)), None if middle is None else each(int(2 * middle), 2 * 24),
        ]  # fmt: skip

    def tables(self) -> dict[str, list[Any]]:
        """Expected rows by table, without their first cell where that is only words."""
        found: dict[str, list[Any]] = {}
        window: dict[str, list[Row]] = {key: [] for key in months_back(self.asked, self.first_record)}
        for row in self.between(date.min, self.asked.end):
            window.get(f"{self.day(row):%Y-%m}", []).append(row)
        if any(window.values()):
            found["months"] = [self.month(key, those) for key, those in window.items()]
        if self.now:
            found["ratings"], found["scores"] = self.ratings(), self.compared_scores()
            found["waits"] = self.waits()
            if categories := self.categories():
                found["categories"] = categories
        if visits := self.visits_of(self.asked.start, self.asked.end):
            found["visits"] = [(k, seen, named, percent(named, seen)) for k, (seen, named) in visits.items()]
        if self.is_compared() and (self.now or self.then):
            found["compared"] = self.compared()
        return found

    def month(self, key: str, those: list[Row]) -> tuple[Any, ...]:
        given, (good, _, bad) = stars(those), scored(those)
        shares = (percent(good, len(given)), percent(bad, len(given)), percent(good - bad, len(given)))
        return (month_told(key, self.asked.end), len(those), len(given), mean(given), *shares)

    def ratings(self) -> list[tuple[Any, ...]]:
        given = stars(self.now)
        rows: list[tuple[Any, ...]] = [
            (given.count(rating), percent(given.count(rating), len(given))) for rating in (5, 4, 3, 2, 1)
        ]
        missing = sum(row["rating"] is None for row in self.now)
        return rows + [(count, None) for count in (missing, len(self.now) - len(given) - missing) if count]

    def compared_scores(self) -> list[tuple[Any, ...]]:
        now = self.scores(self.now, (self.asked.start, self.asked.end))
        if not self.is_compared():
            return [(score,) for score in now if score is not None]
        rows = zip(self.scores(self.then, self.asked.earlier), now, strict=True)
        return [
            (was, came, None if was is None or came is None else round(came - was, 1))
            for was, came in rows
            if was is not None or came is not None
        ]

    def waits(self) -> list[tuple[Any, ...]]:
        bad = [row for row in self.now if row["rating"] in (1, 2)]
        rows = []
        for band in BANDS:
            those, of_bad = (sum(band_of(row) == band for row in responses) for responses in (self.now, bad))
            if those or band != BANDS[-1]:
                rows.append((band, those, percent(those, len(self.now)), of_bad, percent(of_bad, len(bad))))
        return rows

    def categories(self) -> list[tuple[Any, ...]]:
        groups: dict[str, list[Row]] = {}
        for row in self.now:
            groups.setdefault(" ".join(row["category"].split()), []).append(row)
        none = groups.pop("", None)
        ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        shown = ranked[:10]
        if ranked[10:]:
            shown.append(("All others", [row for _, rows in ranked[10:] for row in rows]))
        if none:
            shown.append(("No category", none))
        is_rated = len(stars(self.now)) == len(self.now)
        return [self.category(name, rows, is_rated) for name, rows in shown] if len(shown) > 1 else []

    def category(self, name: str, rows: list[Row], is_rated: bool) -> tuple[Any, ...]:
        given, (good, middling, bad) = stars(rows), scored(rows)
        not_rated = () if is_rated else (len(rows) - len(given),)
        shares = (percent(good, len(given)), percent(bad, len(given)))
        return (name, good, middling, bad, *not_rated, len(rows), mean(given), *shares)

    def compared(self) -> list[tuple[Any, ...]]:
        now, then = ((len(rows), *scored(rows), len(rows) - len(stars(rows))) for rows in (self.now, self.then))
        return [(was, came, came - was, percent_more(came, was)) for was, came in zip(then, now, strict=True)]

    def comments(self) -> list[tuple[str, str]]:
        """Day and words of the latest thirty."""
        those = [row for row in self.now if row["comment"].split()]
        those.sort(key=lambda row: (row["submitted_at"], row["id"]), reverse=True)
        return [(self.day(row).isoformat(), " ".join(row["comment"].split())) for row in those[:30]]
