"""A second opinion on campaigns: contacts counted one at a time in plain Python, from the moments they were made and
the clinic's zone, with nothing taken from the code under test."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.content.recount import AGES, DID_NOT_HAPPEN, Asked, Row, band, is_asked, percent, percent_more
from tests.content.recount_users import users

STEPS = ("contacted_at", "opened_at", "responded_at", "attended_at")


class Contacts:
    """The contacts of one clinic with what stands around them. `rows` has the clinic's rows by table name."""

    def __init__(self, rows: dict[str, list[Row]], zone: str, asked: Asked) -> None:
        self.rows, self.asked = rows, asked
        self.zone = ZoneInfo(zone)
        self.people = {person["id"]: person for person in rows["patients"]}
        self.campaigns = {campaign["id"]: campaign for campaign in rows["campaigns"]}
        self.made = [(self.wall(row["contacted_at"]), row) for row in rows["campaign_contacts"]]
        self.first_record = min((day for day, _ in self.made), default=date.max)
        days = [(self.wall(visit["started_at"]), visit) for visit in rows["visits"]]
        self.first_visit = min(day for day, _ in days)
        self.visits = [(day, visit) for day, visit in days if visit["status"] not in DID_NOT_HAPPEN]
        self.last_visit = max(day for day, _ in self.visits)
        self.days: dict[tuple[int, str], list[date]] = defaultdict(list)
        for day, visit in self.visits:
            self.days[visit["patient_id"], visit["kind"]].append(day)
        self.now, self.before = self.between(asked.start, asked.end), self.between(*asked.earlier)

    def wall(self, moment: Any) -> date:
        return moment.astimezone(self.zone).date()

    def between(self, start: date, end: date) -> list[tuple[date, Row]]:
        return [(day, row) for day, row in self.made if start <= day <= end and self.is_wanted(row)]

    def is_wanted(self, row: Row) -> bool:
        campaign, chosen = self.campaigns[row["campaign_id"]], self.asked.filters
        if "campaign" in chosen and chosen["campaign"] != str(campaign["id"]):
            return False
        if "topic" in chosen and self.campaigns[int(chosen["topic"])]["topic"] != campaign["topic"]:
            return False
        return is_asked(self.people[row["patient_id"]], self.asked)

    def steps(self, made: Iterable[tuple[date, Row]]) -> tuple[int, ...]:
        furthest = [max(i for i, step in enumerate(STEPS) if row[step] is not None) for _, row in made]
        return tuple(sum(1 for reached in furthest if reached >= step) for step in range(4))

    def named(self, made: list[tuple[date, Row]], name: Callable[[Row], str]) -> dict[str, list[tuple[date, Row]]]:
        found: dict[str, list[tuple[date, Row]]] = {}
        for day, row in made:
            found.setdefault(name(self.campaigns[row["campaign_id"]]), []).append((day, row))
        order = sorted(found, key=lambda name: (-len(found[name]), name))
        shown = {name: found[name] for name in order[:10]}
        rest = [contact for name in order[10:] for contact in found[name]]
        return shown | ({"All others": rest} if rest else {})

    def around(self, day: date, row: Row, kind: str, first: int, last: int) -> int:
        days = self.days[row["patient_id"], kind]
        return sum(1 for d in days if day + timedelta(days=first) <= d <= day + timedelta(days=last))

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        counts, earlier = self.steps(self.now), self.steps(self.before)
        topics = self.named(self.now, lambda campaign: campaign["topic"] or "No topic")
        if self.now:
            found["funnel"] = [
                (name, count, percent(count, counts[0]), percent(count, counts[at - 1]) if at else None)
                for at, (name, count) in enumerate(
                    zip(("Contacted", "Opened", "Responded", "Attended"), counts, strict=True)
                )
            ]
            found["campaigns"] = [
                (name, *self.steps(made), percent(self.steps(made)[3], len(made)))
                for name, made in self.named(self.now, lambda campaign: campaign["name"]).items()
            ]
            if len(topics) > 1:
                found["topics"] = [
                    (name, *self.steps(made), percent(self.steps(made)[3], len(made))) for name, made in topics.items()
                ]
            found |= self.followed()
            found["reach"] = self.groups()
        if self.first_record <= self.asked.earlier[1] and (self.now or self.before):
            pairs = [(len(self.people_in(self.before)), len(self.people_in(self.now)))]
            pairs += list(zip(earlier, counts, strict=True))
            found["compared"] = [(was, came, came - was, percent_more(came, was)) for was, came in pairs]
        return found | self.upkeep() | users(self.rows, self.zone, (self.asked.start, self.asked.end))

    def people_in(self, made: Iterable[tuple[date, Row]]) -> set[int]:
        return {row["patient_id"] for _, row in made}

    def is_followed(self, day: date) -> bool:
        return (day - self.first_visit).days >= 60 and (self.last_visit - day).days >= 60

    def followed(self) -> dict[str, list[tuple[Any, ...]]]:
        those = [(day, row) for day, row in self.now if self.is_followed(day)]
        late = sum(1 for day, _ in self.now if (self.last_visit - day).days < 60)
        early = len(self.now) - len(those) - late
        found: dict[str, list[tuple[Any, ...]]] = {"basis": [(len(those),), *((n,) for n in (late, early) if n)]}
        if those:
            found["visits"] = []
            for kind in ("medical", "dental"):
                was = sum(self.around(day, row, kind, -60, -1) for day, row in those)
                came = sum(self.around(day, row, kind, 1, 60) for day, row in those)
                found["visits"].append((kind.capitalize(), was, came, came - was, percent_more(came, was)))
            topics = self.named(those, lambda campaign: campaign["topic"] or "No topic")
            found["followed_topics"] = [(name, *self.came(made)) for name, made in topics.items()]
        return found

    def came(self, made: list[tuple[date, Row]]) -> tuple[int, ...]:
        sides = [
            [sum(self.around(day, row, kind, *side) for kind in ("medical", "dental")) for day, row in made]
            for side in ((-60, -1), (1, 60))
        ]
        return (len(made), *(sum(1 for n in side if n) for side in sides), *(sum(side) for side in sides))

    def counted(self) -> list[Row]:
        """On the books, or contacted."""
        contacted = self.people_in(self.now)
        return [
            person
            for person in self.people.values()
            if is_asked(person, self.asked)
            and (
                person["id"] in contacted
                or not (
                    (person["registered_on"] and person["registered_on"] > self.asked.end)
                    or (person["deceased_on"] and person["deceased_on"] < self.asked.start)
                )
            )
        ]

    def groups(self) -> list[tuple[Any, ...]]:
        """By age or, of one age, by sex."""
        if "age" in self.asked.filters:
            groups = {sex.capitalize(): sex for sex in ("female", "male", "other", "unknown")}
        else:
            groups = {label: name for name, (label, _) in AGES.items()} | {"Unknown": "unknown"}
        contacted, rows = self.people_in(self.now), []
        for label, name in groups.items():
            those = [
                person
                for person in self.counted()
                if name == (person["sex"] if "age" in self.asked.filters else band(person, self.asked.end))
            ]
            reached = sum(1 for person in those if person["id"] in contacted)
            if those or label not in ("Unknown", "Other"):
                rows.append((label, len(those), reached, percent(reached, len(those))))
        return rows

    def upkeep(self) -> dict[str, list[tuple[Any, ...]]]:
        people, contacted = self.counted(), self.people_in(self.now)
        if not people:
            return {}
        last = self.asked.end
        after = last + timedelta(days=1)
        first = after.replace(year=after.year - 2)
        came = {visit["patient_id"] for day, visit in self.visits if first <= day <= last}
        dated = [(row, row["recorded_on"]) for row in self.rows["diagnoses"]]
        dated = [(row, day) for row, day in dated if row["verification_status"] != "entered-in-error"]
        dated += [(row, row["local_day"]) for row in self.rows["measurements"]]
        dated += [(row, row["performed_on"]) for row in self.rows["treatments"]]
        noted = {row["patient_id"] for row, day in dated if day and first <= day <= last}
        parts = (
            lambda person: bool(person["mrn"] and person["mrn"].strip()),
            lambda person: band(person, last) != "unknown",
            lambda person: person["sex"] != "unknown",
            lambda person: person["id"] in came & noted,
        )
        told = [sum(1 for person in people if part(person)) for part in parts]
        kept = {person["id"] for person in people if all(part(person) for part in parts)}
        counts = ((len(kept), len(kept & contacted)), (len(people) - len(kept), len(contacted - kept)))
        return {
            "record_parts": [(count, percent(count, len(people))) for count in told],
            "kept_up": [
                (n, percent(n, len(people)), *((of, percent(of, len(contacted))) if contacted else ()))
                for n, of in counts
            ],
        }
