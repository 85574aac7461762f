"""A second opinion on treatment outcomes: counted one row at a time in plain Python, with nothing taken from the code
under test."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from math import sqrt
from typing import Any

from tests.content.recount import DID_NOT_HAPPEN, Asked, Row, is_asked, month_told, months_back, percent, percent_more

OUTCOMES = ("successful", "improved", "unchanged", "worse", "unknown")
WELL, KNOWN = OUTCOMES[:2], OUTCOMES[:4]
Z = 1.959963984540054


def interval(part: int, whole: int) -> tuple[float | None, ...]:
    """The share and its score interval as the roots of |p - share| = z sqrt(p (1 - p) / n), found by halving."""
    if not whole:
        return None, None, None
    share = part / whole

    def is_inside(p: float) -> bool:
        return abs(p - share) <= Z * sqrt(p * (1 - p) / whole)

    ends = []
    for inside, outside in ((share, 0.0), (share, 1.0)):
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if is_inside(middle) else (inside, middle)
        ends.append(round(100 * inside, 1))
    return percent(part, whole), *ends


def called(record: Row) -> str:
    """By its code, else by its name without case; the random rows have no name in two writings."""
    return f"{record['code_system']} {record['code']}" if record["code"] else record["name"].casefold()


class Treatments:
    """The diagnoses, treatments and visits of one clinic that a question asks about."""

    def __init__(
        self, tables: dict[str, list[Row]], people: dict[int, Row], asked: Asked, theirs: Iterable[Row] = ()
    ) -> None:
        self.asked, self.people = asked, people
        self.kind = asked.filters.get("kind")
        self.visits = {visit["id"]: visit for visit in tables["visits"]}
        self.diagnosed = {found["id"]: found for found in (*tables["diagnoses"], *theirs)}
        self.first_record = min(visit["local_day"] for visit in tables["visits"])
        self.treatments = [
            done for done in tables["treatments"] if self.is_wanted(done) and self.kind in (None, done["kind"])
        ]
        self.diagnoses = [found for found in tables["diagnoses"] if self.is_wanted(found) and self.is_of_kind(found)]

    def is_wanted(self, record: Row) -> bool:
        return is_asked(self.people[record["patient_id"]], self.asked)

    def is_of_kind(self, diagnosis: Row) -> bool:
        visit = self.visits.get(diagnosis["visit_id"])
        return self.kind is None or (visit is not None and visit["kind"] == self.kind)

    def recorded(self, start: date, end: date) -> list[Row]:
        return [found for found in self.diagnoses if found["recorded_on"] and start <= found["recorded_on"] <= end]

    def held(self, start: date, end: date) -> list[Row]:
        return [d for d in self.recorded(start, end) if d["verification_status"] not in ("refuted", "entered-in-error")]

    def given(self, start: date, end: date) -> list[Row]:
        return [done for done in self.treatments if done["performed_on"] and start <= done["performed_on"] <= end]

    def is_compared(self) -> bool:
        return self.asked.earlier[1] >= self.first_record

    @staticmethod
    def top(records: list[Row]) -> list[tuple[int, float | None, int]]:
        """Records, share and patients of the ten most common and the others: those tied stand by name, which is of one
        writing."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for record in records:
            groups[called(record)].append(record)
        ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0]["name"].casefold()))
        rest = [record for group in ordered[10:] for record in group]
        return [
            (len(group), percent(len(group), len(records)), len({one["patient_id"] for one in group}))
            for group in (*ordered[:10], *([rest] if rest else []))
        ]

    def by_diagnosis(self) -> list[list[Row]]:
        groups: dict[str, list[Row]] = defaultdict(list)
        for done in self.given(self.asked.start, self.asked.end):
            found = self.diagnosed.get(done["diagnosis_id"])
            is_held = found and found["verification_status"] not in ("refuted", "entered-in-error")
            groups[called(found) if found and is_held else ""].append(done)
        without = groups.pop("", [])
        names = {called(found): found["name"].casefold() for found in self.diagnosed.values()}
        ordered = [groups[name] for name in sorted(groups, key=lambda name: (-len(groups[name]), names[name]))]
        rest = [done for group in ordered[10:] for done in group]
        return [group for group in (*ordered[:10], rest, without) if group]

    @staticmethod
    def outcomes(those: list[Row]) -> tuple[int, ...]:
        found = Counter(done["outcome"] for done in those)
        return (*(found[outcome] for outcome in OUTCOMES), len(those))

    @staticmethod
    def success(those: list[Row]) -> tuple[Any, ...]:
        known = [done for done in those if done["outcome"] in KNOWN]
        well = sum(done["outcome"] in WELL for done in known)
        return (len(known), well, *interval(well, len(known)))

    def follow_ups(self, start: date, end: date) -> tuple[Counter[str], list[int]]:
        """Those due in the period by their state, and for how many days each one overdue has been so."""
        states: Counter[str] = Counter()
        overdue = []
        for done in self.treatments:
            due, on = done["follow_up_due_on"], done["follow_up_done_on"]
            if due is None or due > end:
                continue
            died = self.people[done["patient_id"]]["deceased_on"]
            is_done = on is not None and on <= end
            if not is_done and died is not None and died <= end:
                continue
            state = ("late" if on > due else "on time") if is_done else "open" if due == end else "overdue"
            states[state] += due >= start
            if state == "overdue":
                overdue.append((end - due).days)
        return states, overdue

    def revisits(self, start: date, end: date) -> dict[str, list[int]]:
        """By kind: visits, those that could be followed, those after which the patient came again."""
        happened = [visit for visit in self.visits.values() if visit["status"] not in DID_NOT_HAPPEN]
        last = max(visit["local_day"] for visit in happened)
        days: dict[int, set[date]] = defaultdict(set)
        for visit in happened:
            days[visit["patient_id"]].add(visit["local_day"])
        found = {kind: [0, 0, 0] for kind in ("medical", "dental") if self.kind in (None, kind)}
        for visit in happened:
            day = visit["local_day"]
            if visit["kind"] not in found or not (start <= day <= end and self.is_wanted(visit)):
                continue
            is_followed = day + timedelta(days=30) <= last
            again = any(timedelta() < other - day <= timedelta(days=30) for other in days[visit["patient_id"]])
            for at, counts in enumerate((True, is_followed, is_followed and again)):
                found[visit["kind"]][at] += counts
        return found

    def share_again(self, start: date, end: date) -> float | None:
        found = list(self.revisits(start, end).values())
        return percent(sum(counts[2] for counts in found), sum(counts[1] for counts in found))

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Expected rows by table, without their first cell where that is a name or words."""
        start, end = self.asked.start, self.asked.end
        given, held = self.given(start, end), self.held(start, end)
        found: dict[str, list[tuple[Any, ...]]] = {}
        if given:
            found["outcomes"] = [self.outcomes(group) for group in self.by_diagnosis()]
            found["treatments"] = self.top(given)
        if any(done["outcome"] in KNOWN for done in given):
            rates = [self.success(group) for group in self.by_diagnosis()]
            found["success"] = [row for row in rates if row[0]]
            if self.kind is None:
                kinds = [[done for done in given if done["kind"] == kind] for kind in ("medical", "dental")]
                found["success_by_care"] = [row for row in map(self.success, kinds) if row[0]]
        if held:
            found["diagnoses"] = self.top(held)
        states, overdue = self.follow_ups(start, end)
        if due := states.total():
            names = ["on time", "late", *(["open"] if states["open"] else []), "overdue"]
            found["follow_ups"] = [(states[name], percent(states[name], due)) for name in names]
        if overdue:
            bounds = ((1, 7), (8, 30), (31, 90), (91, 365), (366, 10**6))
            counts = [sum(low <= days <= high for days in overdue) for low, high in bounds]
            found["delays"] = [(count, percent(count, len(overdue))) for count in counts]
        again = self.revisits(start, end)
        if any(counts[1] for counts in again.values()):
            found["revisits"] = [(*counts, percent(counts[2], counts[1])) for counts in again.values()]
        window: dict[str, list[Row]] = {key: [] for key in months_back(self.asked, self.first_record)}
        for done in self.given(date.min, end):
            window.get(f"{done['performed_on']:%Y-%m}", []).append(done)
        if any(window.values()):
            found["months"] = [
                (month_told(key, end), len(those), *self.success(those)[:3]) for key, those in window.items()
            ]
        if self.is_compared():
            found |= self.compared()
        return found

    def counts(self, start: date, end: date) -> tuple[int, ...]:
        given = self.given(start, end)
        known, well, *_ = self.success(given)
        states, overdue = self.follow_ups(start, end)
        return (
            len(self.held(start, end)), len(given), known, well, states.total(), states["on time"], len(overdue),
        )  # fmt: skip

    def compared(self) -> dict[str, list[tuple[Any, ...]]]:
        now, before = (self.asked.start, self.asked.end), self.asked.earlier
        then_now = list(zip(self.counts(*before), self.counts(*now), strict=True))
        found: dict[str, list[tuple[Any, ...]]] = {}
        if any(map(any, then_now)):
            found["compared"] = [(then, came, came - then, percent_more(came, then)) for then, came in then_now]
            shares = [
                (self.success(self.given(*before))[2], self.success(self.given(*now))[2]),
                (self.share_again(*before), self.share_again(*now)),
            ]
            rates = [
                (then, came, None if then is None or came is None else round(came - then, 1))
                for then, came in shares
                if not (then is None and came is None)
            ]
            found |= {"rates_compared": rates} if rates else {}
        return found
