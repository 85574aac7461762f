"""A second opinion on dental statistics: counted one row at a time in plain Python, with nothing taken from the code
under test."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from tests.content.recount import (
    AGES,
    DID_NOT_HAPPEN,
    Asked,
    Row,
    band,
    each,
    is_asked,
    month_told,
    months_back,
    percent,
    percent_more,
)  # fmt: skip
from tests.content.recount_treatment_outcomes import Treatments


class Dental:
    """The dental visits and treatments of one clinic that a question asks about."""

    def __init__(self, tables: dict[str, list[Row]], people: dict[int, Row], asked: Asked) -> None:
        self.asked, self.people = asked, people
        self.first_record = min(visit["local_day"] for visit in tables["visits"])
        dental = [visit for visit in tables["visits"] if visit["kind"] == "dental"]
        self.firsts: dict[int, date] = {}
        for visit in dental:
            if visit["status"] not in DID_NOT_HAPPEN:
                who, day = visit["patient_id"], visit["local_day"]
                self.firsts[who] = min(day, self.firsts.get(who, day))
        self.read = [visit for visit in dental if self.is_wanted(visit) and self.is_of_provider(visit)]
        visits = {visit["id"]: visit for visit in tables["visits"]}
        self.treatments = [
            done
            for done in tables["treatments"]
            if done["kind"] == "dental" and self.is_wanted(done) and self.is_of_provider(visits.get(done["visit_id"]))
        ]

    def is_wanted(self, record: Row) -> bool:
        return is_asked(self.people[record["patient_id"]], self.asked)

    def is_of_provider(self, visit: Row | None) -> bool:
        chosen = self.asked.filters.get("provider")
        if chosen is None:
            return True
        return visit is not None and chosen == ("none" if visit["provider_id"] is None else str(visit["provider_id"]))

    def visits(self, start: date, end: date) -> list[Row]:
        return [v for v in self.read if start <= v["local_day"] <= end and v["status"] not in DID_NOT_HAPPEN]

    def given(self, start: date, end: date) -> list[Row]:
        return [done for done in self.treatments if done["performed_on"] and start <= done["performed_on"] <= end]

    def seen(self, visits: list[Row], since: date) -> tuple[int, int, int, int]:
        """Visits, patients, new and returning ones."""
        patients = {visit["patient_id"] for visit in visits}
        new = sum(self.firsts[who] >= since for who in patients)
        return len(visits), len(patients), new, len(patients) - new

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Expected rows by table, without their first cell where that is a name or words."""
        start, end = self.asked.start, self.asked.end
        now, given = self.visits(start, end), self.given(start, end)
        found: dict[str, list[tuple[Any, ...]]] = {}
        window: dict[str, list[Row]] = {key: [] for key in months_back(self.asked, self.first_record)}
        for visit in self.visits(date.min, end):
            window.get(f"{visit['local_day']:%Y-%m}", []).append(visit)
        if any(window.values()):
            found["months"] = [
                (month_told(key, end), *self.seen(those, date.fromisoformat(f"{key}-01")))
                for key, those in window.items()
            ]
        if now:
            found |= self.groups(now) | self.frequency(now)
            found |= self.periods()
        if given:
            found["procedures"] = Treatments.top(given)
        is_compared = self.asked.earlier[1] >= self.first_record
        if is_compared:
            steps = list(zip(self.counts(*self.asked.earlier), self.counts(start, end), strict=True))
            if any(map(any, steps)):
                found["compared"] = [(was, came, came - was, percent_more(came, was)) for was, came in steps]
        return found

    def counts(self, start: date, end: date) -> tuple[int, ...]:
        return (*self.seen(self.visits(start, end), start), len(self.given(start, end)))

    def groups(self, now: list[Row]) -> dict[str, list[tuple[Any, ...]]]:
        by_band, by_sex = defaultdict(list), defaultdict(list)
        for visit in now:
            person = self.people[visit["patient_id"]]
            by_band[band(person, self.asked.end)].append(visit)
            by_sex[person["sex"]].append(visit)
        bands = [*AGES, *(["unknown"] if by_band["unknown"] else [])]
        sexes = [sex for sex in ("female", "male", "other", "unknown") if by_sex[sex] or sex in ("female", "male")]
        found = {}
        if "age" not in self.asked.filters:
            found["ages"] = self.shares([by_band[name] for name in bands])
        if "sex" not in self.asked.filters:
            found["sexes"] = self.shares([by_sex[name] for name in sexes])
        return found

    @staticmethod
    def shares(groups: list[list[Row]]) -> list[tuple[Any, ...]]:
        patients = [len({visit["patient_id"] for visit in group}) for group in groups]
        return [(count, percent(count, sum(patients))) for count in patients]

    def frequency(self, now: list[Row]) -> dict[str, list[tuple[Any, ...]]]:
        times = Counter(visit["patient_id"] for visit in now)
        often = Counter(min(count, 5) for count in times.values())
        rows = [(often[number], percent(often[number], len(times))) for number in range(1, 6)]
        return {"frequency": rows}

    def periods(self) -> dict[str, list[tuple[Any, ...]]]:
        """The earlier period, where it is covered and somebody came, and this."""
        new, a_patient = [], []
        for start, end in (self.asked.earlier, (self.asked.start, self.asked.end)):
            visits, patients, first, returning = self.seen(self.visits(start, end), start)
            given = len(self.given(start, end))
            if patients and end >= self.first_record:
                new.append((patients, first, returning, percent(first, patients)))
                a_patient.append((patients, visits, each(visits, patients), given, each(given, visits)))
        return {"new": new, "a_patient": a_patient}
