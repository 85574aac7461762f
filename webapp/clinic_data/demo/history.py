"""Three years of one demo clinic, lived day by day.

Each open day has so many visits as its season and weekday bring. Those who were asked back, or answered a campaign,
come first; some are new; the rest are people the clinic knows, the ones in greater need more often.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from webapp import clock
from webapp.clinic_data.demo import vitals, voices
from webapp.clinic_data.demo.medicine import (
    CHECK_UP,
    DENTAL,
    DENTAL_CHECK_UP,
    MEDICAL,
    VACCINATION,
    Condition,
    Procedure,
)
from webapp.clinic_data.demo.people import Someone, day_gone, households, members, recorded_birth
from webapp.clinic_data.demo.places import CampaignPlan, Place, Worker
from webapp.clinic_data.demo.rows import Row, Rows, days
from webapp.clinic_data.demo.year import Year, pick, poisson, seasons
from webapp.models import (
    Campaign,
    CampaignContact,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Provider,
    Treatment,
    Visit,
)
from webapp.models.code_systems import ICD_10, SNOMED_CT
from webapp.models.treatment import OUTCOMES

_KINDS = ("medical", "dental")
_PLANNED_DAYS = 28
_SHARE_BOOKED = 0.6
"""At most so much of a day goes to those who were asked back; the others come a day later."""


@dataclass(slots=True)
class Booking:
    """Somebody who means to come. `row` is the treatment or contact that is told of it, in its column `told`."""

    person: Someone
    kind: str
    condition: Condition
    row: Row
    told: str


class History:
    """One clinic's past. `live()` writes it into `rows`."""

    def __init__(self, place: Place, clinic_id: int, start: date, end: date, seed: int, rows: Rows) -> None:
        self.place = place
        self.clinic_id = clinic_id
        self.rows = rows
        self.rng = Random(f"{seed} {place.code}")  # noqa: S311 - invented data, not a secret
        self.year = Year(place, start, end, seed)
        self.known: list[Someone] = []
        self.need: dict[str, list[float]] = {"medical": [], "dental": []}
        self.bookings: dict[date, list[Booking]] = defaultdict(list)
        self.workers = [
            (worker, rows.add(Provider, clinic_id=clinic_id, name=worker.name)["id"]) for worker in place.workers
        ]
        self.seasons = seasons(place, start)
        self.homes = households(self.rng, place)
        self.waiting: list[Someone] = []
        """Members of the household that is registering just now."""

    def live(self) -> None:
        self._register_those_before()
        span = days(self.year.start, self.year.end)
        openings = [day for day in span if self.year.is_open(day)]
        rush = sum(self.year.busyness(day, "medical") for day in openings)
        plans = self._campaign_days()
        for day in span:
            for plan in plans.get(day, ()):
                self._run(plan, day)
            if not self.year.is_open(day):
                self.bookings[day + timedelta(days=1)] += self.bookings.pop(day, [])
                continue
            self.seasons = seasons(self.place, day)
            mean_new = self.place.patients_after * self.year.busyness(day, "medical") / rush
            newcomers = [self._newcomer(day) for _ in range(poisson(self.rng, mean_new))]
            for kind in _KINDS:
                self._day(day, kind, [person for person in newcomers if (person.id % 5 == 0) == (kind == "dental")])
        self._plan_ahead()

    # -- people ------------------------------------------------------------------------------------------------------

    def _register_those_before(self) -> None:
        """The patients that the clinic knew when the demo begins, more and more of them over the eight years before."""
        registered: list[tuple[date, Someone]] = []
        while len(registered) < self.place.patients_before:
            day = self.year.start - timedelta(days=1 + int(self.rng.triangular(0, 2900, 0)))
            day = min(self.year.next_open(day), self.year.start - timedelta(days=1))
            registered += [(day, person) for person in members(self.rng, self.place, next(self.homes), day)]
        for day, person in sorted(registered, key=lambda pair: pair[0]):
            self._register(person, day)

    def _newcomer(self, day: date) -> Someone:
        """The next of the household that is registering, or the first of another."""
        if not self.waiting:
            self.waiting = members(self.rng, self.place, next(self.homes), day)
        person = self.waiting.pop(0)
        person.born = min(person.born, day)
        self._register(person, day)
        return person

    def _register(self, person: Someone, day: date) -> None:
        born, precision = recorded_birth(self.rng, person, day)
        person.gone_on, died = day_gone(self.rng, person, day, self.year.start, self.year.end)
        row = self.rows.add(
            Patient,
            clinic_id=self.clinic_id,
            mrn=f"{self.place.code}-{len(self.known) + 1:05d}",
            family_name=person.family_name,
            given_name=person.given_name,
            sex=person.sex,
            birth_date=born,
            birth_precision=precision,
            deceased_on=person.gone_on if died and person.gone_on <= self.year.end else None,
            registered_on=day,
        )
        person.id = row["id"]
        self.known.append(person)
        for kind, often in (("medical", person.visits), ("dental", person.dental_visits)):
            self.need[kind].append(often + (self.need[kind][-1] if self.need[kind] else 0.0))

    def _somebody(self, day: date, kind: str) -> Someone:
        need = self.need[kind]
        while True:
            person = self.known[bisect_left(need, self.rng.random() * need[-1])]
            if person.gone_on > day:
                return person

    # -- days --------------------------------------------------------------------------------------------------------

    def _day(self, day: date, kind: str, newcomers: list[Someone]) -> None:
        places = poisson(self.rng, self.place.visits_a_day[kind] * self.year.busyness(day, kind))
        booked = [booking for booking in self.bookings[day] if booking.kind == kind]
        room = int(places * _SHARE_BOOKED) + 1
        self.bookings[day + timedelta(days=1)] += booked[room:]
        for booking in booked[:room]:
            if booking.person.gone_on > day:
                self._visit(day, kind, booking.person, booking.condition, booking=booking)
        for person in newcomers:
            self._visit(day, kind, person, self._complaint(person, day, kind), first=True)
        for _ in range(places - len(booked[:room]) - len(newcomers)):
            person = self._somebody(day, kind)
            self._visit(day, kind, person, self._complaint(person, day, kind))

    def _complaint(self, person: Someone, day: date, kind: str) -> Condition:
        if kind == "medical" and person.conditions and self.rng.random() < 0.5:
            return self.rng.choice(person.conditions)
        age = person.age(day)
        common, routine = (MEDICAL, CHECK_UP) if kind == "medical" else (DENTAL, DENTAL_CHECK_UP)
        options = [c for c in common if c.ages[0] <= age <= c.ages[1] and c.sex in ("", person.sex)] + [routine]
        # A place that lacks the season does not see the condition.
        weights = accumulate(option.weight * self.seasons.get(option.season, 0.0) for option in options)
        return self.rng.choices(options, cum_weights=list(weights))[0]

    def _visit(
        self,
        day: date,
        kind: str,
        person: Someone,
        condition: Condition,
        *,
        booking: Booking | None = None,
        first: bool = False,
    ) -> None:
        """One visit, and all that comes of it."""
        started = self.year.start_of_visit(self.rng, day, kind)
        # A past visit that is still "planned" is a patient who did not come and whose visit nobody closed.
        status = "finished" if first else pick(
            self.rng, ("finished", "cancelled", "planned", "entered-in-error", "unknown"), (90.2, 6.6, 2.4, 0.4, 0.4)
        )  # fmt: skip
        worker, provider_id = self._worker(day, kind)
        visit = self._write_visit(person, kind, status, started, provider_id)
        if status != "finished":
            return
        if booking:
            booking.row[booking.told] = day if booking.told.endswith("_on") else started
        self._findings(day, kind, person, condition, visit)
        if kind == "medical":
            self._readings(day, person, condition, visit)
        if self.rng.random() < 0.095:
            self._feedback(day, person, worker, visit)

    def _worker(self, day: date, kind: str) -> tuple[Worker, int]:
        share = (day - self.year.start).days / max(1, (self.year.end - self.year.start).days)
        on_duty = [
            pair
            for pair in self.workers
            if pair[0].kind == kind
            and str(day.isoweekday()) in pair[0].weekdays
            and pair[0].joined <= share <= pair[0].left
        ] or [pair for pair in self.workers if pair[0].kind == kind and pair[0].joined == 0 and pair[0].left == 1]
        return self.rng.choices(on_duty, [worker.weight for worker, _ in on_duty])[0]

    def _write_visit(self, person: Someone, kind: str, status: str, started: datetime, provider_id: int) -> Row:
        local = clock.local(started, self.place.timezone)
        typical = 32 if kind == "dental" else 15
        minutes = max(5, min(110, round(self.rng.lognormvariate(0, 0.4) * typical)))
        return self.rows.add(
            Visit,
            clinic_id=self.clinic_id,
            patient_id=person.id,
            provider_id=provider_id,
            kind=kind,
            status=status,
            started_at=started,
            ended_at=started + timedelta(minutes=minutes) if status == "finished" else None,
            local_day=local.day,
            local_month=local.month,
            local_weekday=local.weekday,
            local_hour=local.hour,
        )

    def _findings(self, day: date, kind: str, person: Someone, condition: Condition, visit: Row) -> None:
        code = condition.icd_10 if self.place.code_system == ICD_10 else condition.snomed
        diagnosis = self.rows.add(
            Diagnosis,
            clinic_id=self.clinic_id,
            patient_id=person.id,
            visit_id=visit["id"],
            code_system=self.place.code_system if code else None,
            code=code,
            name=condition.name,
            recorded_on=day,
            clinical_status="active" if condition.chronic or (self.year.end - day).days < 14 else "resolved",
            verification_status="provisional" if self.rng.random() < 0.06 else "confirmed",
        )
        if self.rng.random() < condition.treated:
            self._treat(day, kind, person, condition, diagnosis, self.rng.choice(condition.procedures))

    def _treat(
        self, day: date, kind: str, person: Someone, condition: Condition, diagnosis: Row, procedure: Procedure
    ) -> None:
        rng, due = self.rng, None
        if rng.random() < procedure.asked_back:
            due = self.year.next_open(day + timedelta(days=round(procedure.follow_up * rng.uniform(0.9, 1.1)) or 1))
        recent = (self.year.end - day).days < 10
        treatment = self.rows.add(
            Treatment,
            clinic_id=self.clinic_id,
            patient_id=person.id,
            visit_id=diagnosis["visit_id"],
            diagnosis_id=diagnosis["id"],
            kind=kind,
            code_system=SNOMED_CT if procedure.snomed else None,
            code=procedure.snomed,
            name=procedure.name,
            performed_on=day,
            outcome="unknown" if recent and rng.random() < 0.5 else rng.choices(OUTCOMES, procedure.outcomes)[0],
            follow_up_due_on=due,
            follow_up_done_on=None,
        )
        if due and rng.random() < 0.8:
            late = pick(rng, (0, -3, 2, 9, 25), (55.0, 12.0, 16.0, 11.0, 6.0))
            on = self.year.next_open(max(day + timedelta(days=1), due + timedelta(days=late)))
            self.bookings[on].append(Booking(person, kind, condition, treatment, "follow_up_done_on"))

    def _readings(self, day: date, person: Someone, condition: Condition, visit: Row) -> None:
        at = visit["started_at"] + timedelta(minutes=3)
        for vital, value in vitals.taken(self.rng, person, day, condition):
            self.rows.add(
                Measurement,
                clinic_id=self.clinic_id,
                patient_id=person.id,
                visit_id=visit["id"],
                component={"8480-6": 1, "8462-4": 2}.get(vital.loinc, 0),
                loinc=vital.loinc,
                name=vital.name,
                value=float(value),
                unit=vital.unit,
                measured_at=at,
                local_day=day,
            )

    def _feedback(self, day: date, person: Someone, worker: Worker, visit: Row) -> None:
        waited = visit["local_weekday"] == 1 and visit["local_hour"] in (9, 10, 11)
        submitted = voices.submitted(self.rng, self.year, day, visit["ended_at"])
        on = clock.local(submitted, self.place.timezone).day
        if on > self.year.end:
            return
        progress = (day - self.year.start).days / max(1, (self.year.end - self.year.start).days)
        stars = voices.rating(self.rng, worker, progress, waited)
        category, comment = voices.remark(self.rng, stars, waited)
        self.rows.add(
            Feedback,
            clinic_id=self.clinic_id,
            patient_id=person.id,
            visit_id=visit["id"],
            category=category,
            rating=stars,
            comment=comment,
            submitted_at=submitted,
            local_day=on,
            responded_at=voices.answered(self.rng, self.year, on, stars),
        )

    # -- campaigns ---------------------------------------------------------------------------------------------------

    def _campaign_days(self) -> dict[date, list[CampaignPlan]]:
        starts: dict[date, list[CampaignPlan]] = defaultdict(list)
        for plan in self.place.campaigns:
            for number in range(self.year.start.year, self.year.end.year + 1):
                starts[self.year.next_open(date(number, plan.month, plan.day))].append(plan)
        return starts

    def _run(self, plan: CampaignPlan, start: date) -> None:
        last = start + timedelta(weeks=plan.weeks)
        campaign = self.rows.add(
            Campaign,
            clinic_id=self.clinic_id,
            name=f"{plan.name} {start.year}",
            topic=plan.topic,
            started_on=start,
            ended_on=last if last <= self.year.end else None,
        )
        for person in self.known:
            meant = plan.ages[0] <= person.age(start) <= plan.ages[1] and person.gone_on > start
            if meant and self.rng.random() < plan.reach:
                self._contact(plan, campaign, person, start, last)

    def _contact(self, plan: CampaignPlan, campaign: Row, person: Someone, start: date, last: date) -> None:
        rng, year = self.rng, self.year
        on = year.next_open(start + timedelta(days=int(rng.random() * plan.weeks * 7 * 0.5)))
        if on > year.end or on >= person.gone_on:
            return
        contact = self.rows.add(
            CampaignContact,
            campaign_id=campaign["id"],
            patient_id=person.id,
            contacted_at=year.moment(on, rng.randint(9, 16), rng.randrange(60)),
            local_day=on,
            opened_at=None,
            responded_at=None,
            attended_at=None,
        )
        opened_on = on + timedelta(days=1 + int(rng.expovariate(0.8)))
        if rng.random() > plan.opened or opened_on > year.end:
            return
        contact["opened_at"] = year.moment(opened_on, rng.randint(7, 21), rng.randrange(60))
        responded_on = opened_on + timedelta(days=1 + int(rng.expovariate(0.5)))
        if rng.random() > plan.responded / plan.opened or responded_on > year.end:
            return
        contact["responded_at"] = year.moment(responded_on, rng.randint(8, 20), rng.randrange(60))
        if rng.random() < 0.7:
            condition = (
                VACCINATION if plan.topic == "Vaccination" else CHECK_UP if plan.kind == "medical" else DENTAL_CHECK_UP
            )
            visit_on = year.next_open(min(last, responded_on + timedelta(days=rng.randint(1, 20))))
            self.bookings[max(visit_on, year.next_open(responded_on + timedelta(days=1)))].append(
                Booking(person, plan.kind, condition, contact, "attended_at")
            )

    # -- what is to come ---------------------------------------------------------------------------------------------

    def _plan_ahead(self) -> None:
        """The appointments that stand in the book on the last day: all booked ones, and some others."""
        for day in days(self.year.end + timedelta(days=1), self.year.end + timedelta(days=_PLANNED_DAYS)):
            if not self.year.is_open(day):
                self.bookings[day + timedelta(days=1)] += self.bookings.pop(day, [])
                continue
            for kind in _KINDS:
                ahead = 0.4 * 0.86 ** (day - self.year.end).days
                extra = poisson(self.rng, self.place.visits_a_day[kind] * self.year.busyness(day, kind) * ahead)
                booked = [booking.person for booking in self.bookings[day] if booking.kind == kind]
                people = [person for person in booked if person.gone_on > day]
                people += [self._somebody(day, kind) for _ in range(extra)]
                for person in people:
                    started = self.year.start_of_visit(self.rng, day, kind)
                    self._write_visit(person, kind, "planned", started, self._worker(day, kind)[1])
