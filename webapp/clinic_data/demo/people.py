"""The households around a demo clinic: who lives together, how old they are, what they are called, how they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from webapp.clinic_data.demo.medicine import CHRONIC, Condition
from webapp.clinic_data.demo.places import Place
from webapp.clinic_data.demo.year import pick


@dataclass(slots=True)
class Someone:
    """A patient to be. `visits` and `dental_visits` say how much more often than others they come, `build` and
    `pressure` how far from the usual weight (a factor) and systolic pressure (mm[Hg]) they are."""

    sex: str
    born: date
    family_name: str
    given_name: str
    visits: float
    dental_visits: float
    build: float
    stature: float
    pressure: float
    conditions: list[Condition] = field(default_factory=list)
    id: int = 0
    gone_on: date = date.max
    """The day they died or moved away: no visits from then on."""

    def age(self, day: date) -> int:
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


def households(rng: Random, place: Place) -> Iterator[list[tuple[str, int]]]:
    """For ever, the (sex, age) of the people of one household after the other."""
    kinds, weights = tuple(place.households), tuple(place.households.values())
    while True:
        yield _household(rng, pick(rng, kinds, weights))


def _household(rng: Random, kind: str) -> list[tuple[str, int]]:
    woman = int(rng.triangular(20, 54, 30))
    man = woman + rng.randint(-3, 6)
    if kind == "single":
        return [(_sex(rng), int(rng.triangular(17, 80, 21)))]
    if kind == "couple":
        older = int(rng.triangular(22, 72, 58))
        return [("female", older), ("male", max(20, older + rng.randint(-3, 6)))]
    if kind == "elders":
        old = int(rng.triangular(60, 93, 67))
        alone = rng.random() < 0.25 + max(0, old - 65) / 60
        return [("female", old)] if alone else [("female", old), ("male", old + rng.randint(-2, 5))]
    children = [
        (_sex(rng), age) for _ in range(pick(rng, (1, 2, 3, 4), (30, 38, 20, 12))) if (age := _child(rng, woman)) >= 0
    ]
    parents = [("female", woman)] + ([("male", max(20, man))] if rng.random() < 0.8 else [])
    if kind == "three generations":
        parents.append(("female", woman + rng.randint(22, 34)))
        if rng.random() < 0.4:
            parents.append(("male", woman + rng.randint(24, 38)))
    return parents + children


def _child(rng: Random, mother: int) -> int:
    """The age of a child of somebody of that age; under 0 where there is none yet."""
    if mother < 43 and rng.random() < 0.35:
        # A baby is what brings many families to a clinic for the first time.
        return rng.randint(0, 1)
    age = mother - int(rng.triangular(18, 42, 27))
    return age if age < 23 else -1


def _sex(rng: Random) -> str:
    return "female" if rng.random() < 0.52 else "male"


def members(rng: Random, place: Place, household: list[tuple[str, int]], day: date) -> list[Someone]:
    """The people of a household, as they are on the day they register."""
    elsewhere = rng.random() < 0.02
    family_name = rng.choice(place.family_names)
    people = []
    for sex, age in household:
        given_name = rng.choice(place.female_names if sex == "female" else place.male_names)
        if elsewhere:
            family_name, given_name, sex = rng.choice(place.elsewhere)
        people.append(_someone(rng, place, sex, age, day, family_name, given_name))
    return people


def _someone(rng: Random, place: Place, sex: str, age: int, day: date, family_name: str, given_name: str) -> Someone:
    born = day - timedelta(days=int((age + rng.random()) * 365.25))
    recorded_sex = pick(rng, (sex, "other", "unknown"), (0.988, 0.004, 0.008))
    often = rng.gammavariate(1.3, 1 / 1.3) + 0.08
    return Someone(
        sex=recorded_sex,
        born=born,
        family_name=family_name,
        given_name=given_name,
        visits=often * _need(age, sex),
        dental_visits=(rng.gammavariate(1.3, 1 / 1.3) + 0.15) * _dental_need(age),
        build=rng.lognormvariate(0.0, 0.15),
        stature=place.stature * rng.gauss(1.0, 0.037),
        pressure=rng.gauss(0, 8),
        conditions=[condition for condition in CHRONIC if _lives_with(rng, condition, age, place)],
    )


def _lives_with(rng: Random, condition: Condition, age: int, place: Place) -> bool:
    low, high = condition.ages
    known = not condition.season or condition.season in place.seasons
    # It grows more common over the twenty years after the age at which it begins.
    return known and low <= age <= high and rng.random() * 100 < condition.weight * min(1.6, 0.4 + (age - low) / 20)


def _need(age: int, sex: str) -> float:
    if age < 5:
        return 1.7 if age < 2 else 1.25
    if age < 18:
        return 0.6
    if age < 40:
        return 1.05 if sex == "female" else 0.6
    return 1.05 if age < 65 else 1.6


def _dental_need(age: int) -> float:
    if age < 3:
        return 0.05
    if age < 18:
        return 1.3
    return 1.0 if age < 75 else 0.55


def day_gone(rng: Random, person: Someone, registered: date, start: date, end: date) -> tuple[date, bool]:
    """The day from which they come no more, and whether they died; date.max for those who stay.

    Of those who were known before `start` a third drift away, of the others one in seven.
    """
    chance, age = rng.random(), person.age(end)
    if chance > (0.34 if registered < start else 0.14):
        return date.max, False
    last = registered + timedelta(days=30)
    died = chance < (0.13 if age > 75 else 0.03 if age > 60 else 0.002)
    return last + timedelta(days=rng.randrange(max(1, (end - last).days))), died


def recorded_birth(rng: Random, person: Someone, registered: date) -> tuple[date | None, str]:
    """The birth date and its precision as the record has them: some older people know the year only, and a few
    records have no date at all."""
    chance = rng.random()
    if chance < 0.003:
        return None, "day"
    if person.age(registered) > 60 and chance < 0.05:
        return person.born.replace(month=1, day=1), "year"
    return (person.born.replace(day=1), "month") if chance < 0.012 else (person.born, "day")
